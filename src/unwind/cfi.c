/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unwind/cfi.h"

#include "base/bytes.h"
#include "unwind/cfi_program.h"

/* Kept apart from its caller, so that its locals are not on the stack below it. */
#define APART __attribute__((noinline))

/* The only table that linkers write: pairs of 4-byte offsets from the start of .eh_frame_hdr. */
#define TABLE_ENCODING 0x3b
#define ENTRY_SIZE 8

/* The search table of .eh_frame_hdr: @n entries from the cursor's place on. */
static uint64_t open_table(const struct da_cfi *cfi, struct da_cursor *c)
{
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	uint64_t n;

	if (cfi->hdr_size == 0)
		return 0;
	da_cursor_init(c, &cfi->image, cfi->hdr, cfi->hdr + cfi->hdr_size);
	version = da_cursor_byte(c);
	frame_encoding = da_cursor_byte(c);
	count_encoding = da_cursor_byte(c);
	table_encoding = da_cursor_byte(c);
	if (c->bad || version != 1 || table_encoding != TABLE_ENCODING ||
	    frame_encoding == DA_ENCODING_OMIT || count_encoding == DA_ENCODING_OMIT)
		return 0;
	da_cursor_encoded(c, frame_encoding, cfi->hdr);
	n = da_cursor_encoded(c, count_encoding, cfi->hdr);
	if (c->bad || n > (c->end - c->at) / ENTRY_SIZE)
		return 0;
	return n;
}

/* Field @field (0: first pc, 1: address of the FDE) of entry @i of the table at @table. */
static inline da_addr table_field(const struct da_cfi *cfi, const uint8_t *table, uint64_t i,
				  unsigned field)
{
	const uint8_t *at = table + i * ENTRY_SIZE + field * 4;
	int32_t v = (int32_t)(cfi->image.big_endian ? da_load_be32(at) : da_load_le32(at));
	da_addr a = cfi->hdr + (da_addr)(int64_t)v;

	return cfi->image.word == 4 ? (uint32_t)a : a;
}

/* The address of the FDE with the greatest first pc that is <= @pc. */
static APART bool find_fde(const struct da_cfi *cfi, da_addr pc, da_addr *fde_out)
{
	struct da_cursor c;
	uint64_t lo = 0, hi = open_table(cfi, &c), mid;
	const uint8_t *table = cfi->image.bytes + c.at; /* open_table() saw that it is whole */

	if (hi == 0 || pc < table_field(cfi, table, 0, 0))
		return false;
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (table_field(cfi, table, mid, 0) <= pc)
			lo = mid;
		else
			hi = mid;
	}
	*fde_out = table_field(cfi, table, lo, 1);
	return true;
}

/*
 * Start reading the CIE or FDE at @at: the cursor ends with the entry and stands behind the id
 * field. *id_out is that field, *id_at_out its address.
 */
static bool open_entry(const struct da_cfi *cfi, da_addr at, struct da_cursor *c,
		       da_addr *id_at_out, uint64_t *id_out)
{
	uint64_t length;
	unsigned width = 4;

	da_cursor_init(c, &cfi->image, at, cfi->image.lo + cfi->image.size);
	length = da_cursor_unsigned(c, 4);
	if (length == 0xffffffff) {
		width = 8;
		length = da_cursor_unsigned(c, 8);
	}
	if (c->bad || length > c->end - c->at)
		return false;
	c->end = c->at + (size_t)length;
	*id_at_out = da_cursor_address(c);
	*id_out = da_cursor_unsigned(c, width);
	return !c->bad;
}

/* One letter of the augmentation and its data. */
static bool augment(const struct da_cfi *cfi, struct da_cfi_cie *cie, uint8_t letter,
		    struct da_cursor *c)
{
	uint8_t encoding;

	switch (letter) {
	case 'R': cie->encoding = da_cursor_byte(c); return true;
	case 'S': cie->signal = true; return true;
	case 'B': return true; /* AArch64: signed with the B key */
	case 'G': return true; /* AArch64: tagged stack */
	case 'L': da_cursor_skip(c, 1); return true;
	case 'P':
		encoding = da_cursor_byte(c);
		da_cursor_encoded(c, encoding & 0x0f, cfi->hdr);
		return true;
	}
	return false;
}

/* The augmentation data, with the cursor behind it. @text is the augmentation text behind 'z'. */
static bool read_augmentation(const struct da_cfi *cfi, struct da_cfi_cie *cie,
			      struct da_cursor *text, struct da_cursor *c)
{
	uint64_t size = da_cursor_uleb(c);
	size_t start = c->at;
	uint8_t letter;

	while ((letter = da_cursor_byte(text)) != 0) {
		if (!augment(cfi, cie, letter, c))
			return false;
	}
	/* The size counts, not what the letters took. */
	if (c->bad || c->at - start > size)
		return false;
	c->at = start;
	da_cursor_skip(c, size);
	return !c->bad;
}

