#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Usage: build.sh SRCDIR OUTDIR [HOST...]
# The device build (--disable-report) for each HOST in OUTDIR/HOST. Configures once, then makes:
# cheap to run again. A host without a cross compiler is left out with a word; its tests skip.

set -u
srcdir=$(cd "$1" && pwd) || exit 1
out=$2
shift 2
[ $# -gt 0 ] || set -- mipsel-linux-gnu mips-linux-gnu aarch64-linux-gnu i686-linux-gnu \
	arm-linux-gnueabihf mips64el-linux-gnuabi64 riscv64-linux-gnu

# Under qemu-user nothing can be recorded but by the shim alone: the tool is built where other tests
# look at it.
build() {
	case $1 in
	arm-* | mips64el-* | riscv64-*) goal=libdumpalloc.so ;;
	*) goal=all ;;
	esac
	mkdir -p "$out/$1" || return 1
	cd "$out/$1" || return 1
	# The maker's variables are for the build machine.
	unset CC CFLAGS CPPFLAGS LDFLAGS LIBS MAKEFLAGS MFLAGS MAKELEVEL
	[ -e Makefile ] || "$srcdir/configure" --quiet --host="$1" --disable-report \
		>configure.out 2>&1 || return 1
	make -j2 $goal >make.out 2>&1
}

status=0
for host; do
	if ! command -v "$host-gcc" >/dev/null 2>&1; then
		echo "no device build for $host: $host-gcc is not installed"
		continue
	fi
	if ! (build "$host"); then
		echo "device build for $host failed:"
		cat "$out/$host/make.out" 2>/dev/null || cat "$out/$host/configure.out"
		status=1
	fi
done
exit $status
