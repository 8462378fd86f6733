/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T08: descriptors are numbered as if nobody watched. t08 TRUTH */
#include "fds.h"
#include "truth.h"

static struct truth_site sites[1] = {{.name = "work"}};

static NOINLINE void *work(void)
{
	void *p = malloc(48);

	KEEP(p);
	truth_alloc(&sites[0], 48);
	return p;
}

static void use_heap(void)
{
	for (int i = 0; i < 5000; i++) {
		free(work());
		truth_free(&sites[0], 48);
	}
}

int main(int argc, char **argv)
{
	int fd;

	(void)argc;
	fds_print("at start");
	fd = open("/dev/null", O_RDWR);
	printf("first open: %d\n", fd);
	use_heap();
	for (int i = 3; i < 1024; i++)
		if (dup2(fd, i) != i)
			printf("dup2 to %d failed\n", i);
	fds_print("after dup2");
	use_heap();
	for (int i = 3; i < 1024; i++)
		close(i);
	use_heap();
	fds_print("at the end");
	truth_open(argv[1]);
	truth_sites(sites, 1);
	return 0;
}
