/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin of qemu-user (MIPS programs, x86-64 machine): keeps the truth about each thread's stack
 * and compares with it the walks that probe.c hands over.
 *
 * Truth: at the start of each translated block the general registers are read. Behind a block that
 * ends in a call, ra is that block's end, whatever the instruction set: a frame is pushed (return
 * address, sp at entry). A frame goes when control is at its return address with that sp, or when
 * sp is above it (longjmp, exceptions). No symbol, table or instruction of the program is needed,
 * apart from knowing returns, which tell a longjmp to the very frame that made a call.
 *
 * Arguments: out=PREFIX: where PREFIX.PID is written at exit. count=1: only count instructions, of
 * each block and all.
 */
#include <endian.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "walk.h"

/* ---- qemu's plugin interface, version 1 (QEMU 4.2 to 8.1, "QEMU TCG Plugins") ------------------ */

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct plugin_info {
	const char *target;
	struct {
		int min, cur;
	} version;
	bool system;
};
#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv);
void qemu_plugin_register_vcpu_init_cb(plugin_id id, void (*cb)(plugin_id, unsigned));
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*cb)(unsigned, void *),
					  int flags, void *arg);
typedef void plugin_syscall(plugin_id id, unsigned cpu, int64_t nr, uint64_t a1, uint64_t a2,
			    uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
			    uint64_t a8);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id id, plugin_syscall *cb);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id, void *), void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t at);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

/* ---- what is kept ------------------------------------------------------------------------------ */

#define MAX_THREADS 4096
#define MAX_HANDLERS 64
#define TABLE (1u << 17)
/* More than _start of any libc. */
#define START_BYTES 256

enum {
	ZERO = 0,
	V0 = 2,
	A0 = 4,
	T7 = 15,
	SP = 29,
	RA = 31
};

struct block {
	uint64_t start, end;
	uint32_t insns;
	bool is_return, is_mark;
	/** When counting: how often it ran, and the block translated before it. */
	uint64_t runs;
	struct block *next;
};

struct call {
	uint64_t ra, sp;
	/** A signal: what it interrupted lies in [lo, hi]. */
	bool is_signal;
	uint64_t lo, hi;
};

struct thread {
	const struct block *last;
	struct call *calls;
	size_t n, room;
	uint64_t insns;
};

enum verdict {
	NONE,
	EXACT,
	TRUNCATED,
	WRONG
};
static const char *const verdicts[] = { "none", "exact", "truncated", "wrong" };

/** One distinct stack: the truth, and the worst of the walks from there. */
struct stack {
	struct stack *next;
	uint64_t hash;
	enum verdict verdict;
	uint32_t walks;
	uint64_t end;
	/** Frames that are right; the last of them has the rule that failed. */
	size_t right;
	/** The pc that was found instead, if WRONG. */
	uint64_t instead;
	size_t n;
	struct call calls[];
};

static struct thread threads[MAX_THREADS];
static struct stack *table[TABLE];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;
static uint64_t handlers[MAX_HANDLERS];
static unsigned n_handlers;
static uint64_t guest_base;
static bool wide, big_endian, counting;
static const char *out = "truth";
/* Walks whose call is not on the shadow stack: the method's own errors. */
static uint64_t astray, walks;

static uint64_t gpr(const void *env, unsigned reg)
{
	/* CPUMIPSState begins with the general registers. */
	return wide ? ((const uint64_t *)env)[reg] : ((const uint32_t *)env)[reg];
}

static const void *host(uint64_t guest)
{
	return (const void *)(uintptr_t)((wide ? guest : (uint32_t)guest) + guest_base);
}

static uint64_t number(uint64_t v)
{
	return big_endian ? be64toh(v) : le64toh(v);
}

/* ---- the shadow stack --------------------------------------------------------------------------- */

static struct call *push(struct thread *t, uint64_t ra, uint64_t sp)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 256;
		t->calls = realloc(t->calls, t->room * sizeof(*t->calls));
	}
	t->calls[t->n] = (struct call){ .ra = ra, .sp = sp };
	return &t->calls[t->n++];
}

static bool is_handler(uint64_t pc)
{
	for (unsigned i = 0; i < n_handlers; i++) {
		if (handlers[i] == pc)
			return true;
	}
	return false;
}

/* Control is at @pc, and the block before it has been left. */
static void settle(struct thread *t, uint64_t pc, const void *env)
{
	uint64_t sp = gpr(env, SP), ra = gpr(env, RA) & ~1ull;
	const struct block *last = t->last;
	struct call *top = t->n ? &t->calls[t->n - 1] : NULL;
	bool left = last->is_return;

	if (ra == last->end && ra != pc) {
		/* Stubs of lazy binding: ra is in t7, and the function called will return there. */
		if (!top || top->sp != sp || top->ra != (gpr(env, T7) & ~1ull))
			push(t, ra, sp);
		return;
	}
	if (ra != last->end && is_handler(pc)) {
		top = push(t, ra, sp);
		top->is_signal = true;
		top->lo = last->start;
		top->hi = last->end;
		return;
	}
	for (; t->n && t->calls[t->n - 1].sp < sp; t->n--)
		left = true;
	if (t->n && t->calls[t->n - 1].sp == sp && t->calls[t->n - 1].ra == pc) {
		t->n--;
		return;
	}
	while (left && t->n && t->calls[t->n - 1].sp <= sp)
		t->n--;
}

