/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/arm/exidx.h"

#define ENTRY_SIZE 8
#define CANNOT_UNWIND 1
#define FINISH 0xb0

/* The bytes of an unwind program: they are the bytes of words from the high end of each. */
struct program {
	struct da_cursor c;
	uint32_t word;
	unsigned left; /* bytes in word */
	unsigned words; /* that follow it */
};

/* Virtual sp: base + offset. Where popped registers lie, as offsets from the same base. */
struct frame {
	int64_t offset;
	uint8_t base; /* enum da_rule_base */
	bool popped; /* something was, so the base cannot change */
	bool has_ra, has_r7, has_r11;
	int64_t ra, r7, r11;
};

/* A place-relative offset of 31 bits in the word at the cursor. */
static da_addr read_prel31(struct da_cursor *c, uint32_t *word_out)
{
	da_addr here = da_cursor_address(c);

	*word_out = (uint32_t)da_cursor_unsigned(c, 4);
	return (uint32_t)(here + (da_addr)(int64_t)((int32_t)(*word_out << 1) >> 1));
}

/* The function that index entry @i is for. */
static da_addr function_of(const struct da_arm_tables *t, size_t i)
{
	struct da_cursor c;
	uint32_t word;

	da_cursor_init(&c, &t->image, t->index + i * ENTRY_SIZE, t->index + t->index_size);
	return read_prel31(&c, &word);
}

/* The entry with the greatest function <= @pc: its number. */
static bool find_entry(const struct da_arm_tables *t, da_addr pc, size_t *i_out)
{
	size_t lo = 0, hi = t->index_size / ENTRY_SIZE, mid;

	if (hi == 0 || function_of(t, 0) > pc)
		return false;
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (function_of(t, mid) <= pc)
			lo = mid;
		else
			hi = mid;
	}
	*i_out = lo;
	return true;
}

static void keep_bytes(struct program *p, uint32_t word, unsigned bytes)
{
	p->word = word << 8 * (4 - bytes);
	p->left = bytes;
}

/*
 * The first word of a compact entry, model 0 (three bytes) or 1 and 2 (a count of more words, two
 * bytes).
 */
static bool open_compact(struct program *p, uint32_t word)
{
	unsigned model = word >> 24 & 15;

	if (model > 2)
		return false;
	p->words = model == 0 ? 0 : word >> 16 & 0xff;
	keep_bytes(p, word, model == 0 ? 3 : 2);
	return true;
}

/* Of an entry with a personality routine of its own: what all of GNU's have next. */
static bool open_generic(struct program *p)
{
	uint32_t word = (uint32_t)da_cursor_unsigned(&p->c, 4);

	p->words = word >> 24;
	keep_bytes(p, word, 3);
	return !p->c.bad;
}

static bool open_program(const struct da_arm_tables *t, size_t i, struct program *p)
{
	da_addr at = t->index + i * ENTRY_SIZE + 4;
	da_addr end = t->image.lo + t->image.size;
	uint32_t word;

	da_cursor_init(&p->c, &t->image, at, t->index + t->index_size);
	at = read_prel31(&p->c, &word);
	if (p->c.bad || word == CANNOT_UNWIND)
		return false;
	p->words = 0;
	if (word >> 31) {
		keep_bytes(p, word, 3);
		return (word >> 24 & 0x7f) == 0;
	}
	da_cursor_init(&p->c, &t->image, at, end);
	word = (uint32_t)da_cursor_unsigned(&p->c, 4);
	if (p->c.bad)
		return false;
	return word >> 31 ? open_compact(p, word) : open_generic(p);
}

/* The next byte; behind the last one as many "finish" as are asked for. */
static uint8_t take(struct program *p)
{
	uint8_t b;

	if (p->left == 0 && p->words > 0) {
		p->words--;
		keep_bytes(p, (uint32_t)da_cursor_unsigned(&p->c, 4), 4);
	}
	if (p->left == 0 || p->c.bad)
		return FINISH;
	b = (uint8_t)(p->word >> 24);
	p->word <<= 8;
	p->left--;
	return b;
}

static void pop(struct frame *f, uint32_t mask)
{
	for (unsigned r = 0; r < 16; r++) {
		if (!(mask >> r & 1))
			continue;
		if (r == 7) {
			f->r7 = f->offset;
			f->has_r7 = true;
		} else if (r == 11) {
			f->r11 = f->offset;
			f->has_r11 = true;
		} else if (r == 15 || (r == 14 && !(mask >> 15))) {
			f->ra = f->offset;
			f->has_ra = true;
		}
		f->offset += 4;
	}
	f->popped = true;
}

