/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L02: operator new and delete in all their forms. l02xx TRUTH */
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>

#include "truth.h"

struct alignas(256) wide {
	char c[300];
	NOINLINE wide() { KEEP(this); }
	~wide() { KEEP(this); }
};

struct throws {
	char c[111];
	throws() { throw 5; }
};

struct virtual_one {
	virtual ~virtual_one() { KEEP(this); }
	char c[100];
};

static truth_site sites[] = {
	{"new_plain", 0, 0, 0, 0},   {"new_array", 0, 0, 0, 0},	  {"new_nothrow", 0, 0, 0, 0},
	{"new_aligned", 0, 0, 0, 0}, {"new_aligned_array", 0, 0, 0, 0}, {"new_throws", 0, 0, 0, 0},
	{"new_virtual", 0, 0, 0, 0}, {"new_direct", 0, 0, 0, 0},  {"new_kept", 0, 0, 0, 0},
};
enum { PLAIN, ARRAY, NOTHROW, ALIGNED, ALIGNED_ARRAY, THROWS, VIRTUAL, DIRECT, KEPT };
static volatile std::size_t huge = PTRDIFF_MAX;

static void say(const char *what, const void *p, std::size_t align)
{
	std::printf("%s: %s %s\n", what, p ? "block" : "null",
		    reinterpret_cast<std::uintptr_t>(p) % align ? "MISALIGNED" : "aligned");
}

static void both(int site, count bytes)
{
	truth_alloc(&sites[site], bytes);
	truth_free(&sites[site], bytes);
}

extern "C" {
NOINLINE void new_plain()
{
	int *p = new int(5);
	KEEP(p);
	say("new int", p, alignof(int));
	delete p;
	both(PLAIN, sizeof(int));
	KEEP(p);
}

NOINLINE void new_array(std::size_t n)
{
	char *p = new char[n];
	KEEP(p);
	say("new char[]", p, 1);
	delete[] p;
	both(ARRAY, n ? n : 1); /* libstdc++ asks for one byte instead of none */
	KEEP(p);
}

NOINLINE void new_nothrow()
{
	char *p = new (std::nothrow) char[77];
	KEEP(p);
	say("nothrow", p, 1);
	operator delete[](p, std::nothrow);
	both(NOTHROW, 77);
	KEEP(p);
}

NOINLINE void new_aligned()
{
	wide *p = new wide;
	KEEP(p);
	say("aligned", p, 256);
	delete p;
	both(ALIGNED, sizeof(wide));
	p = new (std::nothrow) wide;
	KEEP(p);
	say("aligned nothrow", p, 256);
	delete p;
	both(ALIGNED, sizeof(wide));
	KEEP(p);
}

NOINLINE void *new_aligned_array(std::size_t n)
{
	void *p = operator new[](n, std::align_val_t(64));
	KEEP(p);
	say("aligned array", p, 64);
	operator delete[](p, n, std::align_val_t(64));
	both(ALIGNED_ARRAY, n);
	KEEP(p);
	return nullptr;
}

NOINLINE void new_throws()
{
	throws *p = new throws;
	KEEP(p);
}

NOINLINE void new_virtual()
{
	virtual_one *p = new virtual_one;
	KEEP(p);
	delete p;
	both(VIRTUAL, sizeof(virtual_one));
	KEEP(p);
}

NOINLINE void new_direct()
{
	void *p = operator new(123);
	KEEP(p);
	operator delete(p, std::size_t(123));
	p = operator new(124);
	KEEP(p);
	operator delete(p);
	both(DIRECT, 123);
	both(DIRECT, 124);
	KEEP(p);
}

NOINLINE void new_kept()
{
	KEEP(new char[4321]);
	truth_alloc(&sites[KEPT], 4321);
	KEEP(sites);
}
}

int main(int, char **argv)
{
	static char out[65536];

	std::setvbuf(stdout, out, _IOFBF, sizeof out);
	truth_open(argv[1]);
	new_plain();
	new_array(100);
	new_array(0);
	new_nothrow();
	new_aligned();
	new_aligned_array(640);
	try {
		new_throws();
	} catch (int i) {
		std::printf("caught %d\n", i);
	}
	new_virtual();
	new_direct();
	new_kept();
#ifndef FOR_VALGRIND /* which cannot throw, and ends the program */
	try {
		KEEP(operator new(huge));
	} catch (const std::bad_alloc &e) {
		std::printf("caught bad_alloc\n");
	}
	std::printf("huge nothrow: %p\n", operator new(huge, std::nothrow));
#endif
	/* the exception's own memory is libstdc++'s business: calls below it are not counted */
	sites[THROWS].name = nullptr;
	truth_sites(sites, sizeof sites / sizeof *sites);
	return 0;
}
