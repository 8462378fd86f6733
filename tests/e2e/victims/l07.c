/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L07: threads that live for two blocks each. l07 TRUTH [THREADS [MARK]]: the file MARK is made after a tenth. */
#include <pthread.h>

#include "truth.h"

enum { WORK, KEPT, SITES };
static struct truth_site sites[SITES] = {{.name = "work"}, {.name = "kept"}};

static NOINLINE void *work(size_t size)
{
	void *p = malloc(size);

	KEEP(p);
	return p;
}

static NOINLINE void *kept(size_t size)
{
	void *p = malloc(size);

	KEEP(p);
	return p;
}

static void *live(void *arg)
{
	size_t i = (size_t)arg;

	free(work(40 + i % 7));
	/* main frees this one */
	return kept(60 + i % 11);
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 50000;

	truth_open(argv[1]);
	for (size_t i = 0; i < n; i++) {
		pthread_t t;
		void *p;

		if (pthread_create(&t, NULL, live, (void *)i))
			_exit(3);
		pthread_join(t, &p);
		truth_alloc(&sites[WORK], 40 + i % 7);
		truth_free(&sites[WORK], 40 + i % 7);
		truth_alloc(&sites[KEPT], 60 + i % 11);
		if (i % 1000) {
			free(p);
			truth_free(&sites[KEPT], 60 + i % 11);
		}
		if (i == n / 10 && argc > 3)
			close(open(argv[3], O_CREAT | O_WRONLY, 0666));
	}
	truth_sites(sites, SITES);
	return 0;
}
