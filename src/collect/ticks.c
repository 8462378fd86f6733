/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/ticks.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/ticks.h"

/* The kernel takes "tsc" off this list when it finds that the cores' counters differ or stop. */
#define CLOCK_SOURCES "/sys/devices/system/clocksource/clocksource0/available_clocksource"
#define MEASURE_NS 50000u
/* A granule is at most so long: half of the fastest way of a block from one thread to another. */
#define GRANULE_NS 16u

static bool kernel_trusts_ticks(void)
{
	char text[256];
	int fd = open(CLOCK_SOURCES, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	char *rest = text, *word;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	while ((word = strsep(&rest, " \n")))
		if (!strcmp(word, "tsc"))
			return true;
	return false;
}

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Ticks in GRANULE_NS. */
static uint64_t granule_ticks(void)
{
	uint64_t begin_ns = monotonic_ns(), begin = da_ticks_now(), ns;

	do
		ns = monotonic_ns() - begin_ns;
	while (ns < MEASURE_NS);
	return (da_ticks_now() - begin) * GRANULE_NS / ns;
}

void da_ticks_configure(struct da_order *o)
{
	uint64_t granule;

	o->has_ticks = 0;
	if (!da_ticks_exist() || !kernel_trusts_ticks())
		return;
	granule = granule_ticks();
	/* a counter slower than 100 MHz, or none that moves, is of no use */
	if (granule < 2 || granule > 4096)
		return;
	for (o->shift = 0; granule >> (o->shift + 1); o->shift++)
		;
	o->has_ticks = 1;
}
