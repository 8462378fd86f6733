/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/folded.h"

#include <inttypes.h>

static void put_name(const char *name, FILE *out)
{
	for (; *name; name++)
		putc(*name == ';' ? ':' : *name, out);
}

static void put_site(const struct da_report *r, const struct da_model_site *site, uint64_t value,
		     FILE *out)
{
	char label[DA_NAMES_LABEL];
	size_t n;
	const struct da_names_frame *frames = da_names_stack(r->names, site, &n);

	if (n == 0)
		fputs("[no stack]", out);
	for (size_t i = n; i > 0; i--) {
		put_name(da_names_label(r->names, &frames[i - 1], label), out);
		if (i > 1)
			putc(';', out);
	}
	fprintf(out, " %" PRIu64 "\n", value);
}

void da_folded_write(const struct da_report *r, enum da_report_key key, FILE *out)
{
	char sampling[DA_REPORT_SAMPLING];

	if (r->model->sample_bytes)
		fprintf(out, "# %s\n", da_report_sampling(r->model, sampling));
	for (size_t i = 0; i < r->model->n_sites; i++) {
		const struct da_model_site *site = &r->model->sites[i];
		uint64_t value = da_report_site_value(site, key);

		if (value)
			put_site(r, site, value, out);
	}
}
