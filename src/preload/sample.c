/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/sample.h"

#define FRACTION 28 /* binary places of a logarithm */
#define LN2_Q30 744261118u /* ln(2) * 2^30 */

/* log2 of @m / 2^31, which is at least 1 and less than 2. Each squaring doubles the logarithm, and
 * so moves one more of its binary places in front of the point. */
static uint64_t log2_of_mantissa(uint64_t m)
{
	uint64_t log = 0;

	for (unsigned i = 0; i < FRACTION; i++) {
		uint64_t carry;

		m = (m * m) >> 31;
		carry = m >> 32;
		m >>= carry;
		log = log << 1 | carry;
	}
	return log;
}

uint64_t da_sample_minus_ln(uint32_t r)
{
	uint64_t m = ((uint64_t)r << 1 | 1) << 31; /* (2r + 1) / 2^33 is m / 2^64 */
	uint64_t whole = 1;

	while (!(m >> 63)) {
		m <<= 1;
		whole++;
	}
	return (((whole << FRACTION) - log2_of_mantissa(m >> 32)) * LN2_Q30) >> 30;
}

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a counter, and a bijection that mixes its bits. */
static uint64_t next_random(struct da_sample *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void da_sample_draw(struct da_sample *s)
{
	uint64_t distance = da_sample_minus_ln((uint32_t)(next_random(s) >> 32));

	s->left = (distance * s->mean) >> FRACTION;
}

void da_sample_init(struct da_sample *s, uint32_t mean, uint64_t seed)
{
	s->mean = mean;
	s->state = seed;
	s->state = next_random(s); /* seeds that follow each other begin far apart */
	da_sample_draw(s);
}
