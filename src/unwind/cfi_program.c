/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cfi_program.h"

#include <stddef.h>

#include "base/bytes.h"

/* Deeper than any compiler goes: gcc and clang use one level. */
#define STATES 4

/* Kept apart from its caller, whose stack use counts for all the common instructions. */
#define APART __attribute__((noinline))

struct machine {
	const struct da_cfi *cfi;
	const struct da_cfi_cie *cie;
	struct da_cursor *c;
	da_addr loc, pc;
	struct da_cfi_row row, initial;
	unsigned depth;
	bool bad;
	struct da_cfi_row states[STATES];
};

/* Rows are copied by hand: gcc makes a call to memcpy of some assignments. */
static void copy_row(struct da_cfi_row *to, const struct da_cfi_row *from)
{
	da_copy(to, from, sizeof(*to));
}

/* Which wanted register @reg is; DA_CFI_WANTED when it is none. */
static enum da_cfi_wanted wanted(const struct machine *m, uint64_t reg)
{
	if (reg == m->cie->ra_register)
		return DA_CFI_RA;
	return reg == m->cfi->reg.fp ? DA_CFI_FP : DA_CFI_WANTED;
}

/* Offsets that do not fit a rule make the rule impossible, not wrong. */
static int32_t fit(struct machine *m, int64_t v)
{
	if (v != (int32_t)v)
		m->bad = true;
	return (int32_t)v;
}

static int64_t factored(const struct machine *m, int64_t v)
{
	return (int64_t)((uint64_t)v * (uint64_t)m->cie->data_align);
}

static void set(struct machine *m, uint64_t reg, enum da_cfi_how how, int64_t offset)
{
	enum da_cfi_wanted i = wanted(m, reg);

	if (i == DA_CFI_WANTED)
		return;
	m->row.how[i] = (uint8_t)how;
	m->row.offset[i] = how == DA_CFI_AT_CFA || how == DA_CFI_AT_FP ? fit(m, offset) : 0;
}

static void restore(struct machine *m, uint64_t reg)
{
	enum da_cfi_wanted i = wanted(m, reg);

	if (i == DA_CFI_WANTED)
		return;
	m->row.how[i] = m->initial.how[i];
	m->row.offset[i] = m->initial.offset[i];
}

static void remember_state(struct machine *m)
{
	if (m->depth == STATES) {
		m->bad = true;
		return;
	}
	copy_row(&m->states[m->depth++], &m->row);
}

static void restore_state(struct machine *m)
{
	if (m->depth == 0) {
		m->bad = true;
		return;
	}
	copy_row(&m->row, &m->states[--m->depth]);
}

static void define_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->row.cfa = DA_CFI_CFA_REGISTER;
	m->row.cfa_register = reg < DA_CFI_STRANGE ? (uint8_t)reg : DA_CFI_STRANGE;
	m->row.cfa_offset = fit(m, offset);
}

static void define_cfa_offset(struct machine *m, int64_t offset)
{
	if (m->row.cfa != DA_CFI_CFA_REGISTER)
		m->bad = true;
	m->row.cfa_offset = fit(m, offset);
}

/* Old gas starts a CIE with this one alone: the offset is then 0. */
static void define_cfa_register(struct machine *m, uint64_t reg)
{
	if (m->row.cfa == DA_CFI_CFA_DEREF || m->row.cfa == DA_CFI_CFA_PLT)
		m->bad = true;
	define_cfa(m, reg, m->row.cfa_offset);
}

/* The block of an expression: the cursor passes over it, @block_out stays to read it. */
static void take_block(struct machine *m, struct da_cursor *block_out)
{
	uint64_t size = da_cursor_uleb(m->c);

	da_copy(block_out, m->c, sizeof(*block_out));
	da_cursor_skip(m->c, size);
	block_out->end = m->c->at;
	block_out->bad = m->c->bad;
}

