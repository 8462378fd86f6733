/* SPDX-License-Identifier: GPL-3.0-or-later */
/** Which files may be a module, its separate debug file or that one's shared file; opens them. */
#ifndef DA_SYMBOLS_SEARCH_H
#define DA_SYMBOLS_SEARCH_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "symbols/box.h"
#include "symbols/rootfs.h"
#include "symbols/symbols.h"

/** Candidates opened per list; more are not looked for. */
#define DA_SEARCH_MAX_FILES 8

/** Where to look. */
struct da_search {
	struct da_rootfs root;
	/** Jails of --debug-path and --extra-path. */
	struct da_rootfs *debugs;
	size_t n_debugs;
	struct da_rootfs *extras;
	size_t n_extras;
	struct da_symbols_path_map *maps;
	size_t n_maps;
};

/** Open files, best candidate first. Zero-filled is the empty list. */
struct da_search_files {
	struct da_box_file items[DA_SEARCH_MAX_FILES];
	size_t n;
	/** What could not be opened and why, joined with "; "; "" if all could. */
	char failures[DA_ERR_TEXT];
};

/**
 * Open the directories of @options and copy the rest.
 * @return false with @err if one is no directory; @s need not be deinited then.
 */
bool da_search_init(struct da_search *s, const struct da_symbols_options *options,
		    struct da_err *err);

/** Close and free. */
void da_search_deinit(struct da_search *s);

/** Close and free the files, emptying the list. */
void da_search_files_deinit(struct da_search_files *files);

/** Candidates for the module at @path on the device: in the rootfs, then by base name. */
void da_search_module(const struct da_search *s, const char *path, struct da_search_files *out);

/** Add .build-id/xx/yyyy.debug files for @id. */
void da_search_build_id(const struct da_search *s, const uint8_t *id, size_t id_len,
			struct da_search_files *out);

/**
 * Add files that .gnu_debuglink of the module at @module_path can mean with @name: that file beside
 * the module, in .debug beside it, below /usr/lib/debug and below each --debug-path.
 */
void da_search_link(const struct da_search *s, const char *module_path, const char *name,
		    struct da_search_files *out);

/** Add what .gnu_debugaltlink can mean with @path, and with the build-id @id. */
void da_search_alt(const struct da_search *s, const char *path, const uint8_t *id, size_t id_len,
		   struct da_search_files *out);

#endif
