/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "symbols/search.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "ds/mem.h"

#define PATH_BYTES 4096

/* ---- life ---- */

static bool open_all(struct da_rootfs **out, size_t *n_out, const char *const *dirs, size_t n,
		     bool walk, struct da_err *err)
{
	*out = da_xcalloc(n, sizeof(**out));
	for (*n_out = 0; *n_out < n; ++*n_out)
		if (!da_rootfs_open(&(*out)[*n_out], dirs[*n_out], walk, err))
			return false;
	return true;
}

static void copy_maps(struct da_search *s, const struct da_symbols_options *options)
{
	s->maps = da_xcalloc(options->n_path_maps, sizeof(*s->maps));
	s->n_maps = options->n_path_maps;
	for (size_t i = 0; i < s->n_maps; i++) {
		s->maps[i].from = da_xstrdup(options->path_maps[i].from);
		s->maps[i].to = da_xstrdup(options->path_maps[i].to);
	}
}

bool da_search_init(struct da_search *s, const struct da_symbols_options *options,
		    struct da_err *err)
{
	bool walk = options->no_openat2;

	*s = (struct da_search){.root = {.dir_fd = -1}};
	copy_maps(s, options);
	if (da_rootfs_open(&s->root, options->rootfs, walk, err) &&
	    open_all(&s->debugs, &s->n_debugs, options->debug_paths, options->n_debug_paths, walk,
		     err) &&
	    open_all(&s->extras, &s->n_extras, options->extra_paths, options->n_extra_paths, walk,
		     err))
		return true;
	da_search_deinit(s);
	return false;
}

static void close_all(struct da_rootfs *jails, size_t n)
{
	for (size_t i = 0; i < n; i++)
		da_rootfs_close(&jails[i]);
	free(jails);
}

void da_search_deinit(struct da_search *s)
{
	da_rootfs_close(&s->root);
	close_all(s->debugs, s->n_debugs);
	close_all(s->extras, s->n_extras);
	for (size_t i = 0; i < s->n_maps; i++) {
		free((char *)s->maps[i].from);
		free((char *)s->maps[i].to);
	}
	free(s->maps);
	*s = (struct da_search){.root = {.dir_fd = -1}};
}

void da_search_files_deinit(struct da_search_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		close(files->items[i].fd);
		free(files->items[i].name);
	}
	files->n = 0;
	files->failures[0] = '\0';
}

/* ---- one candidate ---- */

static void add_failure(struct da_search_files *out, const char *text)
{
	size_t n = strlen(out->failures);

	da_fmt(out->failures + n, sizeof(out->failures) - n, "%s%s", n ? "; " : "", text);
}

static char *shown_name(const struct da_rootfs *jail, const char *path)
{
	const char *slash = path[0] == '/' ? "" : "/";
	size_t size = strlen(jail->prefix) + strlen(slash) + strlen(path) + 1;
	char *name = da_xmalloc(size);

	da_fmt(name, size, "%s%s%s", jail->prefix, slash, path);
	return name;
}

static void try_file(const struct da_rootfs *jail, const char *path, bool by_link,
		struct da_search_files *out)
{
	struct da_err err;
	int fd;

	if (out->n == DA_SEARCH_MAX_FILES)
		return;
	if (!da_rootfs_open_file(jail, path, &fd, &err)) {
		add_failure(out, err.text);
		return;
	}
	out->items[out->n++] = (struct da_box_file){
		.fd = fd, .name = shown_name(jail, path), .by_link = by_link};
}

/* ---- what to try ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* @path with the first --path-map that fits; false if the result is too long. */
static bool map_path(const struct da_search *s, const char *path, char out[PATH_BYTES])
{
	const char *to = "";

	for (size_t i = 0; i < s->n_maps; i++) {
		size_t len = strlen(s->maps[i].from);
		if (strncmp(path, s->maps[i].from, len) == 0) {
			to = s->maps[i].to;
			path += len;
			break;
		}
	}
	if (strlen(to) + strlen(path) >= PATH_BYTES)
		return false;
	da_fmt(out, PATH_BYTES, "%s%s", to, path);
	return true;
}

void da_search_module(const struct da_search *s, const char *path, struct da_search_files *out)
{
	char mapped[PATH_BYTES];
	const char *base = base_name(path);

	if (map_path(s, path, mapped))
		try_file(&s->root, mapped, false, out);
	for (size_t i = 0; i < s->n_extras && base[0]; i++)
		try_file(&s->extras[i], base, false, out);
}

/* DIR/xx/yyyy.debug; false for an id too short to have such a name. */
static bool id_path(char *out, size_t size, const char *dir, const uint8_t *id, size_t id_len)
{
	size_t at = da_fmt(out, size, "%s/", dir);

	if (id_len < 2)
		return false;
	for (size_t i = 0; i < id_len; i++)
		at += da_fmt(out + at, size - at, i == 0 ? "%02x/" : "%02x", id[i]);
	da_fmt(out + at, size - at, ".debug");
	return true;
}

void da_search_build_id(const struct da_search *s, const uint8_t *id, size_t id_len,
			struct da_search_files *out)
{
	char path[512];

	if (!id_path(path, sizeof(path), "/usr/lib/debug/.build-id", id, id_len))
		return;
	try_file(&s->root, path, false, out);
	id_path(path, sizeof(path), ".build-id", id, id_len);
	for (size_t i = 0; i < s->n_debugs; i++)
		try_file(&s->debugs[i], path, false, out);
}

/* PREFIX + directory of the module + MIDDLE + NAME in @jail. */
static void try_beside(const struct da_rootfs *jail, const char *prefix, const char *module_path,
		       const char *middle, const char *name, struct da_search_files *out)
{
	char path[PATH_BYTES];
	int dir_len = (int)(base_name(module_path) - module_path);

	size_t n = da_fmt(path, sizeof(path), "%s%.*s%s%s", prefix, dir_len, module_path, middle,
			  name);
	if (n + 1 < sizeof(path))
		try_file(jail, path, true, out);
}

void da_search_link(const struct da_search *s, const char *module_path, const char *name,
		    struct da_search_files *out)
{
	char mapped[PATH_BYTES];

	if (!map_path(s, module_path, mapped))
		return;
	try_beside(&s->root, "", mapped, "", name, out);
	try_beside(&s->root, "", mapped, ".debug/", name, out);
	try_beside(&s->root, "/usr/lib/debug", mapped, "", name, out);
	for (size_t i = 0; i < s->n_debugs; i++) {
		try_beside(&s->debugs[i], "", mapped, "", name, out);
		try_file(&s->debugs[i], name, true, out);
	}
	for (size_t i = 0; i < s->n_extras; i++)
		try_file(&s->extras[i], name, true, out);
}

void da_search_alt(const struct da_search *s, const char *path, const uint8_t *id, size_t id_len,
		   struct da_search_files *out)
{
	char beside[PATH_BYTES];
	const char *base = base_name(path);

	da_search_build_id(s, id, id_len, out);
	try_file(&s->root, path, false, out);
	/*
	 * dwz keeps these in .dwz; the path given is mostly relative to a place we do not follow.
	 */
	if (strlen(base) + 32 > sizeof(beside))
		return;
	da_fmt(beside, sizeof(beside), "/usr/lib/debug/.dwz/%s", base);
	try_file(&s->root, beside, false, out);
	for (size_t i = 0; i < s->n_debugs; i++)
		try_file(&s->debugs[i], beside + strlen("/usr/lib/debug"), false, out);
}
