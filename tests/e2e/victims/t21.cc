/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T21: exceptions through frames whose destructors allocate, and new that fails. t21 TRUTH */
#include <cstdint>
#include <cstdio>
#include <new>
#include <stdexcept>

#include "truth.h"

#define ROUNDS 1000

enum { DESTRUCTOR, FRAME, THROWN, SITES };
static truth_site sites[SITES] = {{"in_destructor", 0, 0, 0, 0}, {"in_frame", 0, 0, 0, 0},
				  {"make_thrown", 0, 0, 0, 0}};
static volatile std::size_t huge = PTRDIFF_MAX;
static int caught[3];

extern "C" {
NOINLINE void *in_destructor(std::size_t n)
{
	void *p = malloc(n);

	KEEP(p);
	truth_alloc(&sites[DESTRUCTOR], n);
	return p;
}

NOINLINE char *in_frame(std::size_t n)
{
	char *p = new char[n];

	KEEP(p);
	truth_alloc(&sites[FRAME], n);
	return p;
}

NOINLINE int *make_thrown(int i)
{
	int *p = new int(i);

	KEEP(p);
	truth_alloc(&sites[THROWN], sizeof *p);
	return p;
}
}

struct guard {
	char *block;
	std::size_t size;
	explicit guard(std::size_t n) : block(in_frame(n)), size(n)
	{
	}
	~guard()
	{
		void *p = in_destructor(size + 1);

		delete[] block;
		truth_free(&sites[FRAME], size);
		free(p);
		truth_free(&sites[DESTRUCTOR], size + 1);
	}
};

static NOINLINE void throw_below(int frames, int i)
{
	guard g(20 + static_cast<std::size_t>(frames));

	if (frames)
		throw_below(frames - 1, i);
	else if (i % 2)
		throw make_thrown(i);
	else
		throw std::runtime_error("thrown");
	KEEP(&g);
}

static NOINLINE void try_huge()
{
	guard g(15);
	char *p = new char[huge];

	KEEP(p);
}

int main(int, char **argv)
{
	truth_open(argv[1]);
	for (int i = 0; i < ROUNDS; i++) {
		try {
			throw_below(4, i);
		} catch (const std::runtime_error &) {
			caught[0]++;
		} catch (int *p) {
			caught[1] += *p == i;
			delete p;
			truth_free(&sites[THROWN], sizeof *p);
		}
		try {
			try_huge();
		} catch (const std::bad_alloc &) {
			caught[2]++;
		}
	}
	std::printf("%d %d %d\n", caught[0], caught[1], caught[2]);
	truth_line("failed %d\n", caught[2]);
	truth_sites(sites, SITES);
	return 0;
}
