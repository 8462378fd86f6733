# SPDX-License-Identifier: GPL-3.0-or-later
# Read by the end-to-end tests (". "$top_srcdir/tests/harness.sh""). POSIX sh.
#
# make check sets: top_srcdir, top_builddir (absolute), DUMPALLOC (the tool just built), CC, CI.
# Gives: $work (an empty folder, removed after success), and the functions below.

set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${top_builddir:=$(pwd)}"
: "${DUMPALLOC:=$top_builddir/dumpalloc}"
: "${CC:=cc}"
top_srcdir=$(cd "$top_srcdir" && pwd)
test_name=$(basename "$0" .sh)
work=$top_builddir/tests/work/$test_name.$$
rm -rf "$work"
mkdir -p "$work" || exit 99
checks=0
failures=0

# fail MESSAGE: count a failed check and go on.
fail() {
	failures=$((failures + 1))
	echo "FAIL: $test_name: $*"
}

# pass MESSAGE: count a check that held.
pass() {
	checks=$((checks + 1))
	echo "ok: $*"
}

# die MESSAGE: fail and stop.
die() {
	fail "$@"
	finish
}

# skip REASON: the test cannot run here. With CI=true everything is there, so it is a failure.
skip() {
	echo "SKIP: $test_name: $*"
	rm -rf "$work"
	[ "${CI-}" != true ] || exit 1
	exit 77
}

# need PROGRAM...: skip unless each is installed.
need() {
	for need_program; do
		command -v "$need_program" >/dev/null 2>&1 || skip "$need_program is not installed"
	done
}

# is WHAT GOT WANTED: a check that two strings are equal.
is() {
	if [ "$2" = "$3" ]; then
		pass "$1: $2"
	else
		fail "$1: got '$2', wanted '$3'"
	fi
}

# finish: the last line of each test. A failed test leaves $work to look at.
finish() {
	echo "$checks checks passed, $failures failed"
	if [ "$failures" -ne 0 ] || [ "$checks" -eq 0 ]; then
		echo "left: $work"
		exit 1
	fi
	rm -rf "$work"
	exit 0
}

# use_target NAME: choose where victims run: native, musl, mipsel, mips or aarch64. Sets
#   target, target_cc, target_cxx, target_shim, target_tool
#   target_root   the folder with the target's libraries, for report --rootfs
# and skips when the compiler or the emulator is missing.
use_target() {
	target=$1
	target_shim=$top_builddir/libdumpalloc.so
	target_tool=$DUMPALLOC
	target_root=/
	target_qemu=
	case $target in
	native)
		target_cc=$CC
		target_cxx=c++ ;;
	musl)
		need musl-gcc
		# As musl toolchains do; Debian's wrapper of gcc leaves the index of .eh_frame out.
		target_cc="musl-gcc -Wl,--eh-frame-hdr"
		target_cxx=false ;;
	mipsel|mips|aarch64)
		need "$target-linux-gnu-gcc" "qemu-$target-static"
		target_cc=$target-linux-gnu-gcc
		target_cxx=$target-linux-gnu-g++
		target_root=/usr/$target-linux-gnu
		target_qemu="qemu-$target-static -L $target_root"
		target_shim=$top_builddir/cross/$target-linux-gnu/libdumpalloc.so
		target_tool=$top_builddir/cross/$target-linux-gnu/dumpalloc
		[ -e "$target_shim" ] || skip "no device build for $target (see tests/cross/build.sh)" ;;
	*)
		die "no such target: $target" ;;
	esac
}

# build_victim SOURCE [FLAG...]: compile tests/e2e/victims/SOURCE for the target; its path in $victim.
build_victim() {
	victim_source=$1
	shift
	victim=$work/$(basename "${victim_source%.*}")
	case $victim_source in
	/*) ;;
	*) victim_source=$top_srcdir/tests/e2e/victims/$victim_source ;;
	esac
	case $victim_source in
	*.cc) victim_compiler=$target_cxx ;;
	*) victim_compiler=$target_cc ;;
	esac
	$victim_compiler -g -O1 -o "$victim" "$victim_source" "$@" ||
		die "cannot compile $victim_source"
}

# run_direct FILE COMMAND...: run the target's program with the shim in direct mode, into FILE.
# Variables of $direct_env (NAME=VALUE, no spaces within) are set too.
run_direct() {
	direct_file=$1
	shift
	if [ -n "$target_qemu" ]; then
		direct_flags=
		for direct_v in ${direct_env-}; do direct_flags="$direct_flags -E $direct_v"; done
		$target_qemu -E LD_PRELOAD="$target_shim" -E DUMPALLOC_FILE="$direct_file" \
			$direct_flags "$@"
	else
		env LD_PRELOAD="$target_shim" DUMPALLOC_FILE="$direct_file" ${direct_env-} "$@"
	fi
}

# run_plain COMMAND...: run the target's program without the shim.
run_plain() {
	$target_qemu "$@"
}
