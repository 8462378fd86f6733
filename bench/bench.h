/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the benchmark programs share: random numbers that are the same on every run, the clocks, and
 * what each prints at its end: "events", "seconds" (the loop alone), "cpu_seconds" (of the process,
 * the loop alone), "resident_kb" (the most there ever was) and, where it counts, "rate" per second.
 */
#ifndef DA_BENCH_BENCH_H
#define DA_BENCH_BENCH_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** Wall and CPU time, in seconds since some moment. */
struct bench_time {
	double wall, cpu;
};

/** The next number of a xorshift generator whose state, not 0, is the caller's. */
static inline uint64_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1d;
}

static inline double bench_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline struct bench_time bench_now(void)
{
	return (struct bench_time){ bench_clock(CLOCK_MONOTONIC),
				    bench_clock(CLOCK_PROCESS_CPUTIME_ID) };
}

/** The value of argument @n, or @otherwise. */
static inline double bench_argument(int argc, char **argv, int n, double otherwise)
{
	return argc > n ? atof(argv[n]) : otherwise;
}

/** Most KiB ever resident (VmHWM: getrusage() would count the image before exec, too). */
static inline long bench_resident_kb(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	line = strstr(text, "VmHWM:");
	return line ? atol(line + 6) : 0;
}

/** Print the results of a loop that made @events calls and, if any, @operations since @begin. */
static inline void bench_print(struct bench_time begin, uint64_t events, uint64_t operations)
{
	struct bench_time end = bench_now();

	printf("events %llu\nseconds %.6f\ncpu_seconds %.6f\n", (unsigned long long)events,
	       end.wall - begin.wall, end.cpu - begin.cpu);
	if (operations)
		printf("rate %.0f\n", (double)operations / (end.wall - begin.wall));
	printf("resident_kb %ld\n", bench_resident_kb());
}

#endif