/* ---- comparing ---------------------------------------------------------------------------------- */

/* The truth as a list of what the walker should say: signals have the interrupted pc besides. */
static size_t unfold(const struct call *calls, size_t n, struct call *to)
{
	size_t m = 0;

	while (n-- > 0 && m + 2 < 2 * TRUTH_DEPTH) {
		to[m] = calls[n];
		to[m].sp = 0;
		to[m++].is_signal = false;
		if (calls[n].is_signal) {
			to[m] = calls[n];
			to[m].sp = 0;
			to[m++].ra = 0;
		}
	}
	return m;
}

static bool is_same(const struct call *true_frame, uint64_t pc, bool exact)
{
	if (true_frame->is_signal)
		return exact && pc >= true_frame->lo && pc <= true_frame->hi;
	return !exact && true_frame->ra == (pc & ~1ull);
}

static struct stack *find_stack(const struct call *calls, size_t n)
{
	uint64_t hash = 14695981039346656037ull;
	const uint8_t *bytes = (const uint8_t *)calls;
	struct stack **at, *s;

	for (size_t i = 0; i < n * sizeof(*calls); i++)
		hash = (hash ^ bytes[i]) * 1099511628211ull;
	at = &table[hash % TABLE];
	for (; *at; at = &(*at)->next) {
		if ((*at)->hash == hash)
			return *at;
	}
	s = calloc(1, sizeof(*s) + n * sizeof(*calls));
	s->hash = hash;
	s->n = n;
	memcpy(s->calls, calls, n * sizeof(*calls));
	*at = s;
	return s;
}

/* Whether only the frame of _start is missing: some libcs end their stacks above it. */
static bool misses_start_only(const struct stack *s, const struct truth_walk *w, size_t n)
{
	uint64_t entry = number(w->entry);

	return n + 1 == s->n && number(w->end) == 0 && s->calls[n].ra >= entry &&
	       s->calls[n].ra < entry + START_BYTES;
}

static void judge(struct stack *s, const struct truth_walk *w)
{
	size_t n = number(w->n), right = 0, most = s->n < n ? s->n : n;
	enum verdict v = WRONG;

	while (right < most && is_same(&s->calls[right], number(w->frames[right].pc),
				       number(w->frames[right].exact)))
		right++;
	if (right == n)
		v = n == s->n || n == TRUTH_DEPTH || misses_start_only(s, w, n) ? EXACT : TRUNCATED;
	s->walks++;
	if (v <= s->verdict)
		return;
	s->verdict = v;
	s->end = number(w->end);
	s->right = right;
	s->instead = right < n ? number(w->frames[right].pc) : 0;
}

static void compare(const struct thread *t, const struct truth_walk *w)
{
	static struct call unfolded[2 * TRUTH_DEPTH];
	uint64_t sp = number(w->sp);
	size_t n = t->n;

	/* The probe's own frames are above the call. */
	while (n && !(t->calls[n - 1].sp == sp &&
		      t->calls[n - 1].ra == (number(w->frames[0].pc) & ~1ull)))
		n--;
	pthread_mutex_lock(&lock);
	walks++;
	if (n) {
		memset(unfolded, 0, sizeof(unfolded));
		judge(find_stack(unfolded, unfold(t->calls, n, unfolded)), w);
	} else {
		astray++;
	}
	pthread_mutex_unlock(&lock);
}

/* ---- the callbacks ------------------------------------------------------------------------------ */

/* At a block's start all registers are in memory, and generated code keeps its address in rbp. */
void entered(unsigned cpu, struct block *b, const void *env);
void block_entry(unsigned cpu, void *block);
__asm__(".text\n.hidden block_entry\n.hidden entered\nblock_entry:\n"
	"	movq %rbp, %rdx\n	jmp entered\n");

void entered(unsigned cpu, struct block *b, const void *env)
{
	struct thread *t = &threads[cpu % MAX_THREADS];

	t->insns += b->insns;
	if (counting) {
		b->runs++;
		return;
	}
	if (t->last)
		settle(t, b->start, env);
	t->last = b;
	if (b->is_mark)
		compare(t, host(gpr(env, A0)));
}

static uint32_t word(const struct qemu_plugin_insn *insn)
{
	uint32_t v = 0;

	if (qemu_plugin_insn_size(insn) == 2) {
		uint16_t h;

		memcpy(&h, qemu_plugin_insn_data(insn), 2);
		return big_endian ? be16toh(h) : le16toh(h);
	}
	memcpy(&v, qemu_plugin_insn_data(insn), 4);
	return big_endian ? be32toh(v) : le32toh(v);
}

