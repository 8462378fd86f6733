/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/modules_tell.h"

#include "base/bytes.h"
#include "base/sys.h"
#include "preload/lease.h"
#include "preload/shim.h"

#define PATH_BYTES DA_MODULES_TELL_PATH_BYTES

/* Not on the stack, which may be a small one. */
static struct {
	struct da_event event;
	struct da_segment segments[DA_STREAM_MAX_SEGMENTS];
	char path[PATH_BYTES];
} scratch;

static void set_executable_path(struct da_event *e)
{
	const char *name = (const char *)da_shim.linkmap.auxv.execfn;
	long n = da_sys_readlink("/proc/self/exe", scratch.path, PATH_BYTES);

	e->module.path = n > 0 ? scratch.path : name;
	e->module.path_len = n > 0 ? (uint32_t)n :
			     name  ? (uint32_t)da_text_length(name, PATH_BYTES - 1) :
				     0;
}

/* Relative to the directory of this moment, which is mostly that of dlopen(). */
static void set_relative_path(struct da_event *e)
{
	size_t len = e->module.path_len;
	long n = da_sys_getcwd(scratch.path, PATH_BYTES - len - 1);

	if (n <= 1)
		return;
	scratch.path[n - 1] = '/';
	da_copy(scratch.path + n, e->module.path, len);
	e->module.path = scratch.path;
	e->module.path_len = (uint32_t)(n + (long)len);
}

static void set_path(struct da_event *e, const struct da_modules_tell *what)
{
	e->module.path = what->path;
	e->module.path_len = (uint32_t)da_text_length(what->path, PATH_BYTES - 1);
	if (what->role == DA_MODULE_EXECUTABLE)
		set_executable_path(e);
	else if (what->role == DA_MODULE_LIBRARY && what->path[0] != '/')
		set_relative_path(e);
}

static uint32_t set_segments(const struct da_image *image)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < image->n_phdrs && n < DA_STREAM_MAX_SEGMENTS; i++) {
		const ElfW(Phdr) *p = &image->phdrs[i];

		if (p->p_type == PT_LOAD)
			scratch.segments[n++] =
				(struct da_segment){ p->p_vaddr, p->p_memsz, p->p_offset,
						     p->p_filesz, p->p_flags & 7 };
	}
	return n;
}

bool da_modules_tell_load(struct da_thread *t, const struct da_modules_tell *what)
{
	struct da_event *e = &scratch.event;
	uint8_t *p;

	set_path(e, what);
	e->module.id = what->module->id;
	e->module.bias = what->module->bias;
	e->module.role = what->role;
	e->module.build_id = what->image->build_id;
	e->module.build_id_len = what->image->build_id_len;
	e->module.segments = scratch.segments;
	e->module.n_segments = set_segments(what->image);
	p = da_lease_room(t, DA_ENCODE_MODULE_MAX(e->module.path_len, e->module.n_segments));
	if (!p)
		return false;
	e->order = da_order_next(&da_shim.pool->order, t->encoder.order);
	da_lease_commit(t, da_encode_module(&t->encoder, p, e));
	return true;
}

bool da_modules_tell_unload(struct da_thread *t, uint32_t id)
{
	struct da_event *e = &scratch.event;
	uint8_t *p = da_lease_room(t, DA_ENCODE_EVENT_MAX);

	if (!p)
		return false;
	e->module.id = id;
	e->order = da_order_next(&da_shim.pool->order, t->encoder.order);
	da_lease_commit(t, da_encode_unload(&t->encoder, p, e));
	return true;
}
