/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/check.h"

#define BASE 0x400000u
#define INTERP_AT 0x200u
#define DYNAMIC_AT 0x300u
#define SYMBOLS_AT 0x500u
#define STRINGS_AT 0x700u
#define SECTIONS_AT 0xa00u
#define FILE_BYTES 0x1000u

/* A little executable, made byte by byte; 64 bits, little-endian. */
static uint8_t image[FILE_BYTES];
static size_t n_strings, n_symbols, n_dynamic;
static char dir[64], path[128];

static uint32_t add_string(const char *s)
{
	size_t at = n_strings;

	strcpy((char *)image + STRINGS_AT + at, s);
	n_strings += strlen(s) + 1;
	return (uint32_t)at;
}

static void add_symbol(const char *name, bool defined)
{
	Elf64_Sym sym = { .st_name = add_string(name), .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			  .st_shndx = defined ? 1 : SHN_UNDEF, .st_value = BASE };

	memcpy(image + SYMBOLS_AT + n_symbols++ * sizeof sym, &sym, sizeof sym);
}

static void add_dynamic(int64_t tag, uint64_t value)
{
	Elf64_Dyn d = { .d_tag = tag, .d_un.d_val = value };

	memcpy(image + DYNAMIC_AT + n_dynamic++ * sizeof d, &d, sizeof d);
}

static Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)(void *)image;
}

static void begin(void)
{
	Elf64_Ehdr h = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = sizeof h,
			 .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3, .e_shoff = SECTIONS_AT,
			 .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3 };
	Elf64_Phdr p[3] = {
		{ .p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = FILE_BYTES },
		{ .p_type = PT_INTERP, .p_offset = INTERP_AT, .p_filesz = 11 },
		{ .p_type = PT_DYNAMIC, .p_offset = DYNAMIC_AT, .p_filesz = 0x200 },
	};
	Elf64_Shdr s[3] = {
		{ .sh_type = SHT_NULL },
		{ .sh_type = SHT_DYNSYM, .sh_offset = SYMBOLS_AT, .sh_size = 0x180, .sh_link = 2 },
		{ .sh_type = SHT_STRTAB, .sh_offset = STRINGS_AT, .sh_size = 0x300 },
	};

	memset(image, 0, sizeof image);
	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(image, &h, sizeof h);
	memcpy(image + sizeof h, p, sizeof p);
	memcpy(image + SECTIONS_AT, s, sizeof s);
	strcpy((char *)image + INTERP_AT, "/lib/ld.so");
	n_strings = n_symbols = n_dynamic = 0;
	add_string("");
	add_symbol("", false);
	add_dynamic(DT_STRTAB, BASE + STRINGS_AT);
	add_dynamic(DT_SYMTAB, BASE + SYMBOLS_AT);
	add_dynamic(DT_STRSZ, 0x300);
	add_dynamic(DT_NEEDED, add_string("libc.so.6"));
}

static void write_file(const char *name, const void *bytes, size_t n)
{
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
	chmod(path, 0755);
}

static struct da_err why;

/* Check the image (or @program) against a shim for x86-64. */
static struct da_check *check(const char *program)
{
	static struct da_check c;
	struct da_elf_peek shim = { .is_elf = true, .word_bits = 64, .machine = EM_X86_64 };

	if (!program)
		write_file("program", image, sizeof image);
	why.text[0] = '\0';
	da_check_program(program ? program : path, &shim, &c, &why);
	return &c;
}

static void make_dir(void)
{
	strcpy(dir, "/tmp/dumpalloc-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	begin();
}

static void remove_dir(void)
{
	char command[128];

	snprintf(command, sizeof command, "/bin/rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_dynamic_program_is_fine)
{
	add_symbol("malloc", false);
	add_symbol("main", true);
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_FINE);
	ck_assert_str_eq(check(NULL)->elf.interp, "/lib/ld.so");
}
END_TEST

START_TEST(without_a_loader_it_is_static)
{
	((Elf64_Phdr *)(void *)(image + sizeof(Elf64_Ehdr)))[1].p_type = PT_NULL;
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_STATIC);
	ck_assert_ptr_nonnull(strstr(why.text, "linked statically"));
}
END_TEST

START_TEST(the_loader_itself_is_not_static)
{
	((Elf64_Phdr *)(void *)(image + sizeof(Elf64_Ehdr)))[1].p_type = PT_NULL;
	add_dynamic(DT_SONAME, add_string("ld-linux-x86-64.so.2"));
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_FINE);
}
END_TEST

