/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program that keeps recording busy, and says what memory it has: memory TRUTH STACKS THREADS
 *
 * Each thread allocates and frees along STACKS different stacks, one after the other, again and
 * again, so that whatever a recorder reuses is used. All threads still run when memory is looked at:
 * what is private or of a pool, not the pages of files, whose number is the kernel's choice.
 */
#include <pthread.h>
#include <string.h>

#include "truth.h"

#define MOST 64
#define LEVELS 8
#define PAIRS 100000

static unsigned stacks;
static pthread_barrier_t all_here, all_done;

static void down(unsigned level, unsigned way);

/* Two bits of the way choose the function of each level. */
#define LEVEL(name)                                             \
	static NOINLINE void name(unsigned level, unsigned way) \
	{                                                       \
		down(level, way);                               \
		KEEP(name);                                     \
	}

LEVEL(level_a)
LEVEL(level_b)
LEVEL(level_c)
LEVEL(level_d)

static NOINLINE void down(unsigned level, unsigned way)
{
	static void (*const levels[])(unsigned, unsigned) = { level_a, level_b, level_c, level_d };

	if (level) {
		levels[way & 3](level - 1, way >> 2);
	} else {
		void *p = malloc(40);

		KEEP(p);
		free(p);
	}
	KEEP(levels);
}

static void *work(void *arg)
{
	for (unsigned i = 0; i < PAIRS || i < 2 * stacks; i++)
		down(LEVELS, i % stacks);
	if (arg) {
		pthread_barrier_wait(&all_here);
		pthread_barrier_wait(&all_done);
	}
	return NULL;
}

/* A number of /proc/self/status, in KB. */
static unsigned long status_kb(const char *key)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text - 1);
	char *at;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, key);
	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

int main(int argc, char **argv)
{
	static pthread_t t[MOST];
	unsigned threads = argc > 3 ? (unsigned)atoi(argv[3]) : 1;

	if (argc < 3 || threads > MOST)
		return 2;
	stacks = (unsigned)atoi(argv[2]);
	truth_open(argv[1]);
	pthread_barrier_init(&all_here, NULL, threads + 1);
	pthread_barrier_init(&all_done, NULL, threads + 1);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, &all_here))
			return 3;
	pthread_barrier_wait(&all_here);
	truth_line("anon_kb %lu\n", status_kb("RssAnon:"));
	truth_line("shmem_kb %lu\n", status_kb("RssShmem:"));
	pthread_barrier_wait(&all_done);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	return 0;
}
