/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/text.h"

void da_text_write(const struct da_report *r, const struct da_text_options *options, FILE *out)
{
	static const enum da_text_section by_site[] = { DA_TEXT_PEAK, DA_TEXT_LEAKS, DA_TEXT_CALLS,
							DA_TEXT_TEMPORARY };
	struct da_groups groups;
	struct da_text_page t = {
		.r = r,
		.options = options,
		.layout = { .out = out, .columns = options->columns, .color = options->color },
		.groups = &groups,
	};

	da_groups_init(&groups, r);
	da_text_put_head(&t);
	da_text_put_quality(&t);
	da_text_put_totals(&t);
	if (options->sections & DA_TEXT_TIMELINE)
		da_text_put_timeline(&t);
	if (options->sections & DA_TEXT_HISTOGRAM)
		da_text_put_histogram(&t);
	for (size_t i = 0; i < sizeof by_site / sizeof *by_site; i++)
		if (options->sections & by_site[i])
			da_text_put_sites(&t, by_site[i]);
	if (options->sections & DA_TEXT_THREADS)
		da_text_put_threads(&t);
	if (options->sections & DA_TEXT_MODULES)
		da_text_put_modules(&t);
	da_groups_deinit(&groups);
}
