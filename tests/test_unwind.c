/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks over stacks made by hand, in a module made of the bytes in unwind/samples.h. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unwind/cache.h"
#include "unwind/module.h"
#include "unwind/samples.h"
#include "unwind/trail.h"
#include "unwind/unwind.h"

#define MAX_DEPTH 8

/* A process: one module, one stack, one walker. Words of the stack count from its lowest. */
struct world {
	uint8_t *base;
	struct da_module module;
	struct da_module_table table;
	uintptr_t stack[128];
	void *memory;
	struct da_unwind u;
	struct da_unwind_start start;
};

static struct world w;

static void set_depth(uint32_t depth)
{
	struct da_unwind old = w.u;

	free(w.memory);
	w.memory = calloc(1, da_unwind_bytes(depth));
	memset(&w.u, 0, sizeof(w.u));
	da_unwind_init(&w.u, w.memory, depth);
	w.u.modules = &w.table;
	w.u.mode = old.mode;
	w.u.stack_hi = old.stack_hi;
	w.u.gcc_backtrace = old.gcc_backtrace;
	w.u.gcc_get_ip_info = old.gcc_get_ip_info;
}

/* The @i-th frame, from the innermost. */
static uintptr_t pc_of(uint32_t i)
{
	return w.u.pcs[w.u.n - 1 - i];
}

static bool is_exact(uint32_t i)
{
	return w.u.exact[w.u.n - 1 - i];
}

