/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/check.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef EM_AARCH64
#define EM_AARCH64 183
#endif
#ifndef EM_RISCV
#define EM_RISCV 243
#endif

#define MAX_SCRIPTS 4 /* Linux's limit on interpreters of interpreters (BINPRM_MAX_RECURSION) */

/* 0 when @path can be executed, else the reason. */
static int try_path(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return access(path, X_OK) ? errno : 0;
}

/* As execvp(): each directory of PATH; an unusable hit is remembered, the search goes on. */
static int search_path(const char *program, char *out)
{
	const char *dirs = getenv("PATH");
	int reason = ENOENT;

	if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;; dirs++) {
		size_t len = strcspn(dirs, ":");
		int n = snprintf(out, PATH_MAX, "%.*s%s%s", (int)len, dirs, len ? "/" : "./",
				 program);
		int e = n < PATH_MAX ? try_path(out) : ENAMETOOLONG;

		if (!e)
			return 0;
		if (e == EACCES)
			reason = e;
		dirs += len;
		if (!*dirs)
			return reason;
	}
}

static bool locate(const char *program, struct da_check *c, struct da_err *why)
{
	int e;

	if (!*program)
		e = ENOENT;
	else if (strchr(program, '/')) {
		snprintf(c->path, sizeof c->path, "%s", program);
		e = try_path(c->path);
	} else {
		e = search_path(program, c->path);
	}
	if (!e)
		return true;
	c->kind = e == ENOENT || e == ENOTDIR ? DA_CHECK_NOT_FOUND : DA_CHECK_NOT_EXECUTABLE;
	if (e == ENOENT && !strchr(program, '/'))
		return da_err_set(why, "it is not in PATH; give its path, such as ./%s", program);
	return da_err_set(why, "%s", strerror(e));
}

/* A "#!" line: the interpreter, and the rest of the line as its one argument (execve(2)). */
struct shebang {
	char interpreter[256];
	char argument[256];
};

static bool parse_shebang(const char *head, struct shebang *s)
{
	static const char blank[] = " \t";
	const char *p = head + 2;
	size_t n;

	if (head[0] != '#' || head[1] != '!')
		return false;
	p += strspn(p, blank);
	n = strcspn(p, " \t\r\n");
	if (!n || n >= sizeof s->interpreter)
		return false;
	snprintf(s->interpreter, sizeof s->interpreter, "%.*s", (int)n, p);
	p += n;
	p += strspn(p, blank);
	n = strcspn(p, "\r\n");
	while (n && strchr(blank, p[n - 1]))
		n--;
	snprintf(s->argument, sizeof s->argument, "%.*s", (int)n, p);
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Do what env(1) with the single argument @name would do to the script c->path: execute NAME with
 * the script as its first argument. @return false to leave it to env.
 */
static bool step_over_env(struct da_check *c, const char *name)
{
	char found[PATH_MAX];
	unsigned n = c->n_prefix ? c->n_prefix : 1;

	if (!*name || *name == '-' || strpbrk(name, " \t=") || n + 1 > DA_CHECK_PREFIX)
		return false;
	if (strchr(name, '/'))
		snprintf(found, sizeof found, "%s", name);
	else if (search_path(name, found))
		return false;
	if (try_path(found))
		return false;
	/* NAME, the script, then what stood after the argv[0] before */
	for (unsigned i = n; i > 1; i--)
		strcpy(c->prefix[i], c->prefix[i - 1]);
	snprintf(c->prefix[0], PATH_MAX, "%s", name);
	strcpy(c->prefix[1], c->path);
	c->n_prefix = n + 1;
	strcpy(c->path, found);
	return true;
}

/* Follow "#!" lines to an ELF file; leaves it open. @return the descriptor, -1: unreadable. */
static int open_binary(struct da_check *c)
{
	bool ours = true; /* the next step is still ours to take, not the kernel's */
	struct shebang s;
	char head[256];

	strcpy(c->binary, c->path);
	for (int depth = 0; depth <= MAX_SCRIPTS; depth++) {
		int fd = open(c->binary, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head - 1, 0);

		if (fd < 0)
			return -1;
		head[n > 0 ? n : 0] = '\0';
		if (n < 4 || !parse_shebang(head, &s))
			return fd;
		close(fd);
		c->starts_env = !strcmp(base_name(s.interpreter), "env");
		ours = ours && c->starts_env && step_over_env(c, s.argument);
		c->starts_env &= !ours;
		strcpy(c->binary, ours ? c->path : s.interpreter);
	}
	return -1;
}

/*
 * What makes the kernel start @path in secure-execution mode (AT_SECURE, see ld.so(8)), NULL:
 * nothing. For a script that is its interpreter: Linux ignores the script's own bits.
 */
static const char *privilege_of(const char *path)
{
	struct stat st;
	char caps[64];

	if (stat(path, &st))
		return NULL;
	if ((st.st_mode & S_ISUID) && st.st_uid != geteuid())
		return "a setuid program";
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getegid())
		return "a setgid program";
	if (geteuid() && getxattr(path, "security.capability", caps, sizeof caps) > 0)
		return "a program with file capabilities";
	return NULL;
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_386: return "x86";
	case EM_X86_64: return "x86-64";
	case EM_ARM: return "ARM";
	case EM_AARCH64: return "AArch64";
	case EM_MIPS: return "MIPS";
	case EM_RISCV: return "RISC-V";
	case EM_PPC: return "PowerPC";
	case EM_PPC64: return "PowerPC 64";
	default: return "another machine";
	}
}

