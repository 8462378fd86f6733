/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/layout.h"

#include <string.h>

#include "report/clean.h"
#include "report/units.h"

#define LABEL_COLUMNS 12

void da_layout_heading(const struct da_layout *l, const char *title, const char *text)
{
	fprintf(l->out, "\n%s%s%s", l->color ? "\033[1m" : "", title, l->color ? "\033[0m" : "");
	if (!text) {
		putc('\n', l->out);
		return;
	}
	fputs(": ", l->out);
	da_layout_wrap(l, (unsigned)strlen(title) + 2, 2, 3, text);
}

/* Bytes of the line to cut from @text, at most @fit: after the last space or comma (but one within
 * a number), if it is not too far to the left. */
static size_t break_at(const char *text, size_t fit)
{
	for (size_t i = fit; i > fit / 2; i--)
		if (text[i - 1] == ' ' || (text[i - 1] == ',' && (text[i] < '0' || text[i] > '9')))
			return i;
	return fit;
}

static size_t without_spaces(const char *text, size_t n)
{
	while (n > 0 && text[n - 1] == ' ')
		n--;
	return n;
}

void da_layout_wrap(const struct da_layout *l, unsigned used, unsigned hang, unsigned max_lines,
		    const char *text)
{
	size_t len = strlen(text);
	unsigned room = l->columns > used ? l->columns - used : 1;

	for (unsigned line = 1;; line++) {
		size_t n = da_clean_fit(text, len, room);
		bool is_last = n == len || line == max_lines;

		if (n < len && line == max_lines && n > 3)
			fprintf(l->out, "%.*s...\n", (int)da_clean_fit(text, len, room - 3), text);
		else if (is_last)
			fprintf(l->out, "%.*s\n", (int)n, text);
		if (is_last)
			return;
		n = break_at(text, n ? n : 1);
		fprintf(l->out, "%.*s\n%*s", (int)without_spaces(text, n), text, (int)hang, "");
		text += n;
		len -= n;
		room = l->columns - hang;
	}
}

void da_layout_field(const struct da_layout *l, const char *label, const char *text)
{
	fprintf(l->out, "  %-*s", LABEL_COLUMNS, label);
	da_layout_wrap(l, LABEL_COLUMNS + 2, LABEL_COLUMNS + 2, 8, text);
}

void da_layout_row_head(const struct da_layout *l, const char *last)
{
	fprintf(l->out, "%10s %7s %11s %11s  %s\n", "bytes", "share", "blocks", "average", last);
}

void da_layout_row(const struct da_layout *l, const struct da_layout_row *row)
{
	char bytes[DA_UNITS_TEXT] = "-", share[DA_UNITS_TEXT], blocks[DA_UNITS_TEXT];
	char average[DA_UNITS_TEXT] = "-";

	if (row->average_blocks)
		da_units_bytes(average, row->average_bytes / row->average_blocks);
	if (row->bytes != UINT64_MAX)
		da_units_bytes(bytes, row->bytes);
	da_units_count(blocks, row->blocks);
	if (strlen(blocks) > 11)
		da_units_short(blocks, row->blocks);
	fprintf(l->out, "%10s %7s %11s %11s", bytes, da_units_share(share, row->part, row->whole),
		blocks, average);
}
