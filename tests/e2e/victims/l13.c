/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * L13: two libraries, in turn, at one address. l13 TRUTH TIMES A.so B.so. The libraries are l13lib.c,
 * compiled with NAME=a or b.
 */
#include <dlfcn.h>

#include "truth.h"

#define FIRST_BYTES 1001
#define SECOND_BYTES 2002

static struct truth_site sites[2] = {{.name = "alloc_in_a"}, {.name = "alloc_in_b"}};

static int use(const char *path, const char *function, struct truth_site *site, count bytes, void **at)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *(*alloc)(size_t) = lib ? (void *(*)(size_t))dlsym(lib, function) : NULL;

	if (!alloc)
		return 0;
	*at = (void *)alloc;
	free(alloc((size_t)bytes));
	truth_alloc(site, bytes);
	truth_free(site, bytes);
	KEEP(alloc((size_t)bytes));
	truth_alloc(site, bytes);
	return dlclose(lib) == 0;
}

int main(int argc, char **argv)
{
	count times = strtoull(argv[2], NULL, 10), same = 0;

	(void)argc;
	truth_open(argv[1]);
	for (count i = 0; i < times; i++) {
		void *a, *b;

		if (!use(argv[3], "alloc_in_a", &sites[0], FIRST_BYTES, &a) ||
		    !use(argv[4], "alloc_in_b", &sites[1], SECOND_BYTES, &b))
			_exit(5);
		same += a == b;
	}
	truth_sites(sites, 2);
	truth_line("same_address %llu\n", same);
	return 0;
}