static void set_up(void)
{
	memset(&w, 0, sizeof(w));
	/* a wish, so that pcs, and what the cache makes of them, are the same on every run */
	w.base = mmap((void *)0x10000000, 0x3000, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(w.base, MAP_FAILED);
	w.table = (struct da_module_table){ .generation = 1, .n = 1, .modules = &w.module };
	set_depth(MAX_DEPTH);
	w.u.stack_hi = (uintptr_t)(w.stack + 128);
	w.start.sp = (uintptr_t)w.stack;
}

static void tear_down(void)
{
	free(w.memory);
	munmap(w.base, 0x3000);
}

static void check_end(enum da_unwind_end end, uint32_t n)
{
	da_unwind_walk(&w.u, &w.start);
	da_unwind_list(&w.u);
	ck_assert_int_eq(w.u.end, end);
	ck_assert_uint_eq(w.u.n, n);
}

START_TEST(module_is_found_by_its_addresses)
{
	struct da_module modules[3] = {
		{ .id = 7, .lo = 0x1000, .hi = 0x2000 },
		{ .id = 8, .lo = 0x2000, .hi = 0x3000 },
		{ .id = 9, .lo = 0x5000, .hi = 0x6000 },
	};
	struct da_module_table t = { .n = 3, .modules = modules };
	struct da_module m;

	ck_assert(!da_module_find(&t, 0xfff, &m));
	ck_assert(da_module_find(&t, 0x1000, &m) && m.id == 7);
	ck_assert(da_module_find(&t, 0x1fff, &m) && m.id == 7);
	ck_assert(da_module_find(&t, 0x2000, &m) && m.id == 8);
	ck_assert(!da_module_find(&t, 0x3000, &m));
	ck_assert(da_module_find(&t, 0x5fff, &m) && m.id == 9);
	ck_assert(!da_module_find(&t, 0x6000, &m));
	t.sequence = 1;
	ck_assert(!da_module_find(&t, 0x1000, &m));
	t.n = 0;
	t.sequence = 2;
	ck_assert(!da_module_find(&t, 0x1000, &m));
}
END_TEST

START_TEST(mode_none_gives_no_frame)
{
	w.u.mode = DA_UNWIND_NONE;
	check_end(DA_UNWIND_END_OFF, 0);
}
END_TEST

START_TEST(first_only_gives_the_caller_and_the_reason)
{
	w.start.pc = 0x1234;
	da_unwind_first_only(&w.u, &w.start, DA_UNWIND_END_FOREIGN_STACK);
	ck_assert_uint_eq(w.u.n, 1);
	ck_assert_uint_eq(pc_of(0), 0x1234);
	ck_assert_int_eq(w.u.end, DA_UNWIND_END_FOREIGN_STACK);
}
END_TEST

START_TEST(pc_outside_all_modules_is_said)
{
	w.start.pc = 0x123456;
	check_end(DA_UNWIND_END_NO_MODULE, 1);
	ck_assert(w.u.unknown_pc);
}
END_TEST

/* As libgcc does it: our own frames first, 0 behind the outermost one. */
static const uintptr_t *gcc_pcs;

static int fake_backtrace(int (*callback)(void *, void *), void *arg)
{
	for (int i = 0; i < 5; i++) {
		if (callback((void *)(uintptr_t)i, arg) != 0)
			return 3;
	}
	return 5;
}

static uintptr_t fake_get_ip_info(void *context, int *before)
{
	*before = gcc_pcs[(uintptr_t)context] == 0x3000;
	return gcc_pcs[(uintptr_t)context];
}

static void use_gcc(const uintptr_t *pcs)
{
	gcc_pcs = pcs;
	w.u.mode = DA_UNWIND_GCC;
	w.u.gcc_backtrace = (void *)fake_backtrace;
	w.u.gcc_get_ip_info = (void *)fake_get_ip_info;
	w.start.pc = 0x2000;
}

START_TEST(gcc_mode_leaves_out_our_own_frames)
{
	static const uintptr_t pcs[] = { 0x1000, 0x2000, 0x3000, 0x4000, 0 };

	use_gcc(pcs);
	check_end(DA_UNWIND_END_COMPLETE, 3);
	ck_assert_uint_eq(pc_of(0), 0x2000);
	ck_assert_uint_eq(pc_of(2), 0x4000);
	ck_assert(!is_exact(0) && is_exact(1));
}
END_TEST

START_TEST(gcc_mode_does_not_call_a_cut_stack_complete)
{
	static const uintptr_t pcs[] = { 0x1000, 0x2000, 0x3000, 0x4000, 0x5000 };

	use_gcc(pcs);
	check_end(DA_UNWIND_END_NO_RULE, 4);
	set_depth(2);
	check_end(DA_UNWIND_END_DEPTH, 2);
	w.start.pc = 0x9999;
	check_end(DA_UNWIND_END_NO_RULE, 1);
	w.u.gcc_backtrace = NULL;
	check_end(DA_UNWIND_END_NO_RULE, 1);
}
END_TEST

#ifdef __x86_64__

/* Return addresses of the sample: in plain, shrink_wrapped, dynamic, large. */
#define PLAIN 0x1045
#define WRAPPED 0x109e
#define DYNAMIC 0x1101
#define LARGE 0x1125

static uintptr_t at(uintptr_t offset)
{
	return (uintptr_t)w.base + offset;
}

static void load_sample(void)
{
	memcpy(w.base + x86_64_text_at, x86_64_text, sizeof(x86_64_text));
	memcpy(w.base + x86_64_eh_frame_hdr_at, x86_64_eh_frame_hdr, sizeof(x86_64_eh_frame_hdr));
	memcpy(w.base + x86_64_eh_frame_at, x86_64_eh_frame, sizeof(x86_64_eh_frame));
	w.module = (struct da_module){
		.bias = at(0),
		.lo = at(0),
		.hi = at(0x3000),
		.text_lo = at(0x1000),
		.text_hi = at(0x1000 + 0x300),
		.eh_lo = at(0x2000),
		.eh_hi = at(0x3000),
		.eh_frame_hdr = at(x86_64_eh_frame_hdr_at),
		.eh_frame_hdr_size = sizeof(x86_64_eh_frame_hdr),
	};
}

/*
 * plain() called by shrink_wrapped() by dynamic() by the outermost frame: sp+48; sp+32 with rbp
 * saved; rbp+16 from the saved rbp, which points two words below the CFA.
 */
static void make_chain(void)
{
	load_sample();
	w.start.pc = at(PLAIN);
	w.stack[5] = at(WRAPPED);
	w.stack[8] = (uintptr_t)(w.stack + 40);
	w.stack[9] = at(DYNAMIC);
	w.stack[40] = 0x77;
	w.stack[41] = 0;
}

START_TEST(chain_of_frames_is_walked_to_its_end)
{
	make_chain();
	/* the second time from the cache */
	for (int i = 0; i < 2; i++) {
		check_end(DA_UNWIND_END_COMPLETE, 3);
		ck_assert_uint_eq(pc_of(0), at(PLAIN));
		ck_assert_uint_eq(pc_of(1), at(WRAPPED));
		ck_assert_uint_eq(pc_of(2), at(DYNAMIC));
		ck_assert(!is_exact(0) && !is_exact(1) && !is_exact(2));
	}
}
END_TEST

START_TEST(depth_cap_is_no_end_of_the_stack)
{
	make_chain();
	set_depth(2);
	check_end(DA_UNWIND_END_DEPTH, 2);
	set_depth(3);
	check_end(DA_UNWIND_END_COMPLETE, 3);
	set_depth(0);
	check_end(DA_UNWIND_END_DEPTH, 0);
}
END_TEST

START_TEST(no_word_above_the_stack_is_read)
{
	make_chain();
	w.u.stack_hi = (uintptr_t)(w.stack + 10);
	check_end(DA_UNWIND_END_BAD_READ, 3);
	w.u.stack_hi = (uintptr_t)(w.stack + 9);
	check_end(DA_UNWIND_END_BAD_READ, 2);
	w.u.stack_hi = (uintptr_t)w.stack;
	check_end(DA_UNWIND_END_BAD_READ, 1);
}
END_TEST

START_TEST(frame_pointer_below_sp_does_not_advance)
{
	make_chain();
	w.stack[8] = (uintptr_t)w.stack;
	check_end(DA_UNWIND_END_NOT_ADVANCING, 3);
}
END_TEST

START_TEST(misaligned_frame_pointer_is_not_followed)
{
	make_chain();
	w.stack[8] = (uintptr_t)(w.stack + 40) + 1;
	check_end(DA_UNWIND_END_BAD_READ, 3);
}
END_TEST

START_TEST(rules_live_as_long_as_their_generation)
{
	make_chain();
	check_end(DA_UNWIND_END_COMPLETE, 3);
	da_trail_clear(&w.u);
	w.module.eh_frame_hdr_size = 0;
	w.u.mode = DA_UNWIND_CFI;
	check_end(DA_UNWIND_END_COMPLETE, 3);
	w.table.generation++;
	check_end(DA_UNWIND_END_NO_RULE, 1);
}
END_TEST

/* No CFI: the frame pointer is tried, and believed where it leads behind a call. */
START_TEST(frame_pointer_is_used_where_there_is_no_cfi)
{
	load_sample();
	w.module.eh_frame_hdr_size = 0;
	w.start.pc = at(PLAIN);
	w.start.fp = (uintptr_t)(w.stack + 4);
	w.stack[4] = (uintptr_t)(w.stack + 10);
	w.stack[5] = at(LARGE);
	w.stack[10] = 0;
	w.stack[11] = at(DYNAMIC);
	check_end(DA_UNWIND_END_COMPLETE, 3);
	ck_assert_uint_eq(pc_of(1), at(LARGE));
	ck_assert_uint_eq(pc_of(2), at(DYNAMIC));
	w.stack[5] = at(LARGE) + 1;
	check_end(DA_UNWIND_END_NO_RULE, 1);
}
END_TEST

/* dynamic() called by a handler that was called by the kernel while plain() ran at its first byte. */
START_TEST(signal_frame_gives_the_exact_pc)
{
	static const uint8_t restorer[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	uintptr_t *uc;

	load_sample();
	memcpy(w.base + 0x1200, restorer, sizeof(restorer));
	w.start.pc = at(PLAIN);
	w.stack[5] = at(0x1200);
	uc = w.stack + 6;
	uc[5 + 10] = 0x99;
	uc[5 + 15] = (uintptr_t)(w.stack + 60);
	uc[5 + 16] = at(0x1030);
	w.stack[60] = 0;
	for (int i = 0; i < 2; i++) {
		check_end(DA_UNWIND_END_COMPLETE, 3);
		ck_assert_uint_eq(pc_of(2), at(0x1030));
		ck_assert(!is_exact(1) && is_exact(2));
	}
	uc[5 + 15] = (uintptr_t)w.stack - 4096;
	check_end(DA_UNWIND_END_FOREIGN_STACK, 2);
}
END_TEST

static void add_native_tests(TCase *t)
{
	tcase_add_test(t, chain_of_frames_is_walked_to_its_end);
	tcase_add_test(t, depth_cap_is_no_end_of_the_stack);
	tcase_add_test(t, no_word_above_the_stack_is_read);
	tcase_add_test(t, frame_pointer_below_sp_does_not_advance);
	tcase_add_test(t, misaligned_frame_pointer_is_not_followed);
	tcase_add_test(t, rules_live_as_long_as_their_generation);
	tcase_add_test(t, frame_pointer_is_used_where_there_is_no_cfi);
	tcase_add_test(t, signal_frame_gives_the_exact_pc);
}

#else

static void add_native_tests(TCase *t)
{
	(void)t;
}

#endif

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind");
	TCase *t = tcase_create("walk");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, module_is_found_by_its_addresses);
	tcase_add_test(t, mode_none_gives_no_frame);
	tcase_add_test(t, first_only_gives_the_caller_and_the_reason);
	tcase_add_test(t, pc_outside_all_modules_is_said);
	tcase_add_test(t, gcc_mode_leaves_out_our_own_frames);
	tcase_add_test(t, gcc_mode_does_not_call_a_cut_stack_complete);
	add_native_tests(t);
	suite_add_tcase(suite, t);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
