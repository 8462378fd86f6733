/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Constants of the walk, MIPS. The same file exists for each architecture. */
#ifndef DA_UNWIND_CPU_H
#define DA_UNWIND_CPU_H

/** Bits of a saved return address that are address; the others may be a signature. */
#define DA_CPU_PC_MASK UINTPTR_MAX

/** A return address minus this lies in the call, also when the call is a function's end. */
#define DA_CPU_CALL_BACK 8

/** 1 if the walker has rules for this CPU, 0 if only _Unwind_Backtrace can walk. */
#define DA_CPU_WALKS 1

/** From the slot of fp in a signal frame to that of the link register (or any other), in bytes. */
#define DA_CPU_SIGNAL_LR 8

/** 1 if there are two frame pointer registers to carry along: MIPS has s8, and fp2, which is s1. */
#define DA_CPU_FP2 1

/** Which of da_unwind_start.s it is. */
#define DA_CPU_FP2_START 1

/** From the slot of fp in a signal frame to that of fp2, in bytes. */
#define DA_CPU_SIGNAL_FP2 (-104)

/** Type of the segment with a module's unwind tables: PT_GNU_EH_FRAME. */
#define DA_CPU_TABLES 0x6474e550

#endif
