/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/record_summary.h"

#include <stdio.h>
#include <string.h>

#include "cmd/quantity.h"
#ifdef HAVE_REPORT
#include "cmd/report_read.h"
#endif

/* Less than 0.1 s of replay: the user waits. Bytes would tell little of that. */
#define REPLAY_MAX_EVENTS 1000000u

static void describe_loss(const uint64_t *lost, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < DA_LOST_COUNT; i++) {
		if (lost[i] && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s: %llu", n ? ", " : " (",
					      da_lost_name(i), (unsigned long long)lost[i]);
	}
	if (n && n + 1 < size)
		strcpy(buf + n, ")");
}

/* "…, 0 events lost" at the end of the first line. */
static void describe_events(const struct da_record_session *s, char *buf, size_t size)
{
	uint64_t seen, recorded, lost[DA_LOST_COUNT];
	char time[DA_QUANTITY_TEXT], why[256];

	da_drain_count(&s->drain, &seen, &recorded, lost);
	describe_loss(lost, why, sizeof why);
	snprintf(buf, size, "%llu events in %s, %llu lost%s", (unsigned long long)recorded,
		 da_quantity_format_time(time, s->drain.now_ns),
		 (unsigned long long)(seen - recorded), why);
}

static bool is_file(const struct da_record_session *s)
{
	const struct da_record_options *o = s->options;

	return s->drain.streams[0]->writer.out.store.path[0] &&
	       !(o->output && !strcmp(o->output, "-"));
}

#ifdef HAVE_REPORT

/* @return false when the file could not be replayed. */
static bool summarize_heap(const struct da_record_session *s, const char *events)
{
	uint64_t seen, recorded, lost[DA_LOST_COUNT];
	const struct da_store *store = &s->drain.streams[0]->writer.out.store;
	char bytes[DA_QUANTITY_TEXT], peak[DA_QUANTITY_TEXT], live[DA_QUANTITY_TEXT];
	struct da_report_recording rec;
	const struct da_model_totals *t;

	da_drain_count(&s->drain, &seen, &recorded, lost);
	if (da_options_common()->quiet || !is_file(s) || s->drain.streams[0]->writer.is_cut ||
	    recorded > REPLAY_MAX_EVENTS || !da_report_read(&rec, store->path, false, NULL))
		return false;
	t = &rec.model->totals;
	da_message_note(
		"%llu calls allocated %s, peak %s, %llu blocks not freed (%s)",
		(unsigned long long)t->alloc_calls, da_quantity_format_size(bytes, t->alloc_bytes),
		da_quantity_format_size(peak, t->peak_bytes), (unsigned long long)t->live_blocks,
		da_quantity_format_size(live, t->live_bytes));
	da_message_note("%s", events);
	da_report_close(&rec);
	return true;
}

#else

static bool summarize_heap(const struct da_record_session *s, const char *events)
{
	(void)s, (void)events;
	return false;
}

#endif

static void summarize_children(const struct da_record_session *s)
{
	uint32_t forks = __atomic_load_n(&s->shared.pool->forks, __ATOMIC_RELAXED);
	unsigned recorded = 0;

	for (uint32_t i = 1; i < s->drain.n_streams; i++)
		recorded += s->drain.streams[i] && s->drain.streams[i]->writer.seq;
	if (recorded)
		da_message_note("%u forked children have recordings of their own", recorded);
	if (forks)
		da_message_note("%u forked children were not recorded (-f records them)", forks);
	if (s->drain.streams[0]->replaced)
		da_message_note("the program executed another one, which was not recorded");
}

void da_record_summarize(const struct da_record_session *s)
{
	const struct da_store *store = &s->drain.streams[0]->writer.out.store;
	char size[DA_QUANTITY_TEXT], events[512];

	describe_events(s, events, sizeof events);
	if (!summarize_heap(s, events))
		da_message_note("%s", events);
	summarize_children(s);
	if (s->options->server)
		da_message_note("%s to %s",
				s->drain.streams[0]->writer.is_unsent ? "only a part was sent" :
									"sent",
				s->options->server);
	if (is_file(s))
		da_message_note("%s%s in %s; to see it: dumpalloc report %s",
				s->drain.streams[0]->writer.is_cut ? "only the first " : "",
				da_quantity_format_size(size, store->bytes), store->path,
				store->path);
}
