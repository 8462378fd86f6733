/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program with three well-known memory habits, each in a function named after it:
 *
 *   remember_forever   leaks: 200 records of 512 bytes, never freed
 *   build_index        peaks: an index of 4 MiB, alive only while it is used
 *   format_lines       churns: 20,000 short-lived strings, each freed at once
 *
 * It prints what a heap profiler should find. Build: cc -g -O1 -fno-inline -o leaky leaky.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RECORDS = 200,
	RECORD_BYTES = 512,
	BUCKETS = 64,
	BUCKET_BYTES = 64 * 1024,
	LINES = 20000,
	LINE_BYTES = 48,
	STEP_MS = 2,
};

struct record {
	struct record *next;
	char text[RECORD_BYTES - sizeof(struct record *)];
};

static void *must(void *p)
{
	if (!p)
		exit(1);
	return p;
}

/* Slow enough for a timeline. */
static void take_time(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	nanosleep(&step, NULL);
}

/* The list is dropped, its records are not. */
static size_t remember_forever(void)
{
	struct record *head = NULL;
	size_t bytes = 0;

	for (int i = 0; i < RECORDS; i++) {
		struct record *r = must(malloc(sizeof(*r)));

		snprintf(r->text, sizeof(r->text), "record %d", i);
		r->next = head;
		head = r;
		bytes += sizeof(*r);
		if (i % 4 == 0)
			take_time();
	}
	return bytes;
}

static size_t build_index(void)
{
	char *bucket[BUCKETS];
	size_t bytes = 0;

	for (int i = 0; i < BUCKETS; i++) {
		bucket[i] = must(malloc(BUCKET_BYTES));
		memset(bucket[i], i, BUCKET_BYTES);
		bytes += BUCKET_BYTES;
		take_time();
	}
	for (int i = 0; i < BUCKETS; i++)
		free(bucket[i]);
	return bytes;
}

static char *format_line(int number)
{
	char *line = must(malloc(LINE_BYTES));

	snprintf(line, LINE_BYTES, "line %d", number);
	return line;
}

static size_t format_lines(void)
{
	size_t length = 0;

	for (int i = 0; i < LINES; i++) {
		char *line = format_line(i);

		length += strlen(line);
		free(line);
		if (i % 200 == 0)
			take_time();
	}
	return length;
}

int main(void)
{
	size_t leaked = remember_forever();
	size_t peak = build_index();
	size_t length = format_lines();

	printf("leaked %zu bytes in %d blocks\n", leaked, RECORDS);
	printf("peak at least %zu bytes\n", leaked + peak);
	printf("%d temporary blocks, %zu characters formatted\n", LINES, length);
	return 0;
}