/*
 * DW_OP_breg(sp) word, breg(ra) 0, lit15, and, litN, ge, lit3 (i386: lit2), shl, plus: the linker's
 * description of an x86 PLT entry, which pushes a second word after its first N bytes.
 */
static bool is_plt(const struct machine *m, struct da_cursor *block, int32_t *after_out)
{
	uint8_t word = block->image->word;
	uint8_t sp = 0x70 + m->cfi->reg.sp, ra = (uint8_t)(0x70 + m->cie->ra_register);
	uint8_t shift = word == 8 ? 0x33 : 0x32;
	const uint8_t want[11] = { sp, word, ra, 0, 0x3f, 0x1a, 0, 0x2a, shift, 0x24, 0x22 };
	uint8_t b;

	if (block->end - block->at != sizeof(want))
		return false;
	for (unsigned i = 0; i < sizeof(want); i++) {
		b = (uint8_t)da_cursor_unsigned(block, 1);
		if (i == 6)
			*after_out = b - 0x30;
		else if (b != want[i])
			return false;
	}
	return *after_out >= 0 && *after_out < 16;
}

/* DW_OP_breg<reg> offset, and nothing else but @last when that is not 0. */
static bool is_register(struct da_cursor *block, uint8_t last, uint8_t *reg_out,
			int64_t *offset_out)
{
	uint8_t op = (uint8_t)da_cursor_unsigned(block, 1);

	*reg_out = (uint8_t)(op - 0x70);
	*offset_out = da_cursor_sleb(block);
	if (last && da_cursor_unsigned(block, 1) != last)
		return false;
	return op >= 0x70 && op <= 0x8f && !block->bad && da_cursor_at_end(block);
}

static APART void define_cfa_expression(struct machine *m)
{
	struct da_cursor block, again;
	int64_t offset;

	take_block(m, &block);
	da_copy(&again, &block, sizeof(again));
	m->row.cfa = DA_CFI_CFA_NONE;
	if (is_register(&block, 0x06, &m->row.cfa_register, &offset)) {
		m->row.cfa = DA_CFI_CFA_DEREF;
		m->row.cfa_offset = fit(m, offset);
	} else if (is_plt(m, &again, &m->row.cfa_offset)) {
		m->row.cfa = DA_CFI_CFA_PLT;
	}
}

static APART void expression(struct machine *m)
{
	uint64_t reg = da_cursor_uleb(m->c);
	struct da_cursor block;
	uint8_t base;
	int64_t offset;

	take_block(m, &block);
	if (is_register(&block, 0, &base, &offset) && base == m->cfi->reg.fp)
		set(m, reg, DA_CFI_AT_FP, offset);
	else
		set(m, reg, DA_CFI_OTHER, 0);
}

static void value_expression(struct machine *m)
{
	uint64_t reg = da_cursor_uleb(m->c);

	da_cursor_skip(m->c, da_cursor_uleb(m->c));
	set(m, reg, DA_CFI_OTHER, 0);
}

static void value_offset(struct machine *m)
{
	set(m, da_cursor_uleb(m->c), DA_CFI_OTHER, 0);
	da_cursor_uleb(m->c);
}

/* Pairs of operands are read into variables: C does not order the evaluation of arguments. */
static void offset_extended(struct machine *m, bool is_signed, bool negative)
{
	uint64_t reg = da_cursor_uleb(m->c);
	int64_t v = is_signed ? da_cursor_sleb(m->c) : (int64_t)da_cursor_uleb(m->c);

	set(m, reg, DA_CFI_AT_CFA, factored(m, negative ? (int64_t)(0 - (uint64_t)v) : v));
}

static void in_register(struct machine *m)
{
	set(m, da_cursor_uleb(m->c), DA_CFI_OTHER, 0);
	da_cursor_uleb(m->c);
}