START_TEST(malloc_and_free_inside_are_found)
{
	add_symbol("free", true);
	add_symbol("malloc", true);
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_OWN_MALLOC);
	/* stripped of section headers too */
	header()->e_shnum = 0;
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_OWN_MALLOC);
}
END_TEST

START_TEST(a_name_that_only_ends_in_malloc_is_not_malloc)
{
	add_symbol("xmalloc", true);
	add_symbol("xfree", true);
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_FINE);
}
END_TEST

START_TEST(a_name_merged_into_the_tail_of_another_is_found)
{
	Elf64_Sym sym = { .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1 };

	sym.st_name = add_string("je_malloc") + 3;
	memcpy(image + SYMBOLS_AT + n_symbols++ * sizeof sym, &sym, sizeof sym);
	add_symbol("free", true);
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_OWN_MALLOC);
}
END_TEST

START_TEST(sanitizer_runtimes_are_refused)
{
	add_dynamic(DT_NEEDED, add_string("libasan.so.8"));
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_SANITIZER);
	ck_assert_ptr_nonnull(strstr(why.text, "AddressSanitizer"));
	begin();
	add_dynamic(DT_NEEDED, add_string("libclang_rt.tsan-x86_64.so"));
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_SANITIZER);
	begin();
	add_symbol("__msan_init", true);
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_SANITIZER);
	ck_assert_ptr_nonnull(strstr(why.text, "MemorySanitizer"));
	begin();
	add_dynamic(DT_NEEDED, add_string("libubsan.so.1"));
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_FINE);
}
END_TEST

START_TEST(another_machine_or_abi_is_foreign)
{
	struct da_elf_peek a = { .is_elf = true, .word_bits = 32, .machine = EM_MIPS, .flags = 0x70001007 };
	struct da_elf_peek b = a;

	header()->e_machine = EM_AARCH64;
	ck_assert_int_eq(check(NULL)->kind, DA_CHECK_FOREIGN);
	ck_assert_ptr_nonnull(strstr(why.text, "AArch64"));
	b.flags = 0x50001005; /* another ISA level, same o32 */
	ck_assert(da_elf_peek_same_abi(&a, &b));
	b.flags = 0x20; /* n32 */
	ck_assert(!da_elf_peek_same_abi(&a, &b));
	b = a;
	b.big_endian = true;
	ck_assert(!da_elf_peek_same_abi(&a, &b));
}
END_TEST

START_TEST(a_cut_or_scribbled_file_does_no_harm)
{
	add_symbol("malloc", true);
	add_symbol("free", true);
	srand(1);
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t old[16];
		unsigned at[16];

		for (unsigned i = 0; i < 16; i++) {
			at[i] = (unsigned)rand() % (i < 8 ? 0x400 : FILE_BYTES);
			old[i] = image[at[i]];
			image[at[i]] = (uint8_t)rand();
		}
		check(NULL);
		for (unsigned i = 16; i-- > 0;)
			image[at[i]] = old[i];
	}
	for (size_t n = 0; n < FILE_BYTES; n += 7) {
		write_file("program", image, n);
		check(path);
	}
}
END_TEST

START_TEST(what_is_not_there_or_not_executable_is_said)
{
	ck_assert_int_eq(check("/nonexistent/program")->kind, DA_CHECK_NOT_FOUND);
	ck_assert_int_eq(check("dumpalloc-no-such-program")->kind, DA_CHECK_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(why.text, "not in PATH"));
	ck_assert_int_eq(check("")->kind, DA_CHECK_NOT_FOUND);
	ck_assert_int_eq(check("/tmp")->kind, DA_CHECK_NOT_EXECUTABLE);
	write_file("plain", "hello", 5);
	chmod(path, 0644);
	ck_assert_int_eq(check(path)->kind, DA_CHECK_NOT_EXECUTABLE);
}
END_TEST

