/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/record_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/quantity.h"
#include "codec/format.h"
#include "codec/pool.h"
#include "collect/address.h"
#include "collect/pattern.h"
#include "unwind/unwind.h"

/* Chunks of a pool this large still fit a block each. */
#define MAX_BUFFER (512u << 20)
#define SMALL_DEVICE (64u << 20)
#define SMALL_BUFFER (1u << 20)

/* Unused parameters are part of every setter's type. */
#define SETTER(name) static bool name(void *options, const char *value, struct da_err *err)
#define OPTIONS                                \
	struct da_record_options *o = options; \
	(void)value;                           \
	(void)err

SETTER(set_output)
{
	OPTIONS;
	o->output = value;
	return da_pattern_check(value, err);
}

SETTER(set_force)
{
	OPTIONS;
	o->force = true;
	return true;
}

SETTER(set_server)
{
	struct da_address split;

	OPTIONS;
	o->server = value;
	return da_address_split(value, false, &split, err);
}

SETTER(set_follow)
{
	OPTIONS;
	o->follow = true;
	return true;
}

SETTER(set_unwind)
{
	/* in the order of enum da_unwind_mode */
	static const char *const names[] = { "auto", "cfi", "scan", "fp", "gcc", "none", NULL };

	OPTIONS;
	return da_options_choose(value, names, &o->unwind, err);
}

SETTER(set_depth)
{
	OPTIONS;
	return da_quantity_parse_number(value, 1, DA_STREAM_MAX_FRAMES, &o->depth, err);
}

SETTER(set_stacks)
{
	static const char *const names[] = { "all", "alloc", NULL };
	int i;

	OPTIONS;
	if (!da_options_choose(value, names, &i, err))
		return false;
	o->stacks_alloc_only = i;
	return true;
}

SETTER(set_on_full)
{
	static const char *const names[] = { "wait", "drop", NULL };

	OPTIONS;
	return da_options_choose(value, names, &o->on_full, err);
}

SETTER(set_buffer)
{
	OPTIONS;
	if (!da_quantity_parse_size(value, &o->buffer, err))
		return false;
	if (o->buffer < DA_POOL_MIN_BYTES || o->buffer > MAX_BUFFER)
		return da_err_set(err, "%s is not between %uk and %uM", value,
				  DA_POOL_MIN_BYTES >> 10, MAX_BUFFER >> 20);
	return true;
}

SETTER(set_compress)
{
	static const char *const names[] = { "none", "fast", "best", NULL };

	OPTIONS;
	if (!da_options_choose(value, names, &o->compress, err))
		return false;
	return o->compress == DA_COMPRESS_NONE || da_compress_is_available() ||
	       da_err_set(err, "this dumpalloc was built without zstd; use none");
}

SETTER(set_min_size)
{
	OPTIONS;
	return da_quantity_parse_size(value, &o->min_size, err);
}

SETTER(set_max_size)
{
	OPTIONS;
	return da_quantity_parse_size(value, &o->max_size, err);
}

SETTER(set_sample)
{
	uint64_t bytes;

	OPTIONS;
	if (!da_quantity_parse_size(value, &bytes, err))
		return false;
	if (!bytes || bytes > DA_STREAM_MAX_SAMPLE)
		return da_err_set(err, "%s is not between 1 and %uG", value,
				  DA_STREAM_MAX_SAMPLE >> 30);
	o->sample = (uint32_t)bytes;
	return true;
}

SETTER(set_strict)
{
	OPTIONS;
	o->strict = true;
	return true;
}

const struct da_option da_record_option_table[] = {
	{ .help = "Where the recording goes:" },
	{ "output", NULL, 'o', "FILE",
	  "write to FILE, default %e.%p.dalloc; - is stdout\n"
	  "(%p pid, %e program, %h host, %t time, %% percent)",
	  set_output },
	{ "force", NULL, 0, NULL, "replace an existing FILE", set_force },
	{ "server", NULL, 0, "HOST:PORT",
	  "send to 'dumpalloc listen' there, instead of a\n"
	  "file or, with -o, besides it; IPv6: [ADDR]:PORT",
	  set_server },
	{ "compress", NULL, 0, "HOW", "none, fast (zstd, the default) or best", set_compress },
	{ .help = "What is recorded:" },
	{ "follow-forks", NULL, 'f', NULL,
	  "record children of fork too, each in a file of\nits own", set_follow },
	{ "min-size", NULL, 'z', "SIZE", "only blocks of at least SIZE bytes", set_min_size },
	{ "max-size", NULL, 'Z', "SIZE", "only blocks of at most SIZE bytes", set_max_size },
	{ "sample", NULL, 'i', "BYTES",
	  "a stack for one in BYTES bytes allocated, at\n"
	  "random; totals stay exact",
	  set_sample },
	{ "stacks", NULL, 0, "WHERE", "all: stack of each call (default); alloc: none\nof frees",
	  set_stacks },
	{ "unwind", NULL, 0, "HOW",
	  "stacks by auto (default), cfi, scan (MIPS, ARM,\n"
	  "RISC-V), fp, gcc (_Unwind_Backtrace) or none",
	  set_unwind },
	{ "depth", NULL, 0, "N", "keep at most N frames per stack, default 256", set_depth },
	{ .help = "How it is recorded:" },
	{ "buffer", NULL, 0, "SIZE", "shared memory, 256k … 512M, default 2M", set_buffer },
	{ "on-full", NULL, 0, "WHAT",
	  "when the buffer is full: wait (default), or drop\nevents and count them", set_on_full },
	{ "strict", NULL, 0, NULL, "do not start a program that cannot be recorded:\nexit with 125",
	  set_strict },
	{ NULL, NULL, 0, NULL, NULL, NULL },
};

static uint64_t default_buffer(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	if (pages > 0 && page > 0 && (uint64_t)pages * (uint64_t)page < SMALL_DEVICE)
		return SMALL_BUFFER;
	return DA_POOL_DEFAULT_BYTES;
}

void da_record_options_init(struct da_record_options *o)
{
	const char *file = getenv("DUMPALLOC_FILE"), *walk = getenv("DUMPALLOC_WALK_STACK");

	*o = (struct da_record_options){
		.output = file && *file ? file : NULL,
		.unwind = walk && !strcmp(walk, "1") ? DA_UNWIND_SCAN : DA_UNWIND_AUTO,
		.compress = da_compress_is_available() ? DA_COMPRESS_FAST : DA_COMPRESS_NONE,
		.depth = 256,
		.buffer = default_buffer(),
		.max_size = UINT64_MAX,
	};
}

bool da_record_options_check(const struct da_record_options *o, struct da_err *err)
{
	bool to_stdout = o->output && !strcmp(o->output, "-");

	if (o->min_size > o->max_size)
		return da_err_set(err, "--min-size is larger than --max-size: nothing would be "
				       "recorded");
	if (o->sample && o->unwind == DA_UNWIND_NONE)
		return da_err_set(err, "--sample chooses stacks, and --unwind=none records none");
	if (to_stdout && isatty(STDOUT_FILENO))
		return da_err_set(err,
				  "'-o -' writes binary data, and standard output is a terminal; "
				  "pipe it somewhere");
	if (to_stdout && o->follow)
		return da_err_set(err, "'-o -' holds one process, --follow-forks makes several");
	if (o->output && !to_stdout && !da_pattern_check(o->output, err))
		return da_err_prefix(err, "DUMPALLOC_FILE");
	return true;
}