static void full_cfa(struct machine *m, bool is_signed)
{
	uint64_t reg = da_cursor_uleb(m->c);

	define_cfa(m, reg,
		   is_signed ? factored(m, da_cursor_sleb(m->c)) : (int64_t)da_cursor_uleb(m->c));
}

static void advance(struct machine *m, uint64_t delta)
{
	m->loc += delta * m->cie->code_align;
}

/* The instructions with the opcode in the low six bits. */
static void extended(struct machine *m, uint8_t op)
{
	struct da_cursor *c = m->c;

	switch (op) {
	case 0x00: break; /* nop */
	case 0x01: m->loc = da_cursor_encoded(c, m->cie->encoding, m->cfi->hdr); break;
	case 0x02: advance(m, da_cursor_unsigned(c, 1)); break;
	case 0x03: advance(m, da_cursor_unsigned(c, 2)); break;
	case 0x04: advance(m, da_cursor_unsigned(c, 4)); break;
	case 0x05: offset_extended(m, false, false); break;
	case 0x06: restore(m, da_cursor_uleb(c)); break;
	case 0x07: set(m, da_cursor_uleb(c), DA_CFI_UNDEFINED, 0); break;
	case 0x08: set(m, da_cursor_uleb(c), DA_CFI_SAME, 0); break;
	case 0x09: in_register(m); break;
	case 0x0a: remember_state(m); break;
	case 0x0b: restore_state(m); break;
	case 0x0c: full_cfa(m, false); break;
	case 0x0d: define_cfa_register(m, da_cursor_uleb(c)); break;
	case 0x0e: define_cfa_offset(m, (int64_t)da_cursor_uleb(c)); break;
	case 0x0f: define_cfa_expression(m); break;
	case 0x10: expression(m); break;
	case 0x11: offset_extended(m, true, false); break;
	case 0x12: full_cfa(m, true); break;
	case 0x13: define_cfa_offset(m, factored(m, da_cursor_sleb(c))); break;
	case 0x14: /* fall through */
	case 0x15: value_offset(m); break;
	case 0x16: value_expression(m); break;
	case 0x1d: advance(m, da_cursor_unsigned(c, 8)); break; /* MIPS_advance_loc8 */
	case 0x2c: /* AARCH64_negate_ra_state_with_pc: signed addresses are stripped when read */
	case 0x2d: break; /* AARCH64_negate_ra_state */
	case 0x2e: da_cursor_uleb(c); break; /* GNU_args_size */
	case 0x2f: offset_extended(m, false, true); break; /* GNU_negative_offset_extended */
	default: m->bad = true;
	}
}

static void step(struct machine *m)
{
	uint8_t op = da_cursor_byte(m->c);
	uint8_t low = op & 0x3f;

	switch (op >> 6) {
	case 1: advance(m, low); break;
	case 2: set(m, low, DA_CFI_AT_CFA, factored(m, (int64_t)da_cursor_uleb(m->c))); break;
	case 3: restore(m, low); break;
	default: extended(m, low);
	}
}

/* Up to the end of the instructions, or the first that speaks of code behind m->pc. */
static bool run(struct machine *m, struct da_cursor *program)
{
	m->c = program;
	while (!da_cursor_at_end(program) && !m->bad) {
		step(m);
		if (m->loc > m->pc)
			break;
	}
	return !m->bad && !program->bad;
}

bool da_cfi_program_run(const struct da_cfi *cfi, struct da_cfi_cie *cie, struct da_cursor *program,
			const da_addr range[2], struct da_cfi_row *row_out)
{
	struct machine m;

	da_zero(&m, offsetof(struct machine, states));
	m.cfi = cfi;
	m.cie = cie;
	m.loc = range[0];
	m.pc = range[1];
	if (!run(&m, &cie->program))
		return false;
	copy_row(&m.initial, &m.row);
	m.loc = range[0];
	if (!run(&m, program))
		return false;
	copy_row(row_out, &m.row);
	return true;
}
