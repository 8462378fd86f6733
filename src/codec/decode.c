/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/decode.h"

#include "base/bytes.h"
#include "codec/varint.h"

/* Bytes of the event under the cursor; @why is set, once, when they are bad. */
struct in {
	const uint8_t *p, *end;
	const char *why;
};

static uint64_t take(struct in *in)
{
	uint64_t v = 0;
	const uint8_t *p;

	if (in->why)
		return 0;
	p = da_varint_get(in->p, in->end, &v);
	if (!p) {
		in->why = "cut or over-long number";
		return 0;
	}
	in->p = p;
	return v;
}

static uint8_t take_byte(struct in *in)
{
	if (in->why || in->p == in->end) {
		if (!in->why)
			in->why = "cut event";
		return 0;
	}
	return *in->p++;
}

static const uint8_t *take_bytes(struct in *in, uint64_t len)
{
	const uint8_t *p = in->p;

	if (in->why || len > (size_t)(in->end - in->p)) {
		if (!in->why)
			in->why = "cut event";
		return NULL;
	}
	in->p += len;
	return p;
}

static uint32_t take_count(struct in *in, uint32_t max)
{
	uint64_t v = take(in);

	if (!in->why && v > max)
		in->why = "count out of range";
	return in->why ? 0 : (uint32_t)v;
}

static uint64_t take_order(struct in *in, uint8_t flags, uint64_t last)
{
	uint64_t step = flags & DA_EVENT_ORDER ? take(in) : 1;

	if (!in->why && (!step || step > UINT64_MAX - last))
		in->why = "order key does not grow";
	return last + step;
}

static uint64_t take_stack(struct da_decoder *d, struct in *in, uint8_t flags, enum da_kind kind)
{
	uint64_t id = flags & DA_EVENT_STACK ? take(in) : d->last_stack[kind];

	if (!in->why && id > d->n_stacks)
		in->why = "stack id not defined yet";
	return id;
}

static enum da_func take_func(struct in *in, uint8_t flags, enum da_func usual)
{
	uint8_t f = flags & DA_EVENT_FUNC ? take_byte(in) : (uint8_t)usual;

	if (!in->why && f >= DA_FUNC_COUNT)
		in->why = "unknown function code";
	return (enum da_func)f;
}

/* The address becomes the thread's last one. */
static da_addr take_addr(struct da_decoder *d, struct in *in, uint8_t flags)
{
	uint64_t v = take(in), step = (uint64_t)da_unzigzag(v >> 1);
	da_addr last = d->last_addr;

	if (v & 1)
		d->last_addr += flags & DA_EVENT_BYTES ? step : step << DA_ADDR_UNIT_LOG;
	else if (da_named_has(&d->named, v >> 1))
		d->last_addr = da_named_get(&d->named, v >> 1);
	else if (!in->why)
		in->why = "address not named yet";
	if (!in->why)
		da_named_put(&d->named, d->last_addr, last);
	return d->last_addr;
}

static void decode_alloc(struct da_decoder *d, struct in *in, uint8_t flags, struct da_event *e)
{
	e->order = take_order(in, flags, d->order);
	e->stack = take_stack(d, in, flags, e->kind);
	e->size = flags & DA_EVENT_SIZE ? take(in) : d->last_size;
	e->func = take_func(in, flags, DA_FUNC_MALLOC);
	if (e->kind == DA_KIND_ALLOC)
		e->addr = take_addr(d, in, flags);
	d->last_size = e->size;
	d->last_stack[e->kind] = e->stack;
	d->order = e->order;
}

static void decode_free(struct da_decoder *d, struct in *in, uint8_t flags, struct da_event *e)
{
	e->order = take_order(in, flags, d->order);
	e->stack = take_stack(d, in, flags, e->kind);
	e->func = take_func(in, flags, DA_FUNC_FREE);
	e->addr = flags & DA_EVENT_LAST ? d->last_addr : take_addr(d, in, flags);
	d->last_stack[e->kind] = e->stack;
	d->order = e->order;
}

static void decode_realloc(struct da_decoder *d, struct in *in, uint8_t flags, struct da_event *e)
{
	e->order = take_order(in, flags, d->order);
	e->order_acquired = take_order(in, flags, e->order);
	e->stack = take_stack(d, in, flags, e->kind);
	e->size = take(in);
	e->func = take_func(in, flags, DA_FUNC_REALLOC);
	e->old_addr = take_addr(d, in, flags);
	e->addr = flags & DA_EVENT_MOVED ? take_addr(d, in, flags) : e->old_addr;
	d->last_size = e->size;
	d->last_stack[e->kind] = e->stack;
	d->order = e->order_acquired;
}

