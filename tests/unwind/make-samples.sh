#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Compile sample_code.c for each CPU and print samples.h: bytes and their disassembly.
# Needs Debian 12's gcc, gcc-aarch64-linux-gnu, gcc-mips-linux-gnu, gcc-mipsel-linux-gnu,
# gcc-i686-linux-gnu, gcc-riscv64-linux-gnu, gcc-arm-linux-gnueabihf.
# Usage: make-samples.sh > samples.h
set -eu
cd "$(dirname "$0")"
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT

bytes() { # name of the array, section
	$prefix-objcopy -O binary -j "$2" "$t/so" "$t/bin"
	printf 'static const uint8_t __attribute__((unused)) %s[] = {\n' "$1"
	od -An -v -tx1 "$t/bin" | sed 's/ \(..\)/0x\1, /g; s/ $//; s/^/\t/'
	printf '};\n'
}

sample() { # name, tool prefix, flags
	name=$1 prefix=$2
	shift 2
	"$prefix-gcc" -ffreestanding -fno-stack-protector "$@" -fPIC -shared -nostdlib \
		-Wl,--hash-style=sysv -o "$t/so" sample_code.c
	printf '\n/*\n * %s: %s-gcc %s\n' "$name" "$prefix" "$*"
	$prefix-objdump -d -j .text --no-show-raw-insn "$t/so" |
		sed -n '/^[0-9a-f]* </,$p' | sed 's/\t/  /g; s/ *$//; s/^/ * /; s/ *$//'
	printf ' */\n'
	for s in text eh_frame_hdr eh_frame ARM.exidx ARM.extab; do
		at=$($prefix-objdump -h "$t/so" | awk -v s=".$s" '$2 == s { print $4 }')
		[ -n "$at" ] || continue
		printf '#define %s_%s_at 0x%s\n' "$name" "${s#ARM.}" "$at"
		bytes "${name}_${s#ARM.}" ".$s"
	done
}

cat <<'END'
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written by make-samples.sh; do not edit. */
#ifndef DA_TESTS_UNWIND_SAMPLES_H
#define DA_TESTS_UNWIND_SAMPLES_H

#include <stdint.h>
END
sample x86_64 x86_64-linux-gnu -O2 -fcf-protection=none
sample aarch64 aarch64-linux-gnu -O2
sample aarch64_pac aarch64-linux-gnu -O1 -mbranch-protection=standard
sample mipsel mipsel-linux-gnu -O2
sample mipsel_o0 mipsel-linux-gnu -O0
sample mips mips-linux-gnu -O2
sample mips_n32 mips-linux-gnu -O2 -mabi=n32 -march=mips64r2
sample mips_n64 mips-linux-gnu -O2 -mabi=64 -march=mips64r2
sample mips_r6 mipsel-linux-gnu -O2 -mips32r6 -mnan=2008
sample mips_cfi mips-linux-gnu -O2 -funwind-tables
sample i386 i686-linux-gnu -O2 -fcf-protection=none -Wl,-z,lazy
sample riscv riscv64-linux-gnu -O2
sample riscv_o0 riscv64-linux-gnu -O0
sample riscv32 riscv64-linux-gnu -O2 -march=rv32imac -mabi=ilp32 -Wl,-melf32lriscv
sample arm arm-linux-gnueabihf -O2 -marm
sample thumb arm-linux-gnueabihf -O2 -mthumb
sample thumb_o0 arm-linux-gnueabihf -O0 -mthumb
sample thumb_tables arm-linux-gnueabihf -O2 -mthumb -funwind-tables
printf '\n#endif\n'
