#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The assembly entries and the walker in real programs: natively, and under qemu-user for each CPU
# with a cross compiler, over compiler flags that change the form of frames.

set -u
src=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ran=0
failed=0

common="base/bytes base/fmt base/fstat base/sys unwind/cache unwind/cfi unwind/cfi_program
	unwind/cursor unwind/gcc unwind/module unwind/native_cfi unwind/packed unwind/step unwind/trail unwind/unwind unwind/walk"

# run NAME COMMAND...: which must succeed
run() {
	name=$1
	shift
	ran=$((ran + 1))
	if ! timeout 120 "$@" >"$tmp/out" 2>&1; then
		echo "FAIL $name"
		cat "$tmp/out"
		failed=1
	fi
}

# cpu FOLDER COMPILER EMULATOR [LINKER FLAGS...]: compile the walker
cpu() {
	arch=$1 cc=$2 emulator=$3
	shift 3
	link=$*
	includes="-D_GNU_SOURCE= -I$src/src -I$src/src/unwind/$arch"
	[ "$arch" = generic ] && includes="$includes -I$src/src/base/arch/x86_64"
	includes="$includes -I$src/src/base/arch/$arch"
	dir=$tmp/$arch-$cc
	mkdir -p "$dir"
	sources="$common unwind/$arch/native $(cd "$src/src" && ls unwind/$arch/*.c | sed '/native/d; s/\.c$//')"
	for s in $sources; do
		$cc -std=gnu11 -O2 -fPIC $includes -c "$src/src/$s.c" \
			-o "$dir/$(echo "$s" | tr / _).o" || exit 1
	done
	$cc -std=gnu11 -O2 -fPIC $includes -c "$src/tests/unwind/live_entry.c" -o "$dir/entry.o" ||
		exit 1
}

# live MODE FLAGS...: frames built with the flags
live() {
	mode=$1
	shift
	if ! $cc -std=gnu11 $includes "$@" "$src/tests/unwind/live.c" "$dir"/*.o -o "$dir/live" \
		-lpthread $link 2>"$tmp/out"; then
		echo "FAIL cannot build $arch $cc $*"
		cat "$tmp/out"
		failed=1
		return
	fi
	run "$arch $cc live mode $mode $*" $emulator "$dir/live" "$mode"
}

# entry FLAGS...: the assembly entry alone, in a library linked as the shim is
entry() {
	$cc -std=gnu11 -ffreestanding $includes "$@" -O2 -fPIC -shared -nostdlib -fvisibility=hidden \
		-Wl,-z,text -Wl,-z,defs "$src/tests/unwind/entry_lib.c" "$src/src/preload/gcc_calls.c" \
		"$src/src/base/bytes.c" -fno-tree-loop-distribute-patterns -o "$dir/libentry.so" &&
		$cc -std=gnu11 $includes "$@" -O1 -fno-omit-frame-pointer \
			"$src/tests/unwind/entry_main.c" "$dir/libentry.so" \
			-Wl,-rpath,"$dir" -o "$dir/entry" $link || exit 1
	run "$arch $cc entry $*" $emulator "$dir/entry"
}

# can PROGRAM...: all are installed; in CI they must be.
can() {
	for program; do
		command -v "$program" >/dev/null 2>&1 && continue
		echo "left out: $program is not installed"
		[ "${CI-}" = true ] && failed=1
		return 1
	done
}

case $(${CC:-cc} -dumpmachine) in
x86_64-*)
	cpu x86_64 "${CC:-cc}" ""
	entry
	for f in -O0 -O1 -O2 "-O2 -fno-omit-frame-pointer" -Os -O3; do
		live 0 $f -DHANDLERS
	done
	cpu generic "${CC:-cc}" ""
	entry -DENTRY_GENERIC
	;;
esac

if can aarch64-linux-gnu-gcc qemu-aarch64-static; then
	cpu aarch64 aarch64-linux-gnu-gcc "qemu-aarch64-static -L /usr/aarch64-linux-gnu"
	entry
	for f in -O0 -O2 "-O2 -fomit-frame-pointer" "-Os -mbranch-protection=standard"; do
		live 0 $f
	done
	live 3 -O0
fi

# The kernel of a PC runs these (and qemu-i386 of Debian 12 hangs when a thread is made).
if can i686-linux-gnu-gcc; then
	lib=/usr/i686-linux-gnu/lib
	cpu i386 i686-linux-gnu-gcc "" -Wl,--dynamic-linker=$lib/ld-linux.so.2 -Wl,-rpath,$lib
	entry -maccumulate-outgoing-args
	for f in -O0 -O2 "-O2 -fno-omit-frame-pointer" "-Os -fno-pie -no-pie"; do
		live 0 $f -DHANDLERS
	done
fi

if can riscv64-linux-gnu-gcc qemu-riscv64-static; then
	cpu riscv riscv64-linux-gnu-gcc "qemu-riscv64-static -L /usr/riscv64-linux-gnu"
	entry
	for f in -O0 -O1 -O2 -Os "-O2 -fno-omit-frame-pointer" "-O2 -funwind-tables" \
		"-O3 -march=rv64g -fno-pie -no-pie"; do
		live 0 $f
	done
fi

if can arm-linux-gnueabihf-gcc qemu-arm-static; then
	cpu arm arm-linux-gnueabihf-gcc "qemu-arm-static -L /usr/arm-linux-gnueabihf"
	entry
	entry -marm
	for f in -O0 -O1 -O2 -Os "-O0 -marm" "-O2 -marm -fno-pie -no-pie" "-O2 -funwind-tables"; do
		live 0 $f -DHANDLERS
	done
fi

for e in mipsel mips; do
	can $e-linux-gnu-gcc qemu-$e-static || continue
	cpu mips $e-linux-gnu-gcc "qemu-$e-static -L /usr/$e-linux-gnu"
	entry
	entry -mips16 -mhard-float
	for f in -O0 -O1 -O2 -Os "-O2 -fno-omit-frame-pointer" "-O2 -fstack-protector-all" \
		"-O2 -fno-pie -no-pie -mplt"; do
		live 0 $f
	done
	live 2 -O0
	live 2 -O2
	for f in -O0 -O2 -Os "-Os -fno-pie -no-pie -mplt"; do
		live 0 -mips16 -mhard-float $f
	done
done

# other ABIs, and Release 6
while read -r cc qemu options; do
	can $cc-gcc qemu-$qemu-static || continue
	cpu mips $cc-gcc "qemu-$qemu-static $options -L /usr/$cc"
	for f in -O0 -O2 "-Os -fno-pie -no-pie"; do
		live 0 $f
	done
done <<END
mips64-linux-gnuabi64 mips64
mips64el-linux-gnuabi64 mips64el
mipsisa32r6el-linux-gnu mipsel -cpu mips32r6-generic
mipsisa64r6el-linux-gnuabi64 mips64el -cpu I6400
END

[ $ran -gt 0 ] || exit 77
echo "$ran programs"
exit $failed