/* jr ra, jrc ra; MIPS16 jr ra, jrc ra; any form. */
static bool is_return(const struct qemu_plugin_insn *insn)
{
	uint32_t i = word(insn);

	if (qemu_plugin_insn_size(insn) == 2)
		return i == 0xe820 || i == 0xe8a0;
	return i == 0x03e00008 || i == 0x03e00009 || i == 0xd81f0000;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);
	struct block *b = calloc(1, sizeof(*b));

	(void)id;
	guest_base = (uintptr_t)qemu_plugin_insn_haddr(first) - qemu_plugin_insn_vaddr(first);
	b->start = qemu_plugin_tb_vaddr(tb);
	b->end = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last);
	b->insns = (uint32_t)n;
	b->is_return = is_return(last) || (n > 1 && is_return(qemu_plugin_tb_get_insn(tb, n - 2)));
	if (counting) {
		b->next = blocks;
		blocks = b;
	}
	b->is_mark = qemu_plugin_insn_size(first) == 4 && word(first) == TRUTH_MARK;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_entry, 0, b);
}

static void started(plugin_id id, unsigned cpu)
{
	struct thread *t = &threads[cpu % MAX_THREADS];

	(void)id;
	t->last = NULL;
	t->n = 0;
}

/* rt_sigaction: struct sigaction begins with flags and, in the next word, the handler. */
static void called(plugin_id id, unsigned cpu, int64_t nr, uint64_t signal, uint64_t action,
		   uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
	const uint8_t *at = host(action);
	uint64_t handler;

	(void)id, (void)cpu, (void)signal, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7,
		(void)a8;
	if ((nr != 4194 && nr != 5013 && nr != 6013) || action == 0 || n_handlers == MAX_HANDLERS)
		return;
	if (nr == 5013) {
		memcpy(&handler, at + 8, 8);
		handler = number(handler);
	} else {
		uint32_t v;

		memcpy(&v, at + 4, 4);
		v = big_endian ? be32toh(v) : le32toh(v);
		handler = wide ? (uint64_t)(int32_t)v : v;
	}
	handler &= ~1ull;
	if (handler > 4096 && !is_handler(handler))
		handlers[n_handlers++] = handler;
}

/* ---- the result --------------------------------------------------------------------------------- */

struct map {
	uint64_t lo, hi, offset;
	char name[200];
};
static struct map maps[1024];
static unsigned n_maps;

static void read_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];

	while (f && n_maps < 1024 && fgets(line, sizeof(line), f)) {
		struct map *m = &maps[n_maps];
		unsigned long lo, hi, offset;

		m->name[0] = 0;
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %199s", &lo, &hi, &offset, m->name) < 3)
			continue;
		m->lo = lo - guest_base;
		m->hi = hi - guest_base;
		m->offset = offset;
		n_maps++;
	}
	if (f)
		fclose(f);
}

static void print_pc(FILE *f, uint64_t pc)
{
	for (unsigned i = 0; i < n_maps; i++) {
		if (pc >= maps[i].lo && pc < maps[i].hi && maps[i].name[0] == '/') {
			fprintf(f, " %s+%#llx", maps[i].name,
				(unsigned long long)(pc - maps[i].lo + maps[i].offset));
			return;
		}
	}
	fprintf(f, " %#llx", (unsigned long long)pc);
}

static void print_stack(FILE *f, const struct stack *s)
{
	fprintf(f, "%s %u end=%llu n=%zu right=%zu instead", verdicts[s->verdict], s->walks,
		(unsigned long long)s->end, s->n, s->right);
	print_pc(f, s->instead);
	fprintf(f, " :");
	for (size_t i = 0; i < s->n; i++)
		print_pc(f, s->calls[i].is_signal ? s->calls[i].lo : s->calls[i].ra);
	fprintf(f, "\n");
}

static void ended(plugin_id id, void *arg)
{
	char name[4096];
	uint64_t insns = 0;
	FILE *f;

	(void)id, (void)arg;
	snprintf(name, sizeof(name), "%s.%d", out, (int)getpid());
	f = fopen(name, "w");
	if (!f)
		return;
	for (unsigned i = 0; i < MAX_THREADS; i++)
		insns += threads[i].insns;
	fprintf(f, "run walks=%llu astray=%llu insns=%llu\n", (unsigned long long)walks,
		(unsigned long long)astray, (unsigned long long)insns);
	read_maps();
	for (const struct block *b = blocks; b; b = b->next) {
		fprintf(f, "block %llu", (unsigned long long)(b->runs * b->insns));
		print_pc(f, b->start);
		fprintf(f, "\n");
	}
	for (unsigned i = 0; i < TABLE; i++) {
		for (const struct stack *s = table[i]; s; s = s->next)
			print_stack(f, s);
	}
	fclose(f);
}

int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
	if (info->system || strncmp(info->target, "mips", 4)) {
		fprintf(stderr, "shadow: not for %s\n", info->target);
		return -1;
	}
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
		else if (!strcmp(argv[i], "count=1") || !strcmp(argv[i], "count=on"))
			counting = true;
	}
	wide = strstr(info->target, "64") || strstr(info->target, "n32");
	big_endian = !strstr(info->target, "el");
	qemu_plugin_register_vcpu_init_cb(id, started);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_vcpu_syscall_cb(id, called);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
