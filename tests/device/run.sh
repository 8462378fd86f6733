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
passed=0
failed=0
mkdir -p "$builddir/tests/device" || exit 1
for test; do
	log=$builddir/tests/device/$(basename "$test" .py).log
	if python3 "$srcdir/$test" >"$log" 2>&1; then
		passed=$((passed + 1))
		echo "PASS: $test on the device"
	else
		failed=$((failed + 1))
		echo "FAIL: $test on the device; see $log"
		grep -v '^ok: ' "$log" | tail -n 20
	fi
done
echo "$passed passed, $failed failed on the device"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
