/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T07: a daemon that closes everything in every way, then works. t07 TRUTH DAEMON-TRUTH [BLOCKS] */
#define _GNU_SOURCE
#include <dirent.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "truth.h"

enum { DAEMON, SITES };
static struct truth_site sites[SITES] = {{.name = "in_daemon"}};

static NOINLINE void *in_daemon(size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	truth_alloc(&sites[DAEMON], n);
	return p;
}

static void close_loop(void)
{
	for (int fd = 3; fd < 65536; fd++)
		close(fd);
}

static void close_walk(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(d))
			close(atoi(e->d_name));
	if (d)
		closedir(d);
}

static void close_ranges(void)
{
#ifdef SYS_close_range
	syscall(SYS_close_range, 3u, ~0u, 0u);
#endif
#ifdef __GLIBC__
	closefrom(3);
#endif
}

static void work(count blocks)
{
	for (count i = 0; i < blocks; i++) {
		void *p = in_daemon(10 + i % 100);

		if (i % 10) {
			free(p);
			truth_free(&sites[DAEMON], 10 + i % 100);
		}
	}
}

static void run_daemon(const char *path, count blocks)
{
	close_loop();
	close_walk();
	close_ranges();
	if (chdir("/") || open("/dev/null", O_RDWR) < 0)
		_exit(9);
	work(blocks);
	/* for a moment nobody's child is busy: record stays all the same */
	usleep(300000);
	work(blocks);
	truth_open(path);
	truth_sites(sites, SITES);
	truth_line("daemon_pid %d\n", (int)getpid());
	exit(0);
}

int main(int argc, char **argv)
{
	count blocks = argc > 3 ? strtoull(argv[3], NULL, 10) : 50000;
	pid_t pid;

	truth_open(argv[1]);
	pid = fork();
	if (!pid) {
		setsid();
		if (fork())
			_exit(0);
		run_daemon(argv[2], blocks);
	}
	waitpid(pid, NULL, 0);
	truth_line("parent_pid %d\n", (int)getpid());
	return 0;
}