static void decode_stack(struct da_decoder *d, struct in *in, struct da_event *e)
{
	uint32_t keep = take_count(in, d->last_depth);
	uint32_t n = take_count(in, DA_STREAM_MAX_FRAMES - keep);
	da_addr pc = keep ? d->frames[keep - 1] : 0;

	for (uint32_t i = keep; i < keep + n && !in->why; i++) {
		uint64_t v = take(in);

		pc += (uint64_t)da_unzigzag(v >> 1);
		d->frames[i] = pc;
		d->exact[i] = v & 1;
	}
	d->last_depth = keep + n;
	e->new_stack.end = take_byte(in);
	e->new_stack.id = ++d->n_stacks;
	e->new_stack.keep = keep;
	e->new_stack.n = n;
	e->new_stack.pcs = d->frames + keep;
	e->new_stack.exact = d->exact + keep;
}

static void decode_segment(struct in *in, struct da_segment *s)
{
	s->vaddr = take(in);
	s->memsz = take(in);
	s->offset = take(in);
	s->filesz = take(in);
	s->flags = take_byte(in);
}

static void decode_module(struct da_decoder *d, struct in *in, struct da_event *e)
{
	d->order = e->order = take_order(in, DA_EVENT_ORDER, d->order);
	e->module.id = take(in);
	if (e->ext == DA_EXT_MODULE_UNLOAD)
		return;
	e->module.bias = take(in);
	e->module.role = take_byte(in);
	e->module.path_len = take_count(in, DA_STREAM_MAX_TEXT);
	e->module.path = (const char *)take_bytes(in, e->module.path_len);
	e->module.build_id_len = take_count(in, DA_STREAM_MAX_BUILD_ID);
	e->module.build_id = take_bytes(in, e->module.build_id_len);
	e->module.n_segments = take_count(in, DA_STREAM_MAX_SEGMENTS);
	e->module.segments = d->segments;
	for (uint32_t i = 0; i < e->module.n_segments && !in->why; i++)
		decode_segment(in, &d->segments[i]);
}

static void decode_text(struct in *in, struct da_event *e)
{
	if (e->ext == DA_EXT_NAME_OF)
		e->text.thread = take(in);
	e->text.len = take_count(in, DA_STREAM_MAX_TEXT);
	e->text.bytes = (const char *)take_bytes(in, e->text.len);
}

static void decode_end(struct in *in, struct da_event *e)
{
	e->end.kind = take(in);
	e->end.value = take(in);
	e->end.seen = take(in);
	e->end.recorded = take(in);
}

static void decode_ext(struct da_decoder *d, struct in *in, struct da_event *e)
{
	switch (e->ext) {
	case DA_EXT_STACK: decode_stack(d, in, e); break;
	case DA_EXT_THREAD: e->tid = take(in); break;
	case DA_EXT_MODULE_LOAD:
	case DA_EXT_MODULE_UNLOAD: decode_module(d, in, e); break;
	case DA_EXT_CLOCK: d->time_ns += take(in); break;
	case DA_EXT_THREAD_END: break;
	case DA_EXT_THREAD_NAME:
	case DA_EXT_NAME_OF:
	case DA_EXT_NOTE: decode_text(in, e); break;
	case DA_EXT_WATERMARK: e->watermark = take(in); break;
	case DA_EXT_RSS: e->rss.time_ns = take(in), e->rss.bytes = take(in); break;
	case DA_EXT_LOST: e->lost.reason = take(in), e->lost.events = take(in); break;
	case DA_EXT_END: decode_end(in, e); break;
	default: in->why = "unknown extended event";
	}
}

enum da_decode_status da_decode(struct da_decoder *d, struct da_cursor *c, struct da_event *event)
{
	struct in in = { .p = c->bytes + c->pos, .end = c->bytes + c->len };
	uint8_t flags;

	if (c->pos == c->len)
		return DA_DECODE_DONE;
	flags = *in.p++;
	*event = (struct da_event){ .kind = (enum da_kind)(flags & 7) };
	switch (event->kind) {
	case DA_KIND_EXT:
		event->ext = (enum da_ext)(flags >> 3);
		decode_ext(d, &in, event);
		break;
	case DA_KIND_ALLOC:
	case DA_KIND_FAIL: decode_alloc(d, &in, flags, event); break;
	case DA_KIND_FREE: decode_free(d, &in, flags, event); break;
	case DA_KIND_REALLOC: decode_realloc(d, &in, flags, event); break;
	default: in.why = "unknown kind of event";
	}
	event->time_ns = d->time_ns;
	if (in.why) {
		c->why = in.why;
		return DA_DECODE_BAD;
	}
	c->pos = (size_t)(in.p - c->bytes);
	return DA_DECODE_EVENT;
}
