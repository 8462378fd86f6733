/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Names for addresses: (module path, build-id, ELF virtual addresses) -> functions, source lines
 * and inlined frames. Knows nothing of heaps.
 *
 * Every ELF and DWARF file is hostile: it is opened through the jail of symbols/rootfs.h and parsed
 * in a worker process with limits (symbols/worker.h). A file that breaks its worker costs the names
 * of that module and nothing else.
 */
#ifndef DA_SYMBOLS_SYMBOLS_H
#define DA_SYMBOLS_SYMBOLS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "base/err.h"
#include "base/types.h"

/** How C++, Rust and D names are shown. */
enum da_symbols_demangle {
	/** With parameters and template arguments: "ns::f<int>(char const*)". */
	DA_SYMBOLS_DEMANGLE_FULL,
	/** Without either: "ns::f". */
	DA_SYMBOLS_DEMANGLE_SHORT,
	/** As the linker sees it: "_ZN2ns1fIiEEvPKc". */
	DA_SYMBOLS_DEMANGLE_NONE,
};

/** One rule of --path-map: a module path that starts with @from starts with @to instead. */
struct da_symbols_path_map {
	const char *from;
	const char *to;
};

/**
 * What da_symbols_create() is asked for. All zero is a sensible default without inlined frames: the
 * host's own files, full names. Everything pointed to is copied.
 */
struct da_symbols_options {
	/** Directory that stands for the device's "/"; NULL for this machine's own "/". */
	const char *rootfs;
	/**
	 * Host directories with separate debug files (--debug-path): DIR/.build-id/xx/yyyy.debug,
	 * DIR/<module's dir>/NAME.debug, DIR/NAME.debug. May be NULL.
	 */
	const char *const *debug_paths;
	size_t n_debug_paths;
	/** Host directories with modules found by base name (--extra-path). May be NULL. */
	const char *const *extra_paths;
	size_t n_extra_paths;
	/**
	 * Applied to module paths before they are looked up in the rootfs; the first match wins.
	 */
	const struct da_symbols_path_map *path_maps;
	size_t n_path_maps;
	/** Whether inlined functions get frames of their own. */
	bool inlines;
	enum da_symbols_demangle demangle;
	/**
	 * Use no name of a file whose build-id differs from, or cannot be compared with, the
	 * recording's.
	 */
	bool strict_build_id;
	/** Tests: resolve paths by the component walk even where openat2() exists. */
	bool no_openat2;
	/** Wall-clock seconds a worker gets; 0 for the default of 30. */
	unsigned int worker_seconds;
};

/** How the file that gave (or did not give) the names relates to the recorded module. */
enum da_symbols_verdict {
	/** The file's build-id is the recorded one. */
	DA_SYMBOLS_MATCH,
	/** The file's build-id is another: names are wrong where the two differ. */
	DA_SYMBOLS_MISMATCH,
	/** No file, or none that could be read: no names. */
	DA_SYMBOLS_ABSENT,
	/** The recording or the file has no build-id: names may be wrong. */
	DA_SYMBOLS_UNVERIFIED,
};

/** One module and the addresses in it that need names. Lent for the duration of a call. */
struct da_symbols_query {
	/** Path on the device as recorded; "[vdso]", "[stack]" and the like have no file. */
	const char *path;
	/** NULL and 0 if the recording has none. */
	const uint8_t *build_id;
	size_t build_id_len;
	/** The kernel's vdso: no file is looked for. */
	bool is_vdso;
	/**
	 * ELF virtual addresses as linked (address in the process minus load bias), in any order,
	 * repetitions allowed. For a return address the caller has already subtracted 1, so that it
	 * lies inside the call instruction.
	 */
	const uint64_t *vaddrs;
	size_t n_vaddrs;
};

/**
 * One source-level frame. Texts are what the file has, any bytes but NUL: clean them before
 * showing. They live as long as the da_symbols.
 */
struct da_symbols_frame {
	/** Demangled as asked; NULL if unknown. */
	const char *function;
	/** As the linker sees it; NULL if unknown or the same as @function. */
	const char *linkage_name;
	/**
	 * Source file as the compiler recorded it, absolute when it recorded a directory; or NULL.
	 */
	const char *file;
	/** Line in @file, from 1; 0 if unknown. */
	uint32_t line;
	/** Whether the compiler put this function's code into the next frame's function. */
	bool inlined;
};

/** What is known of one address: @n_frames frames, innermost first; 0 if nothing is. */
struct da_symbols_address {
	const struct da_symbols_frame *frames;
	size_t n_frames;
};

/** What is known of one module of a query. Owned by the da_symbols. */
struct da_symbols_module {
	enum da_symbols_verdict verdict;
	/**
	 * Why, for people: "cannot open ROOTFS/usr/lib/libfoo.so: no such file", "build-id of FILE
	 * is ab12, the recording has cd34", "no symbols for FILE: the worker ran out of memory".
	 * Also set with DA_SYMBOLS_MATCH when something was lost. NULL: nothing to say.
	 */
	const char *reason;
	/**
	 * The module's file as found (host path; inside --rootfs it starts with that); NULL if
	 * none.
	 */
	const char *file;
	/** The separate debug file used; NULL if none. */
	const char *debug_file;
	/** Whether there were symbols of any kind, and whether there was DWARF. */
	bool has_symbols;
	bool has_lines;
	/** One per address of the query, in its order. */
	const struct da_symbols_address *addresses;
	size_t n_addresses;
};

struct da_symbols;

/**
 * Prepare lookups. Opens the rootfs (and fails if it is no directory); reads nothing yet.
 * @err says why on false; then *@out is NULL.
 */
bool da_symbols_create(const struct da_symbols_options *options, struct da_symbols **out,
		       struct da_err *err);

/** Free everything, also all results. @s may be NULL. */
void da_symbols_destroy(struct da_symbols *s);

/**
 * Look up all addresses of @n_modules modules. One worker process per module file; a file that
 * cannot be found, opened or parsed is a verdict and a reason in its result, never a failure of the
 * call.
 *
 * @modules_out: set to an array of @n_modules results in the order of @modules, owned by @s and
 *   kept until it is destroyed.
 * @return false only if no worker can be started at all; @err says why.
 *
 * Forks: the caller has flushed its stdio buffers or does not mind (workers end with _exit()).
 */
bool da_symbols_resolve(struct da_symbols *s, const struct da_symbols_query *modules,
			size_t n_modules, const struct da_symbols_module **modules_out,
			struct da_err *err);

/** "match", "mismatch", "absent" or "unverified": the words of dumpalloc-json(5). */
const char *da_symbols_verdict_text(enum da_symbols_verdict verdict);

#endif
