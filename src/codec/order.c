/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/order.h"

uint64_t da_order_next_many(struct da_order *o, uint32_t phase, uint64_t last)
{
	uint32_t lo;
	uint64_t key;

	if (phase == DA_ORDER_TICKS) {
		key = DA_ORDER_MANY + (da_ticks_now() >> (o->shift & 31));
		return key > last ? key : last + 1;
	}
	lo = __atomic_add_fetch(&o->counter, 1, __ATOMIC_ACQ_REL);
	if ((lo & 0x7fffffffu) == 0)
		__atomic_add_fetch(&o->counter_era, 1, __ATOMIC_ACQ_REL);
	return DA_ORDER_MANY +
	       da_order_widen(__atomic_load_n(&o->counter_era, __ATOMIC_ACQUIRE), lo);
}

void da_order_leave_single(struct da_order *o, bool can_tick)
{
	uint32_t single = DA_ORDER_SINGLE;

	__atomic_compare_exchange_n(&o->phase, &single,
				    can_tick && o->has_ticks ? DA_ORDER_TICKS : DA_ORDER_COUNTER,
				    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static uint64_t single_now(const struct da_order *o)
{
	uint64_t hi = __atomic_load_n(&o->single_hi, __ATOMIC_ACQUIRE);

	return hi << 32 | __atomic_load_n(&o->single_lo, __ATOMIC_ACQUIRE);
}

static uint64_t counter_now(const struct da_order *o)
{
	uint32_t lo = __atomic_load_n(&o->counter, __ATOMIC_ACQUIRE);
	uint32_t era = __atomic_load_n(&o->counter_era, __ATOMIC_ACQUIRE);

	return DA_ORDER_MANY + da_order_widen(era, lo);
}

static uint64_t now(const struct da_order *o, const struct da_order_config *config, uint32_t slack)
{
	uint32_t phase = __atomic_load_n(&o->phase, __ATOMIC_SEQ_CST);

	if (phase == DA_ORDER_SINGLE)
		return single_now(o);
	if (phase == DA_ORDER_TICKS && config->has_ticks)
		return DA_ORDER_MANY + ((da_ticks_now() - slack) >> (config->shift & 31));
	return counter_now(o);
}

uint64_t da_order_now(const struct da_order *o, const struct da_order_config *config)
{
	return now(o, config, DA_ORDER_SLACK);
}

uint64_t da_order_latest(const struct da_order *o, const struct da_order_config *config)
{
	return now(o, config, 0);
}
