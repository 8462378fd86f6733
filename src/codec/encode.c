/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/encode.h"

#include "base/bytes.h"
#include "codec/varint.h"

static uint8_t *put_ext(uint8_t *p, enum da_ext ext)
{
	*p++ = (uint8_t)(ext << 3 | DA_KIND_EXT);
	return p;
}

/* An address to write, found out before the event's flags are. */
struct place {
	uint32_t distance; /* 0: as a difference */
	int64_t step; /* in bytes */
};

/* Where @addr is, as seen from the thread's last address, which it becomes. */
static struct place name_addr(struct da_encoder *e, da_addr addr)
{
	struct place w = { 0 };

	/* else a difference might not fit: no CPU has such addresses, but a wild free() may */
	addr &= DA_ADDR_MASK;
	w.step = (int64_t)(addr - e->last_addr);
	if (e->named)
		w.distance = da_named_enter(e->named, addr, e->last_addr);
	e->last_addr = addr;
	return w;
}

/* Whether the address can be told in units, or without: then no flag, else DA_EVENT_BYTES. */
static uint8_t unit_flag(const struct place *w)
{
	return !w->distance && w->step & ((1u << DA_ADDR_UNIT_LOG) - 1) ? DA_EVENT_BYTES : 0;
}

static uint8_t *put_addr(uint8_t *p, uint8_t flags, const struct place *w)
{
	int64_t step = flags & DA_EVENT_BYTES ? w->step : w->step >> DA_ADDR_UNIT_LOG;

	return da_varint_put(p,
			     w->distance ? (uint64_t)w->distance << 1 : da_zigzag(step) << 1 | 1);
}

/* The fields that all heap events begin with: order increment and stack. */
static uint8_t *put_stack(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	if (event->stack != e->last_stack[event->kind]) {
		p = da_varint_put(p, event->stack);
		e->last_stack[event->kind] = (uint32_t)event->stack;
	}
	return p;
}

static uint8_t common_flags(const struct da_encoder *e, const struct da_event *event,
			    enum da_func usual)
{
	uint8_t flags = (uint8_t)event->kind;

	if (event->order != e->order + 1)
		flags |= DA_EVENT_ORDER;
	if (event->stack != e->last_stack[event->kind])
		flags |= DA_EVENT_STACK;
	if (event->func != usual)
		flags |= DA_EVENT_FUNC;
	return flags;
}

uint8_t *da_encode_alloc(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	uint8_t flags = common_flags(e, event, DA_FUNC_MALLOC);
	struct place w = { 0 };

	if (event->size != e->last_size)
		flags |= DA_EVENT_SIZE;
	if (event->kind == DA_KIND_ALLOC) {
		w = name_addr(e, event->addr);
		flags |= unit_flag(&w);
	}
	*p++ = flags;
	if (flags & DA_EVENT_ORDER)
		p = da_varint_put(p, event->order - e->order);
	p = put_stack(e, p, event);
	if (flags & DA_EVENT_SIZE)
		p = da_varint_put(p, event->size);
	if (flags & DA_EVENT_FUNC)
		*p++ = (uint8_t)event->func;
	if (event->kind == DA_KIND_ALLOC)
		p = put_addr(p, flags, &w);
	e->last_size = event->size;
	e->order = event->order;
	return p;
}

uint8_t *da_encode_free(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	uint8_t flags = common_flags(e, event, DA_FUNC_FREE);
	struct place w = { 0 };

	if (event->addr == e->last_addr) {
		flags |= DA_EVENT_LAST;
	} else {
		w = name_addr(e, event->addr);
		flags |= unit_flag(&w);
	}
	*p++ = flags;
	if (flags & DA_EVENT_ORDER)
		p = da_varint_put(p, event->order - e->order);
	p = put_stack(e, p, event);
	if (flags & DA_EVENT_FUNC)
		*p++ = (uint8_t)event->func;
	if (!(flags & DA_EVENT_LAST))
		p = put_addr(p, flags, &w);
	e->order = event->order;
	return p;
}

