/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The assembler looks for the file in the build directory, where make runs it. */

	.section .rodata
	.balign	16
	.globl	da_embedded_shim
	.type	da_embedded_shim, %object
da_embedded_shim:
	.incbin	"libdumpalloc.stripped.so"
.Lend:
	.size	da_embedded_shim, .Lend - da_embedded_shim

	.balign	8
	.globl	da_embedded_shim_size
	.type	da_embedded_shim_size, %object
da_embedded_shim_size:
#if __SIZEOF_SIZE_T__ == 8
	.quad	.Lend - da_embedded_shim
#else
	.long	.Lend - da_embedded_shim
#endif
	.size	da_embedded_shim_size, __SIZEOF_SIZE_T__

	.section .note.GNU-stack, "", %progbits
