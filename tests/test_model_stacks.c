/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replaying.h"

#include <string.h>

#include "unwind/unwind.h"

START_TEST(equal_stacks_of_two_threads_are_one_site)
{
	uint64_t a = replaying_stack(1, 0x1000), b = replaying_stack(2, 0x1000),
		 c = replaying_stack(2, 0x1008);
	const struct da_model *m;

	stream_alloc(&st, 1, 0x100, 1, a);
	stream_alloc(&st, 2, 0x200, 2, b);
	stream_alloc(&st, 2, 0x300, 4, c);
	m = replaying_finish();
	ck_assert_uint_eq(m->n_sites, 3);
	ck_assert_uint_eq(m->sites[1].alloc_bytes, 3);
	ck_assert_uint_eq(m->sites[2].alloc_bytes, 4);
	replaying_check_sums(m);
}
END_TEST

START_TEST(stack_frames_come_innermost_first_as_module_and_vaddr)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pcs[] = { 0x400010, 0x700020, 0x123 };
	uint8_t exact[] = { 0, 1, 0 };
	struct da_encode_frames frames = {
		.pcs = pcs, .exact = exact, .n = 3, .end = DA_UNWIND_END_NO_MODULE
	};
	const struct da_model *m;
	uint64_t a;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/bin/prog");
	stream_load(&st, 1, 2, 0x700000, 0x1000, "/lib/libx.so");
	a = stream_stack_end(&st, 1, &frames);
	stream_alloc(&st, 1, 0x100, 1, a);
	m = replaying_finish();
	ck_assert_uint_eq(m->n_modules, 2);
	ck_assert_str_eq(m->modules[1].path, "/lib/libx.so");
	ck_assert_uint_eq(m->modules[1].build_id_len, 4);
	ck_assert_mem_eq(m->modules[1].build_id, "/lib", 4);
	ck_assert_uint_eq(m->modules[1].bias, 0x700000);
	ck_assert_uint_eq(m->modules[1].segments[0].memsz, 0x1000);
	ck_assert_uint_eq(m->sites[1].depth, 3);
	ck_assert_uint_eq(m->sites[1].end, DA_UNWIND_END_NO_MODULE);
	ck_assert_uint_eq(da_model_frames(m, &m->sites[1], f), 3);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x10);
	ck_assert(!f[0].exact);
	ck_assert_uint_eq(f[1].module, 1);
	ck_assert_uint_eq(f[1].vaddr, 0x20);
	ck_assert(f[1].exact);
	ck_assert_uint_eq(f[2].module, DA_MODEL_NO_MODULE);
	ck_assert_uint_eq(f[2].vaddr, 0x123);
	ck_assert_uint_eq(m->quality.stacks_truncated, 1);
	ck_assert_uint_eq(m->quality.calls_by_end[DA_UNWIND_END_NO_MODULE], 1);
}
END_TEST

START_TEST(return_address_behind_the_last_byte_belongs_to_the_module)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x401000;
	const struct da_model *m;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/bin/prog");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &pc, 1));
	m = replaying_finish();
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x1000);
}
END_TEST

START_TEST(module_mapped_again_elsewhere_gives_the_same_site)
{
	uintptr_t first = 0x400010, second = 0x500010;
	const struct da_model *m;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/plug.so");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &first, 1));
	stream_unload(&st, 1, 1);
	stream_load(&st, 1, 2, 0x500000, 0x1000, "/lib/plug.so");
	stream_alloc(&st, 1, 0x200, 1, stream_stack(&st, 1, &second, 1));
	m = replaying_finish();
	ck_assert_uint_eq(m->n_modules, 1);
	ck_assert_uint_eq(m->modules[0].loads, 2);
	ck_assert_uint_eq(m->modules[0].unloads, 1);
	ck_assert_uint_eq(m->n_sites, 2);
	ck_assert_uint_eq(m->sites[1].alloc_calls, 2);
}
END_TEST

START_TEST(other_module_at_the_same_address_gives_another_site)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x400010;
	const struct da_model *m;

	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/one.so");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &pc, 1));
	stream_unload(&st, 1, 1);
	stream_load(&st, 1, 2, 0x400000, 0x1000, "/lib/two.so");
	stream_alloc(&st, 1, 0x200, 1, stream_stack(&st, 1, &pc, 1));
	m = replaying_finish();
	ck_assert_uint_eq(m->n_sites, 3);
	da_model_frames(m, &m->sites[2], f);
	ck_assert_str_eq(m->modules[f[0].module].path, "/lib/two.so");
}
END_TEST

START_TEST(stack_is_resolved_by_the_modules_at_its_turn)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x400010;
	const struct da_model *m;

	/* thread 2's bytes come first, but thread 1 maps the module before */
	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/one.so");
	stream_alloc(&st, 2, 0x100, 1, stream_stack(&st, 2, &pc, 1));
	stream_unload(&st, 1, 1);
	stream_flush(&st, 2);
	m = replaying_finish();
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x10);
}
END_TEST

START_TEST(frame_without_module_is_adopted_by_one_that_is_seen_later)
{
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pcs[] = { 0x400010, 0x600010 };
	const struct da_model *m;
	uint64_t a = stream_stack(&st, 1, pcs, 2);

	stream_alloc(&st, 1, 0x100, 1, a);
	stream_load(&st, 1, 1, 0x400000, 0x1000, "/lib/one.so");
	stream_alloc(&st, 1, 0x200, 1, stream_stack(&st, 1, pcs, 2));
	stream_unload(&st, 1, 1);
	stream_load(&st, 1, 2, 0x600000, 0x1000, "/lib/late.so"); /* after an unload: not adopted */
	m = replaying_finish();
	ck_assert_uint_eq(m->n_sites, 2);
	ck_assert_uint_eq(m->sites[1].alloc_calls, 2);
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_eq(f[0].module, 0);
	ck_assert_uint_eq(f[0].vaddr, 0x10);
	ck_assert_uint_eq(f[1].module, DA_MODEL_NO_MODULE);
}
END_TEST

START_TEST(pcs_of_32_bit_targets_wrap_at_32_bits)
{
	struct da_model_options o;
	struct da_model_frame f[DA_STREAM_MAX_FRAMES];
	uintptr_t pc = 0x00001010;
	const struct da_model *m;

	da_model_options_init(&o);
	o.word_bits = 32;
	replaying_restart(&o);
	/* linked at 0x80000000 …, mapped 0x80000000 higher, modulo 2^32 */
	stream_load(&st, 1, 1, 0x80000000, 0x80002000, "/vmlinux.so");
	stream_alloc(&st, 1, 0x100, 1, stream_stack(&st, 1, &pc, 1));
	m = replaying_finish();
	da_model_frames(m, &m->sites[1], f);
	ck_assert_uint_lt(f[0].vaddr, (uint64_t)1 << 32);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		equal_stacks_of_two_threads_are_one_site,
		stack_frames_come_innermost_first_as_module_and_vaddr,
		return_address_behind_the_last_byte_belongs_to_the_module,
		module_mapped_again_elsewhere_gives_the_same_site,
		other_module_at_the_same_address_gives_another_site,
		stack_is_resolved_by_the_modules_at_its_turn,
		frame_without_module_is_adopted_by_one_that_is_seen_later,
		pcs_of_32_bit_targets_wrap_at_32_bits,
	};

	return replaying_run("model_stacks", tests, sizeof(tests) / sizeof(tests[0]));
}