uint8_t *da_encode_realloc(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	uint8_t flags = common_flags(e, event, DA_FUNC_REALLOC);
	struct place old, new;

	if (event->order_acquired != event->order + 1)
		flags |= DA_EVENT_ORDER;
	old = name_addr(e, event->old_addr);
	new = name_addr(e, event->addr);
	flags |= unit_flag(&old);
	if (event->addr != event->old_addr)
		flags |= DA_EVENT_MOVED | unit_flag(&new);
	*p++ = flags;
	if (flags & DA_EVENT_ORDER) {
		p = da_varint_put(p, event->order - e->order);
		p = da_varint_put(p, event->order_acquired - event->order);
	}
	p = put_stack(e, p, event);
	p = da_varint_put(p, event->size);
	if (flags & DA_EVENT_FUNC)
		*p++ = (uint8_t)event->func;
	p = put_addr(p, flags, &old);
	if (flags & DA_EVENT_MOVED)
		p = put_addr(p, flags, &new);
	e->last_size = event->size;
	e->order = event->order_acquired;
	return p;
}

/* Outer frames of @f that are those of the stack defined last. */
static uint32_t shared_frames(const struct da_encoder *e, const struct da_encode_frames *f)
{
	uint32_t most = f->n < e->depth ? f->n : e->depth;
	uint32_t keep = 0;

	while (keep < most && e->frames[keep] == f->pcs[keep] && e->exact[keep] == f->exact[keep])
		keep++;
	return keep;
}

size_t da_encode_stack_bytes(const struct da_encoder *e, const struct da_encode_frames *f)
{
	return DA_ENCODE_STACK_MAX(f->n - shared_frames(e, f));
}

uint8_t *da_encode_stack(struct da_encoder *e, uint8_t *p, const struct da_encode_frames *f)
{
	uint32_t keep = shared_frames(e, f);
	da_addr last = keep ? e->frames[keep - 1] : 0;

	p = put_ext(p, DA_EXT_STACK);
	p = da_varint_put(p, keep);
	p = da_varint_put(p, f->n - keep);
	for (uint32_t i = keep; i < f->n; i++) {
		uintptr_t pc = f->pcs[i];

		e->frames[i] = pc;
		e->exact[i] = f->exact[i];
		p = da_varint_put(p, da_zigzag((int64_t)(pc - last)) << 1 | e->exact[i]);
		last = pc;
	}
	*p++ = f->end;
	e->depth = f->n;
	e->n_stacks++;
	return p;
}

static uint8_t *put_counted(uint8_t *p, const void *bytes, uint32_t len)
{
	p = da_varint_put(p, len);
	da_copy(p, bytes, len);
	return p + len;
}

uint8_t *da_encode_module(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	p = put_ext(p, DA_EXT_MODULE_LOAD);
	p = da_varint_put(p, event->order - e->order);
	p = da_varint_put(p, event->module.id);
	p = da_varint_put(p, event->module.bias);
	*p++ = event->module.role;
	p = put_counted(p, event->module.path, event->module.path_len);
	p = put_counted(p, event->module.build_id, event->module.build_id_len);
	p = da_varint_put(p, event->module.n_segments);
	for (uint32_t i = 0; i < event->module.n_segments; i++) {
		const struct da_segment *s = &event->module.segments[i];

		p = da_varint_put(p, s->vaddr);
		p = da_varint_put(p, s->memsz);
		p = da_varint_put(p, s->offset);
		p = da_varint_put(p, s->filesz);
		*p++ = (uint8_t)s->flags;
	}
	e->order = event->order;
	return p;
}

uint8_t *da_encode_unload(struct da_encoder *e, uint8_t *p, const struct da_event *event)
{
	p = put_ext(p, DA_EXT_MODULE_UNLOAD);
	p = da_varint_put(p, event->order - e->order);
	p = da_varint_put(p, event->module.id);
	e->order = event->order;
	return p;
}

uint8_t *da_encode_numbers(uint8_t *p, enum da_ext ext, const uint64_t *numbers, unsigned n)
{
	p = put_ext(p, ext);
	for (unsigned i = 0; i < n; i++)
		p = da_varint_put(p, numbers[i]);
	return p;
}

uint8_t *da_encode_text(uint8_t *p, enum da_ext ext, const char *bytes, uint32_t len)
{
	return put_counted(put_ext(p, ext), bytes, len);
}

uint8_t *da_encode_name_of(uint8_t *p, uint64_t serial, const char *bytes, uint32_t len)
{
	return put_counted(da_varint_put(put_ext(p, DA_EXT_NAME_OF), serial), bytes, len);
}
