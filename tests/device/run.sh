#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make check-device: the scenarios of tests/e2e on a real MIPS kernel in a virtual machine. Each runs
# as in make check, with its victims and dumpalloc record on the machine (tests/e2e/device.py).
# Usage: run.sh TEST...    TEST: tests/e2e/NAME.py, one that runs its victims through targets()
# The machine is the folder that make-rig.sh filled: $DUMPALLOC_RIG, else ../shared/rig beside the
# sources.

set -u
srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
builddir=${top_builddir:-$(pwd)}
: "${DUMPALLOC_RIG:=$srcdir/../shared/rig}"
host=mipsel-linux-gnu

no() {
	echo "check-device cannot run: $*"
	exit 1
}

[ -e "$DUMPALLOC_RIG/run-rig.sh" ] ||
	no "there is no run-rig.sh in $DUMPALLOC_RIG; set DUMPALLOC_RIG to its folder"
for f in vmlinux root.ext4 base.cpio.gz; do
	[ -e "$DUMPALLOC_RIG/$f" ] || no "the system in $DUMPALLOC_RIG is not built ($f is missing);" \
		"run make-rig.sh, and set DUMPALLOC_RIG to the folder it filled"
done
for p in qemu-system-mipsel cpio python3 $host-gcc; do
	command -v $p >/dev/null 2>&1 || no "$p is not installed"
done
sh "$srcdir/tests/cross/build.sh" "$srcdir" "$builddir/cross" $host || exit 1

DUMPALLOC_TARGETS=device
export DUMPALLOC_RIG DUMPALLOC_TARGETS
mkdir -p "$builddir/tests/device" || exit 1

# Two at a time: a machine waits as much as it works.
export srcdir builddir
printf '%s\n' "$@" | xargs -P 2 -n 1 sh -c '
	log=$builddir/tests/device/$(basename "$1" .py).log
	if python3 "$srcdir/$1" >"$log" 2>&1; then
		echo "PASS: $1 on the device"
	else
		echo "FAIL: $1 on the device; see $log"
		grep -v "^ok: " "$log" | tail -n 20
	fi' one | tee "$builddir/tests/device/result"
passed=$(grep -c '^PASS: ' "$builddir/tests/device/result")
echo "$passed of $# passed on the device"
[ "$#" -gt 0 ] && [ "$passed" -eq "$#" ]
