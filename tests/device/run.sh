#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make check-device: the end-to-end tests on a real MIPS kernel in a virtual machine.
# The machine is the folder that make-rig.sh filled: $DUMPALLOC_RIG, else ../shared/rig beside the
# sources. Each tests/device/NAME.rig is a shell script run in the guest, in a folder with the mipsel
# "dumpalloc", "libdumpalloc.so" and the victims tests/device/victims/*.c and tests/e2e/victims/*.c;
# its exit status is the verdict. If tests/device/NAME.post exists, it judges the guest's output here:
# it is run with the log as its argument.

set -u
srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
builddir=${top_builddir:-$(pwd)}
rig=${DUMPALLOC_RIG:-$srcdir/../shared/rig}
host=mipsel-linux-gnu

no() {
	echo "check-device cannot run: $*"
	exit 1
}

[ -e "$rig/run-rig.sh" ] || no "there is no run-rig.sh in $rig; set DUMPALLOC_RIG to its folder"
for f in vmlinux root.ext4 base.cpio.gz; do
	[ -e "$rig/$f" ] || no "the system in $rig is not built ($f is missing); run $rig/make-rig.sh"
done
for p in qemu-system-mipsel cpio $host-gcc; do
	command -v $p >/dev/null 2>&1 || no "$p is not installed"
done

sh "$srcdir/tests/cross/build.sh" "$srcdir" "$builddir/cross" $host || exit 1
share=$builddir/tests/work/device.$$
mkdir -p "$share" || exit 1
trap 'rm -rf "$share"' EXIT
cp "$builddir/cross/$host/dumpalloc" "$builddir/cross/$host/libdumpalloc.so" "$share" || exit 1
for c in "$srcdir"/tests/device/victims/*.c "$srcdir"/tests/e2e/victims/*.c; do
	[ -e "$c" ] || continue
	$host-gcc -g -O1 -o "$share/$(basename "$c" .c)" "$c" -pthread -ldl 2>"$share/cc.out" ||
		echo "left out: $(basename "$c") does not compile for $host"
done

passed=0
failed=0
for script in "$srcdir"/tests/device/*.rig; do
	[ -e "$script" ] || continue
	name=$(basename "$script" .rig)
	log=$builddir/tests/work/device-$name.log
	cp "$script" "$share/run-me.sh"
	"$rig/run-rig.sh" -t 300 "$share" >"$log" 2>&1
	status=$?
	if [ $status -eq 0 ] && [ -e "${script%.rig}.post" ]; then
		sh "${script%.rig}.post" "$log"
		status=$?
	fi
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		echo "PASS: device/$name"
	else
		failed=$((failed + 1))
		echo "FAIL: device/$name (status $status)"
		cat "$log"
	fi
done
echo "$passed passed, $failed failed on the device"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
