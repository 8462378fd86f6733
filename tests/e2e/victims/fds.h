/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's open descriptors, one line each, without what differs from run to run. */
#ifndef FDS_H
#define FDS_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

static inline void fds_print(const char *when)
{
	char link[64], to[512];

	printf("%s:", when);
	for (int fd = 0; fd < 4096; fd++) {
		int flags = fcntl(fd, F_GETFD);
		ssize_t n;

		if (flags < 0)
			continue;
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		n = readlink(link, to, sizeof to - 1);
		to[n > 0 ? n : 0] = '\0';
		/* "pipe:[1234]", "socket:[1234]": the number is new each time */
		if (strchr(to, '['))
			*strchr(to, '[') = '\0';
		printf(" %d=%s%s", fd, to, flags & FD_CLOEXEC ? "(cloexec)" : "");
	}
	printf("\n");
	fflush(stdout);
}

#endif
