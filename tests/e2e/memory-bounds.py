#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What recording adds to a program's memory is bounded: the buffer, so much for the library, for
each running thread and for each different stack; with a small buffer, 1 MB in all."""
import lib

IMAGE_KB = 128  # the library itself, copied into memory because the tool carries it inside
THREAD_KB = 64
STACK_BYTES = 64  # of a thread's table; its entries are 12 bytes, and a third to two thirds used
SMALL_KB = 1024

test = lib.Test()


def kilobytes(truth):
    """Anonymous and shared memory, of which the buffer and the library's image are part."""
    return truth.values["anon_kb"][0] + truth.values["shmem_kb"][0]


def added(target, victim, stacks, threads, *options):
    """KB that recording adds, and the number of different stacks it saw."""
    plain = test.path("plain")
    test.equal("native status",
               target.plain(victim, plain, str(stacks), str(threads)).status, 0)
    truth, report, _ = test.golden(target, victim, str(stacks), str(threads), options=options)
    test.check_lossless(report)
    return kilobytes(truth) - kilobytes(lib.Truth(plain)), report["quality"]["stacks_complete"]


for target in test.targets("native", "musl"):
    victim = target.build("memory.c", "-pthread")
    for stacks, threads in (1, 1), (1, 16), (4000, 1), (4000, 4), (60000, 1):
        kb, seen = added(target, victim, stacks, threads)
        limit = 2048 + IMAGE_KB + THREAD_KB * (threads + 1) + seen * STACK_BYTES * threads // 1024
        test.ok(kb <= limit, "%d stacks, %d threads: %d KB added, at most %d KB"
                % (seen, threads, kb, limit))
        test.ok(seen >= stacks, "%d different stacks" % seen)
    for stacks in 1, 1000:
        kb, seen = added(target, victim, stacks, 1, "--buffer=256k")
        test.ok(kb <= SMALL_KB, "%d stacks, a small buffer: %d KB added, at most %d KB"
                % (seen, kb, SMALL_KB))
test.finish()
