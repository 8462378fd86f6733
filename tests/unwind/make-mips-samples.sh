#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Compile mips_forms.c for each MIPS ABI, instruction set and compiler; print mips_samples.h: the
# bytes and their disassembly. Needs Debian 12's gcc for mipsel, mips, mips64-abi64, mipsisa32r6el
# and mipsisa64r6el, and clang.
# Usage: make-mips-samples.sh > mips_samples.h
set -eu
cd "$(dirname "$0")"
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT

bytes() { # name of the array, section
	$prefix-objcopy -O binary -j "$2" "$t/so" "$t/bin"
	printf 'static const uint8_t %s[] = {\n' "$1"
	od -An -v -tx1 "$t/bin" | sed 's/ \(..\)/0x\1, /g; s/ $//; s/^/\t/'
	printf '};\n'
}

sample() { # name, tool prefix, compiler and flags
	name=$1 prefix=$2
	shift 2
	"$@" -ffreestanding -fno-stack-protector -fasynchronous-unwind-tables -c -o "$t/o" mips_forms.c
	# what is called lies elsewhere
	$prefix-ld $emulation --eh-frame-hdr -e 0 --defsym=callee=0x600000 --defsym=done=0x600100 \
		--defsym=other=0x600200 --defsym=global=0x700000 -o "$t/so" "$t/o"
	printf '\n/*\n * %s: %s\n' "$name" "$*"
	$prefix-objdump -d -j .text --no-show-raw-insn "$t/so" |
		sed -n '/^[0-9a-f]* </,$p' | sed 's/\t/  /g; s/ *$//; s/^/ * /; s/ *$//'
	printf ' */\n'
	for s in text eh_frame_hdr eh_frame; do
		at=$($prefix-objdump -h "$t/so" | awk -v s=".$s" '$2 == s { print $4 }')
		[ -n "$at" ] || at=0
		printf '#define %s_%s_at 0x%s\n' "$name" "$s" "$at"
		bytes "${name}_$s" ".$s"
	done
}

cat <<'END'
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written by make-mips-samples.sh; do not edit. */
#ifndef DA_TESTS_UNWIND_MIPS_SAMPLES_H
#define DA_TESTS_UNWIND_MIPS_SAMPLES_H

#include <stdint.h>
END
emulation=
sample o32_le mipsel-linux-gnu mipsel-linux-gnu-gcc -O2 -fPIC
sample o32_be mips-linux-gnu mips-linux-gnu-gcc -Os -fno-pic -mno-shared
sample o32_o0 mips-linux-gnu mips-linux-gnu-gcc -O0 -fPIC
sample n64_be mips64-linux-gnuabi64 mips64-linux-gnuabi64-gcc -O2 -fPIC
sample n64_r6 mipsisa64r6el-linux-gnuabi64 mipsisa64r6el-linux-gnuabi64-gcc -O2 -fPIC
sample o32_r6 mipsisa32r6el-linux-gnu mipsisa32r6el-linux-gnu-gcc -Os -fPIC
emulation=-melf32btsmipn32
sample n32_be mips64-linux-gnuabi64 mips64-linux-gnuabi64-gcc -mabi=n32 -O2 -fPIC
emulation=
sample m16_le mipsel-linux-gnu mipsel-linux-gnu-gcc -mips16 -Os -fPIC
sample m16_be mips-linux-gnu mips-linux-gnu-gcc -mips16 -O2 -fPIC
sample m16_o0 mips-linux-gnu mips-linux-gnu-gcc -mips16 -O0 -fno-pic -mno-shared
sample clang_pic mipsel-linux-gnu clang --target=mipsel-linux-gnu -O2 -fPIC
sample clang_no_pic mips-linux-gnu clang --target=mips-linux-gnu -O3 -fno-pic
printf '\n#endif\n'
