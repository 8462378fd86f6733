/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0)
		return 0;
	while (n < size) {
		ssize_t got = read(fd, buf + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	return n;
}

/* Numbers of /proc/PID/stat by their number in proc(5); the name (2) may hold anything. */
enum {
	STAT_START_TIME = 22,
	STAT_RSS = 24,
	STAT_START_STACK = 28
};

bool da_proc_stat(uint32_t pid, struct da_proc_stat *out)
{
	char path[64], buf[1024], *p;
	size_t n;

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	n = read_file(path, buf, sizeof buf - 1);
	buf[n] = '\0';
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ')
		return false;
	memset(out, 0, sizeof *out);
	out->state = p[2];
	p += 3;
	for (int field = 4; *p == ' ' && field <= STAT_START_STACK; field++) {
		uint64_t v = strtoull(p + 1, &p, 10);

		if (field == STAT_START_TIME)
			out->start_ticks = v;
		else if (field == STAT_RSS)
			out->rss_bytes = v * (uint64_t)sysconf(_SC_PAGESIZE);
		else if (field == STAT_START_STACK)
			out->stack_start = v;
	}
	return true;
}

uint64_t da_proc_rss(uint32_t pid)
{
	char path[64], buf[128];
	size_t n;
	const char *p;

	snprintf(path, sizeof path, "/proc/%u/statm", pid);
	n = read_file(path, buf, sizeof buf - 1);
	buf[n] = '\0';
	p = strchr(buf, ' ');
	return p ? strtoull(p, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

size_t da_proc_thread_name(uint32_t pid, uint32_t tid, char *buf, size_t size)
{
	char path[64];
	size_t n;

	snprintf(path, sizeof path, "/proc/%u/task/%u/comm", pid, tid);
	n = read_file(path, buf, size - 1);
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

size_t da_proc_exe(uint32_t pid, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%u/exe", pid);
	n = readlink(path, buf, size - 1);
	if (n < 0)
		n = 0;
	buf[n] = '\0';
	return (size_t)n;
}

size_t da_proc_cmdline(uint32_t pid, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%u/cmdline", pid);
	return read_file(path, buf, size);
}

/* The inode is the fifth column: "start-end perms offset dev inode name". */
static bool line_has_inode(const char *line, uint64_t inode)
{
	for (int column = 1; column < 5; column++) {
		line = strchr(line, ' ');
		if (!line)
			return false;
		line++;
	}
	return strtoull(line, NULL, 10) == inode;
}

bool da_proc_maps_inode(uint32_t pid, uint64_t inode)
{
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%u/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return errno != ENOENT;
	while (!found && fgets(line, sizeof line, f))
		found = line_has_inode(line, inode);
	fclose(f);
	return found;
}

int da_proc_children(uint32_t *pids, int max)
{
	char path[64], buf[4096], *p = buf;
	size_t n;
	int count = 0;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	if (access(path, R_OK))
		return -1;
	n = read_file(path, buf, sizeof buf - 1);
	buf[n] = '\0';
	while (count < max && *p) {
		pids[count++] = (uint32_t)strtoul(p, &p, 10);
		p += strspn(p, " ");
	}
	return count;
}

bool da_proc_is_alive(uint32_t pid)
{
	struct da_proc_stat st;

	if (da_proc_stat(pid, &st))
		return st.state != 'Z' && st.state != 'X';
	/* without /proc a zombie looks alive; its parent's wait tells */
	return !access("/proc/self", F_OK) ? false : !kill((pid_t)pid, 0) || errno == EPERM;
}
