/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L06: many threads alive at once, on the smallest stacks. l06 TRUTH [THREADS] */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "truth.h"

#define MOST 2000
#define BLOCKS 10

static struct truth_site books[2] = {{.name = "early"}, {.name = "late"}};
static pthread_barrier_t all_here, all_done;

static NOINLINE void *early(size_t size)
{
	void *p = malloc(size);

	KEEP(p);
	return p;
}

static NOINLINE void *late(size_t size)
{
	void *p = malloc(size);

	KEEP(p);
	return p;
}

static void *live(void *arg)
{
	void *block[BLOCKS];
	size_t size = 16 + (size_t)arg % 50;

	for (int i = 0; i < BLOCKS; i++)
		block[i] = early(size);
	pthread_barrier_wait(&all_here);
	/* main looks at the memory while all are here */
	pthread_barrier_wait(&all_done);
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	free(late(size));
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
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : MOST, started = 0;
	static pthread_t t[MOST];
	pthread_attr_t attr;

	truth_open(argv[1]);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	pthread_barrier_init(&all_here, NULL, (unsigned)n + 1);
	pthread_barrier_init(&all_done, NULL, (unsigned)n + 1);
	for (; started < n; started++)
		if (pthread_create(&t[started], &attr, live, (void *)started))
			_exit(3);
	pthread_barrier_wait(&all_here);
	truth_line("rss_kb %lu\n", status_kb("VmRSS:"));
	truth_line("size_kb %lu\n", status_kb("VmSize:"));
	pthread_barrier_wait(&all_done);
	for (size_t i = 0; i < n; i++) {
		pthread_join(t[i], NULL);
		for (int k = 0; k < BLOCKS; k++) {
			truth_alloc(&books[0], 16 + i % 50);
			truth_free(&books[0], 16 + i % 50);
		}
		truth_alloc(&books[1], 16 + i % 50);
		truth_free(&books[1], 16 + i % 50);
	}
	truth_sites(books, 2);
	return 0;
}
