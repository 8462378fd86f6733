/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Order keys: which of two events of different threads, about the same block, came first.
 *
 * A key is taken after the real call that hands a block out, and before the one that takes it back.
 * What is promised: if the event with key a concerns the same block as the later event with key b,
 * then a < b. Keys of one thread grow. The clock has two phases.
 *
 * SINGLE, as long as one thread has recorded anything: key = the last one + 1, an increment that is
 * neither locked nor shared. Whoever becomes a second thread (da_order_leave_single(), before its
 * first event) ends the phase, for good. Keys of MANY are >= DA_ORDER_MANY, above all keys of
 * SINGLE, so nothing must be agreed upon when the phase changes; but the first thread may go on
 * in SINGLE until it notices, which is right, because:
 *
 *   Let e be its event about a block that another thread's event f, with a key of MANY, concerned
 *   before. f's thread ended the phase, or saw it ended, before f, and f before the block came
 *   to e's thread: by the allocator's lock or atomic (f a free, e an alloc), or by the program's
 *   own synchronisation (f an alloc, e a free). e's thread loads the phase after that, so by
 *   coherence a relaxed load sees MANY. Hence e with a key of SINGLE comes before every such f,
 *   and has the smaller key.
 *
 * MANY, where the CPU has a counter that all cores see alike: key = counter in granules of at most
 * 16 ns (shift), made to grow by one at least within a thread. No cache line is shared. Let a be
 * the earlier, b the later event of a block, in different threads. The counter is read by rdtscp,
 * (1) after all earlier loads of the thread: for b, after the load by which the block came to it,
 * be it the allocator's or the program's; (2) before any later store becomes visible: for a, before
 * the store that gave the block away. So ticks(a) < ticks(b). Between the two lie at least a's
 * commit, the transfer of a cache line, and b's way to its own key (or b's whole real call): more
 * than one granule, so that the granules differ, too. Equal keys of two threads do occur, but never
 * for one block. (A plain rdtsc may execute before the load that brought the block: (1) fails. That
 * holds for frees, too: b may be the free of a block that another thread allocated and handed over;
 * and whose block it was is known to neither the shim nor the encoder.)
 *
 * MANY elsewhere: key = a shared atomic counter. 5 ns alone, 60 ns contended (2 cores, 2026-11).
 */
#ifndef DA_CODEC_ORDER_H
#define DA_CODEC_ORDER_H

#include "base/ticks.h"
#include "base/types.h"

/** Keys below are of phase SINGLE, and dense but for one that each chunk uses up. */
#define DA_ORDER_MANY (UINT64_C(1) << 62)

/** Ticks by which the drainer's now stays behind: see da_order_now(). 15 to 30 us. */
#define DA_ORDER_SLACK 65536u

/** The clock's phase. */
enum da_order_phase {
	DA_ORDER_SINGLE = 0,
	DA_ORDER_COUNTER = 1, /**< MANY, by the atomic counter */
	DA_ORDER_TICKS = 2, /**< MANY, by the CPU's counter */
};

/** The clock, in the pool. Zero-filled is the start: COUNTER after SINGLE. */
struct da_order {
	/** Written before the start: the CPU's counter may be used; a granule is 2^shift ticks. */
	uint32_t has_ticks, shift;
	uint32_t phase; /**< atomic: enum da_order_phase; changes once */
	uint32_t pad0[13];
	/** Halves of the last key of SINGLE; the first thread alone writes them. */
	uint32_t single_lo, single_hi;
	uint32_t pad1[14];
	/** COUNTER: keys given out, modulo 2^32, and how often that passed a multiple of 2^31. */
	uint32_t counter, counter_era;
	uint32_t pad2[14];
};

/** What a drainer, which trusts nothing that the target can write, knows of the clock. */
struct da_order_config {
	uint32_t has_ticks, shift;
};

/**
 * Number @lo, modulo 2^32, as 64 bits, near the middle of era @era: right even when the era read is
 * one too old, for another 2^30 keys.
 */
static inline uint64_t da_order_widen(uint32_t era, uint32_t lo)
{
	uint64_t middle = ((uint64_t)era << 31) + (1u << 30);

	return middle + (uint64_t)(int64_t)(int32_t)(lo - (uint32_t)middle);
}

/** da_order_next() in phase MANY. */
uint64_t da_order_next_many(struct da_order *o, uint32_t phase, uint64_t last);

/**
 * The next key of the calling thread, whose last one was @last: > @last. Sequentially consistent
 * for da_order_now(): the load of the phase comes after the chunk has become BUSY.
 */
static inline uint64_t da_order_next(struct da_order *o, uint64_t last)
{
	uint32_t phase = __atomic_load_n(&o->phase, __ATOMIC_SEQ_CST);
	uint64_t key;

	if (__builtin_expect(phase != DA_ORDER_SINGLE, 0))
		return da_order_next_many(o, phase, last);
	key = ((uint64_t)o->single_hi << 32 | o->single_lo) + 1;
	/* low half first: a drainer that meets the carry between them sees a smaller key */
	__atomic_store_n(&o->single_lo, (uint32_t)key, __ATOMIC_RELEASE);
	if (__builtin_expect(!(uint32_t)key, 0))
		__atomic_store_n(&o->single_hi, (uint32_t)(key >> 32), __ATOMIC_RELEASE);
	return key;
}

/** Whether the phase is SINGLE still. */
static inline bool da_order_is_single(const struct da_order *o)
{
	return __atomic_load_n(&o->phase, __ATOMIC_RELAXED) == DA_ORDER_SINGLE;
}

/**
 * A second thread is about to record: end SINGLE. @can_tick: the CPU's counter may be read by this
 * process (it is used if has_ticks says so, too). No effect when the phase has ended already.
 */
void da_order_leave_single(struct da_order *o, bool can_tick);

/**
 * A drainer's now: an event whose key is <= this had its chunk made BUSY before, as whoever looks
 * at the chunks after this call sees. @o may be scribbled over: a wrong phase gives a wrong time,
 * no more.
 *
 * Keys of SINGLE: the key is released after BUSY, and acquired here. If this finds the phase MANY
 * and the first thread has not: its load of the phase comes before our seeing MANY, so its BUSY
 * comes before our look at the chunk; all of them are sequentially consistent. TICKS: rdtscp waits
 * for the locked instruction that made the chunk BUSY; the slack is for counters of cores that
 * differ by a little, far more than any kernel lets pass as synchronous.
 */
uint64_t da_order_now(const struct da_order *o, const struct da_order_config *config);

/** The same without slack: no key given out yet is above it. */
uint64_t da_order_latest(const struct da_order *o, const struct da_order_config *config);

#endif