static void skip(struct frame *f, unsigned bytes)
{
	f->offset += bytes;
	f->popped = true;
}

static bool set_base(struct frame *f, unsigned reg)
{
	if (f->popped || (reg != 7 && reg != 11))
		return false;
	f->base = reg == 7 ? DA_RULE_FP2 : DA_RULE_FP;
	f->offset = 0;
	return true;
}

static bool add_uleb(struct frame *f, struct program *p)
{
	uint64_t v = 0;
	uint8_t b;

	for (unsigned shift = 0; shift < 28; shift += 7) {
		b = take(p);
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			f->offset += 0x204 + (int64_t)(v << 2);
			return true;
		}
	}
	return false;
}

/* 1011xxxx */
static bool run_b(struct frame *f, struct program *p, uint8_t op)
{
	uint8_t b;

	if (op & 8) {
		skip(f, 8 * ((op & 7u) + 1) + 4); /* d8 to d[8+n] as FSTMX leaves them */
		return true;
	}
	switch (op) {
	case 0xb1:
		b = take(p);
		pop(f, b);
		return b != 0 && b < 16;
	case 0xb2: return add_uleb(f, p);
	case 0xb3: skip(f, 8 * ((take(p) & 15u) + 1) + 4); return true;
	}
	return false;
}

/* 11xxxxxx: registers of coprocessors */
static bool run_c(struct frame *f, struct program *p, uint8_t op)
{
	if (op <= 0xc5 || (op >= 0xd0 && op <= 0xd7))
		skip(f, 8 * ((op & 7u) + 1));
	else if (op == 0xc6 || op == 0xc8 || op == 0xc9)
		skip(f, 8 * ((take(p) & 15u) + 1));
	else if (op == 0xc7)
		skip(f, 4 * (unsigned)__builtin_popcount(take(p) & 15u));
	else
		return false;
	return true;
}

static bool run_one(struct frame *f, struct program *p, uint8_t op)
{
	uint32_t mask;

	switch (op >> 4) {
	case 0x8:
		mask = (op & 15u) << 8 | take(p);
		/* none: "refuse to unwind"; r13: sp itself */
		if (mask == 0 || mask & 1u << 9)
			return false;
		pop(f, mask << 4);
		return true;
	case 0x9: return set_base(f, op & 15);
	case 0xa: pop(f, ((2u << (op & 7)) - 1) << 4 | (op & 8 ? 1u << 14 : 0)); return true;
	case 0xb: return run_b(f, p, op);
	}
	if (op >= 0xc0)
		return run_c(f, p, op);
	f->offset += op & 0x40 ? -(int64_t)((op & 0x3f) * 4 + 4) : (op & 0x3f) * 4 + 4;
	return true;
}

static bool fits(int64_t words)
{
	return words > 0 && words < 256;
}

static bool conclude(const struct frame *f, struct da_rule *rule)
{
	int64_t r7 = (f->offset - f->r7) / 4;

	if (f->offset != (int32_t)f->offset || (f->has_r7 && !fits(r7)))
		return false;
	*rule = (struct da_rule){
		.kind = DA_RULE_FRAME,
		.base = f->base,
		.flags = (uint8_t)((f->has_r11 ? DA_RULE_FP_SAVED : 0) |
				   (f->has_ra ? 0 : DA_RULE_RA_IN_LR)),
		.fp2_words = f->has_r7 ? (uint8_t)r7 : 0,
		.cfa_offset = (int32_t)f->offset,
		.ra_offset = f->has_ra ? (int32_t)(f->ra - f->offset) : 0,
		.fp_offset = f->has_r11 ? (int32_t)(f->r11 - f->offset) : 0,
	};
	return true;
}

bool da_arm_exidx_find(const struct da_arm_tables *t, da_addr pc, struct da_rule *rule_out)
{
	struct program p;
	struct frame f = { .base = DA_RULE_SP };
	size_t i;
	uint8_t op;

	if (!find_entry(t, pc & ~(da_addr)1, &i) || !open_program(t, i, &p))
		return false;
	while ((op = take(&p)) != FINISH) {
		if (!run_one(&f, &p, op))
			return false;
	}
	return !p.c.bad && conclude(&f, rule_out);
}