static APART bool read_cie(const struct da_cfi *cfi, da_addr at, struct da_cfi_cie *cie)
{
	struct da_cursor *c = &cie->program;
	struct da_cursor text;
	da_addr id_at;
	uint64_t id;
	uint8_t version, letter;

	da_zero(cie, sizeof(*cie));
	if (!open_entry(cfi, at, c, &id_at, &id) || id != 0)
		return false;
	version = da_cursor_byte(c);
	if (version != 1 && version != 3)
		return false;
	da_copy(&text, c, sizeof(text));
	do
		letter = da_cursor_byte(c);
	while (letter != 0);
	cie->code_align = da_cursor_uleb(c);
	cie->data_align = da_cursor_sleb(c);
	cie->ra_register = version == 1 ? da_cursor_unsigned(c, 1) : da_cursor_uleb(c);
	letter = da_cursor_byte(&text);
	cie->augmented = letter == 'z';
	if (letter != 0 && letter != 'z')
		return false;
	return cie->augmented ? read_augmentation(cfi, cie, &text, c) : !c->bad;
}

/* Read FDE and CIE. *begin_out: the code's first address; the cursor stands at the instructions. */
static APART bool read_fde(const struct da_cfi *cfi, da_addr at, da_addr pc, struct da_cfi_cie *cie,
			   struct da_cursor *c, da_addr *begin_out)
{
	da_addr id_at, begin;
	uint64_t id, size;

	if (!open_entry(cfi, at, c, &id_at, &id) || id == 0)
		return false;
	if (!read_cie(cfi, id_at - id, cie))
		return false;
	begin = da_cursor_encoded(c, cie->encoding, cfi->hdr);
	size = da_cursor_encoded(c, cie->encoding & 0x0f, cfi->hdr);
	if (cie->augmented)
		da_cursor_skip(c, da_cursor_uleb(c));
	*begin_out = begin;
	return !c->bad && pc >= begin && pc - begin < size;
}

/* The CFA of a row; false when a rule cannot say it. */
static bool convert_cfa(const struct da_cfi *cfi, const struct da_cfi_row *row, da_addr pc,
			struct da_rule *rule)
{
	rule->kind = DA_RULE_FRAME;
	rule->base = DA_RULE_SP;
	rule->cfa_offset = row->cfa_offset;
	if (row->cfa == DA_CFI_CFA_PLT) {
		rule->cfa_offset = (pc & 15) >= (da_addr)row->cfa_offset ? 2 * cfi->image.word :
									   cfi->image.word;
		return true;
	}
	if (row->cfa == DA_CFI_CFA_DEREF)
		rule->kind = DA_RULE_REALIGNED;
	if (row->cfa == DA_CFI_CFA_NONE)
		return false;
	if (row->cfa_register == cfi->reg.fp)
		rule->base = DA_RULE_FP;
	return rule->base == DA_RULE_FP || row->cfa_register == cfi->reg.sp;
}

static bool convert_fp(const struct da_cfi_row *row, struct da_rule *rule)
{
	enum da_cfi_how want = rule->kind == DA_RULE_REALIGNED ? DA_CFI_AT_FP : DA_CFI_AT_CFA;

	rule->fp_offset = row->offset[DA_CFI_FP];
	if (row->how[DA_CFI_FP] == want)
		rule->flags |= DA_RULE_FP_SAVED;
	else if (row->how[DA_CFI_FP] != DA_CFI_SAME)
		rule->flags |= DA_RULE_FP_LOST;
	return rule->kind != DA_RULE_REALIGNED || rule->base == DA_RULE_FP;
}

static bool convert_ra(const struct da_cfi *cfi, const struct da_cfi_row *row, struct da_rule *rule)
{
	rule->ra_offset = row->offset[DA_CFI_RA];
	if (row->how[DA_CFI_RA] == DA_CFI_SAME && cfi->reg.lr != DA_CFI_STRANGE)
		rule->flags |= DA_RULE_RA_IN_LR;
	else if (row->how[DA_CFI_RA] != DA_CFI_AT_CFA)
		return false;
	return true;
}

static APART void convert(const struct da_cfi *cfi, const struct da_cfi_row *row, da_addr pc,
			  struct da_rule *rule)
{
	struct da_rule r = { .kind = DA_RULE_NONE };

	if (row->how[DA_CFI_RA] == DA_CFI_UNDEFINED) {
		rule->kind = DA_RULE_END;
		return;
	}
	if (convert_cfa(cfi, row, pc, &r) && convert_fp(row, &r) && convert_ra(cfi, row, &r))
		*rule = r;
}

void da_cfi_find(const struct da_cfi *cfi, da_addr pc, struct da_rule *rule_out)
{
	struct da_cfi_cie cie;
	struct da_cursor program;
	struct da_cfi_row row;
	da_addr fde, range[2] = { 0, pc };

	*rule_out = (struct da_rule){ .kind = DA_RULE_NONE };
	if (!find_fde(cfi, pc, &fde) || !read_fde(cfi, fde, pc, &cie, &program, &range[0]))
		return;
	if (cie.signal)
		rule_out->kind = DA_RULE_SIGNAL;
	else if (da_cfi_program_run(cfi, &cie, &program, range, &row))
		convert(cfi, &row, pc, rule_out);
}