static void explain_foreign(const struct da_elf_peek *elf, const struct da_elf_peek *shim,
			    struct da_err *why)
{
	bool same = elf->machine == shim->machine && elf->word_bits == shim->word_bits &&
		    elf->big_endian == shim->big_endian;

	if (same)
		da_err_set(why,
			   "its ABI (ELF flags 0x%x) is not that of this dumpalloc (0x%x); use "
			   "a dumpalloc built with the same compiler options",
			   elf->flags, shim->flags);
	else
		da_err_set(why,
			   "it is for %s, %u bits, %s-endian, and this dumpalloc is for %s, %u "
			   "bits, %s-endian; use a dumpalloc built for it",
			   machine_name(elf->machine), elf->word_bits,
			   elf->big_endian ? "big" : "little", machine_name(shim->machine),
			   shim->word_bits, shim->big_endian ? "big" : "little");
}

static bool is_valgrind(const char *path)
{
	const char *name = base_name(path);

	return !strcmp(name, "valgrind") || !strcmp(name, "valgrind.bin");
}

/* The ELF file's own reasons, the gravest first. */
static enum da_check_kind judge_elf(const struct da_check *c, const struct da_elf_peek *shim,
				    struct da_err *why)
{
	const struct da_elf_peek *e = &c->elf;

	if (!e->is_elf)
		return DA_CHECK_FINE;
	if (e->sanitizer[0]) {
		da_err_set(why,
			   "it is built with %s, which replaces malloc itself and ends programs "
			   "with another preloaded library; record a build without it",
			   e->sanitizer);
		return DA_CHECK_SANITIZER;
	}
	if (shim->is_elf && !da_elf_peek_same_abi(e, shim)) {
		explain_foreign(e, shim, why);
		return DA_CHECK_FOREIGN;
	}
	if (!e->has_interp && !e->is_loader) {
		da_err_set(why,
			   "it is linked statically%s, so no library can be preloaded into it%s",
			   e->is_go ? " and written in Go" : "",
			   e->is_go ? "; Go programs have a profiler of their own (pprof)" :
				      "; link it dynamically");
		return DA_CHECK_STATIC;
	}
	if (e->own_malloc) {
		da_err_set(why,
			   "malloc is defined inside the executable, so its calls do not reach a "
			   "preloaded library; link the allocator as a shared library");
		return DA_CHECK_OWN_MALLOC;
	}
	return DA_CHECK_FINE;
}

void da_check_program(const char *program, const struct da_elf_peek *shim, struct da_check *out,
		      struct da_err *why)
{
	const char *privilege;
	int fd;

	memset(out, 0, sizeof *out);
	if (!locate(program, out, why))
		return;
	if (is_valgrind(out->path)) {
		da_err_set(why, "Valgrind replaces malloc itself; record the program without it");
		out->kind = DA_CHECK_SANITIZER;
		return;
	}
	strcpy(out->program, out->path);
	fd = open_binary(out);
	if (fd >= 0) {
		da_elf_peek(fd, &out->elf);
		close(fd);
	}
	out->kind = judge_elf(out, shim, why);
	privilege = privilege_of(out->binary);
	if (out->kind == DA_CHECK_FINE && privilege) {
		out->kind = DA_CHECK_PRIVILEGED;
		da_err_set(why,
			   "it is %s, so the loader preloads nothing into it; record a copy "
			   "without that privilege",
			   privilege);
	}
}