START_TEST(path_is_searched_as_execvp_does)
{
	char value[256];

	write_file("tool", image, sizeof image);
	snprintf(value, sizeof value, "/nonexistent:%s", dir);
	setenv("PATH", value, 1);
	ck_assert_int_eq(check("tool")->kind, DA_CHECK_FINE);
	ck_assert_str_eq(check("tool")->path, path);
}
END_TEST

START_TEST(a_script_is_judged_by_its_interpreter)
{
	char line[256], interpreter[128];

	((Elf64_Phdr *)(void *)(image + sizeof(Elf64_Ehdr)))[1].p_type = PT_NULL;
	write_file("interpreter", image, sizeof image);
	strcpy(interpreter, path);
	write_file("script", line, (size_t)snprintf(line, sizeof line, "#! %s -x\nhello\n", path));
	ck_assert_int_eq(check(path)->kind, DA_CHECK_STATIC);
	ck_assert_str_eq(check(path)->binary, interpreter);
	ck_assert_str_eq(check(path)->path, path);
}
END_TEST

START_TEST(env_in_a_script_is_stepped_over)
{
	static const char inner[] = "#!/usr/bin/env lang\n", script[] = "#!/usr/bin/env wrapped\n";
	char expected[160];
	struct da_check *c;

	setenv("PATH", dir, 1);
	write_file("lang", image, sizeof image);
	strcpy(expected, path);
	write_file("wrapped", inner, sizeof inner - 1);
	write_file("script", script, sizeof script - 1);
	c = check(path);
	/* lang DIR/wrapped DIR/script */
	ck_assert_int_eq(c->kind, DA_CHECK_FINE);
	ck_assert_str_eq(c->path, expected);
	ck_assert_uint_eq(c->n_prefix, 3);
	ck_assert_str_eq(c->prefix[0], "lang");
	ck_assert_ptr_nonnull(strstr(c->prefix[1], "/wrapped"));
	ck_assert_str_eq(c->prefix[2], path);
	ck_assert_str_eq(c->program, path);
	ck_assert(!c->starts_env);
}
END_TEST

START_TEST(env_with_options_is_left_to_env)
{
	static const char script[] = "#!/usr/bin/env -S lang -u\n";

	write_file("script", script, sizeof script - 1);
	ck_assert_uint_eq(check(path)->n_prefix, 0);
	ck_assert(check(path)->starts_env);
}
END_TEST

START_TEST(a_setuid_program_of_another_user_is_privileged)
{
	write_file("program", image, sizeof image);
	if (getuid() || chown(path, 65534, 65534) || chmod(path, 04755))
		return; /* only root can make one */
	ck_assert_int_eq(check(path)->kind, DA_CHECK_PRIVILEGED);
	ck_assert_ptr_nonnull(strstr(why.text, "setuid"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("collect_check");
	TCase *tc = tcase_create("collect_check");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_dynamic_program_is_fine);
	tcase_add_test(tc, without_a_loader_it_is_static);
	tcase_add_test(tc, the_loader_itself_is_not_static);
	tcase_add_test(tc, malloc_and_free_inside_are_found);
	tcase_add_test(tc, a_name_that_only_ends_in_malloc_is_not_malloc);
	tcase_add_test(tc, a_name_merged_into_the_tail_of_another_is_found);
	tcase_add_test(tc, sanitizer_runtimes_are_refused);
	tcase_add_test(tc, another_machine_or_abi_is_foreign);
	tcase_add_test(tc, a_cut_or_scribbled_file_does_no_harm);
	tcase_add_test(tc, what_is_not_there_or_not_executable_is_said);
	tcase_add_test(tc, path_is_searched_as_execvp_does);
	tcase_add_test(tc, a_script_is_judged_by_its_interpreter);
	tcase_add_test(tc, env_in_a_script_is_stepped_over);
	tcase_add_test(tc, env_with_options_is_left_to_env);
	tcase_add_test(tc, a_setuid_program_of_another_user_is_privileged);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
