/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/mips/flow.h"

/* To pc + 4 + the low @bits of @i, which count instructions. */
static void set_target(struct da_mips_flow *f, da_addr pc, uint32_t i, unsigned bits)
{
	int32_t words = (int32_t)(i << (32 - bits)) >> (32 - bits);

	f->target = pc + 4 + (da_addr)((int64_t)words * 4);
}

static void set(struct da_mips_flow *f, enum da_mips_flow_kind kind, bool slot)
{
	f->kind = (uint8_t)kind;
	f->slot = slot;
}

/* jr, jalr; Release 6 has only jalr. */
static void read_special(uint32_t i, struct da_mips_flow *f)
{
	if (!da_mips_is_jr(i))
		return;
	set(f, DA_MIPS_JUMP_REGISTER, true);
	f->reg = (uint8_t)da_mips_rs(i);
}

/* bltz, bgez, their likely forms, bposge32; the others set ra or are traps. */
static void read_regimm(struct da_mips_flow *f, da_addr pc, uint32_t i)
{
	unsigned rt = da_mips_rt(i);

	if (rt > 3 && rt != 0x1c)
		return;
	set(f, DA_MIPS_BRANCH, true);
	f->likely = rt == 2 || rt == 3;
	set_target(f, pc, i, 16);
}

static void branch(struct da_mips_flow *f, da_addr pc, uint32_t i, bool likely)
{
	set(f, i >> 16 == 0x1000 ? DA_MIPS_JUMP : DA_MIPS_BRANCH, true);
	f->likely = likely;
	set_target(f, pc, i, 16);
}

/* bc1f, bc1t, their likely forms; Release 6 bc1eqz, bc1nez. The same with coprocessor 2. */
static void read_cop(const struct da_mips_text *t, struct da_mips_flow *f, da_addr pc, uint32_t i)
{
	if (t->r6 ? (da_mips_rs(i) & 0x1b) != 9 : da_mips_rs(i) != 8)
		return;
	branch(f, pc, i, !t->r6 && (i & 1u << 17));
}

/* Release 6 bc, jic, beqzc, bnezc and those of 16 bits: no delay slot. */
static void read_compact(struct da_mips_flow *f, da_addr pc, uint32_t i)
{
	unsigned op = da_mips_op(i);

	if ((op == 0x36 || op == 0x3e) && da_mips_rs(i) != 0) {
		set(f, DA_MIPS_BRANCH, false);
		set_target(f, pc, i, 21);
	} else if (op == 0x36) {
		set(f, DA_MIPS_JUMP_REGISTER, false);
		f->reg = (uint8_t)da_mips_rt(i);
	} else if (op == 0x32) {
		set(f, DA_MIPS_JUMP, false);
		set_target(f, pc, i, 26);
	} else {
		set(f, DA_MIPS_BRANCH, false);
		set_target(f, pc, i, 16);
	}
}

static bool is_compact(uint32_t i)
{
	switch (da_mips_op(i)) {
	case 0x06:
	case 0x07: return da_mips_rt(i) != 0;
	case 0x08:
	case 0x16:
	case 0x17:
	case 0x18:
	case 0x32:
	case 0x36:
	case 0x3e: return true;
	}
	return false;
}

void da_mips_flow_read(const struct da_mips_text *text, da_addr pc, uint32_t i,
		       struct da_mips_flow *out)
{
	unsigned op = da_mips_op(i);

	*out = (struct da_mips_flow){ .kind = DA_MIPS_PLAIN };
	if (da_mips_is_compact_call(text, i))
		set(out, DA_MIPS_CALL, false);
	else if (da_mips_is_call(text, i))
		set(out, DA_MIPS_CALL, true);
	else if (text->r6 && is_compact(i))
		read_compact(out, pc, i);
	else if (op == 0x00)
		read_special(i, out);
	else if (op == 0x01)
		read_regimm(out, pc, i);
	else if (op == 0x02) { /* j: within the 256 MiB of its delay slot */
		set(out, DA_MIPS_JUMP, true);
		out->target = ((pc + 4) & ~(da_addr)0x0fffffff) | (i << 6 >> 4);
	} else if (op >= 0x04 && op <= 0x07)
		branch(out, pc, i, false);
	else if (op >= 0x14 && op <= 0x17)
		branch(out, pc, i, true);
	else if (op == 0x11 || op == 0x12)
		read_cop(text, out, pc, i);
}
