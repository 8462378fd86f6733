/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * Call stacks merged by the place that asked for memory: the innermost frame that is neither a
 * wrapper (report/wrappers.h) nor in the recording library; the outermost when all are.
 */
#ifndef DA_REPORT_GROUPS_H
#define DA_REPORT_GROUPS_H

#ifdef DA_IN_TARGET
#error "tool header included in the shim"
#endif

#include "report/report.h"

/** Sums over several sites; the fields mean what they mean in struct da_model_site. */
struct da_group_sums {
	uint64_t alloc_calls, alloc_bytes;
	uint64_t live_bytes, live_blocks;
	uint64_t peak_bytes, peak_blocks;
	uint64_t temporary_blocks;
	struct da_model_sampled sampled; /**< of a sampled recording */
};

/** All stacks that asked from one source line (or one address, when lines are unknown). */
struct da_group {
	struct da_names_frame own; /**< where; meaningless when @is_stackless */
	bool is_stackless;
	bool has_via;
	struct da_names_frame via; /**< what is called there, in all its stacks; if @has_via */
	struct da_group_sums sums;
	uint32_t first, n; /**< the group's sites in da_groups.sites */
};

struct da_groups {
	struct da_group *groups; /**< in order of first use */
	size_t n;
	uint32_t *sites; /**< indices into the model's, group by group */
};

/** Merge all sites of @r; free with da_groups_deinit(). */
void da_groups_init(struct da_groups *g, const struct da_report *r);

/** Give the memory back. */
void da_groups_deinit(struct da_groups *g);

/** Add @site to @sums. */
void da_group_add(struct da_group_sums *sums, const struct da_model_site *site);

/** Blocks sampled for the number of @sums that @key names, and its estimate's variance. */
struct da_model_amount da_group_sampled(const struct da_group_sums *sums, enum da_report_key key);

/** The number of @sums that @key names (DEFAULT: as PEAK). */
uint64_t da_group_value(const struct da_group_sums *sums, enum da_report_key key);

/**
 * Whether @f is the place of @group: the first such frame of a stack is where the stack belongs.
 */
bool da_groups_is_own(const struct da_group *group, const struct da_names_frame *f);

#endif
