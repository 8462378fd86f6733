// SPDX-License-Identifier: GPL-3.0-or-later
// Allocates in chains of calls through C++: virtual calls, lambdas, exceptions, the library.
#include <algorithm>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static unsigned long long dice_state;

static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 6364136223846793005ull + 1442695040888963407ull;
	return unsigned(dice_state >> 33) % sides;
}

using step = int (*)(int, int);
#define STEP __attribute__((noinline))
static int next(int n, int x);

struct Shape {
	virtual ~Shape() { delete[] data; }
	virtual int area(int n, int x) { return next(n, x); }
	char *data = new char[10];
};
struct Other {
	virtual int more(int n, int x) = 0;
	virtual ~Other() = default;
};
struct Square : Shape, Other {
	int area(int n, int x) override { return next(n, x) + 1; }
	int more(int n, int x) override { return next(n, x) - 1; }
};

struct Guard {
	int n, x;
	~Guard()
	{
		std::string s(30 + (x & 7), 'g');
		if (n > 0 && n < 4)
			next(n - 1, s.size());
	}
};

static STEP int virtual_call(int n, int x)
{
	std::unique_ptr<Square> s(new Square);
	Other *o = s.get();
	return x & 1 ? s->area(n, x >> 1) : o->more(n, x >> 1);
}

static STEP int lambda(int n, int x)
{
	std::string text(20, 'x');
	std::function<int(int)> f = [&text, n](int y) { return next(n, y) + int(text.size()); };
	return f(x);
}

static STEP int thrower(int n, int x)
{
	Guard g{ n, x };
	std::vector<int> v(x & 31, 1);
	next(n, x);
	if (x & 1)
		throw std::runtime_error("a message long enough to be on the heap");
	throw x;
}

static STEP int catches(int n, int x)
{
	try {
		Guard g{ n / 2, x };
		return thrower(n, x) + 1;
	} catch (const std::exception &e) {
		return next(n / 2, std::string(e.what()).size());
	} catch (int y) {
		try {
			thrower(n / 3, y);
		} catch (...) {
			return next(n / 3, y);
		}
		return 0;
	}
}

static STEP int rethrows(int n, int x)
{
	try {
		try {
			thrower(n, x);
		} catch (...) {
			std::string s(40, 'r');
			next(n / 2, x);
			throw;
		}
	} catch (...) {
		return next(n / 2, x);
	}
	return 1;
}

static STEP int sorts(int n, int x)
{
	std::vector<int> v{ 3, 1, 4, 1, 5, x };
	int left = n;
	std::sort(v.begin(), v.end(), [&](int a, int b) {
		int m = left;
		left = -1;
		if (m >= 0)
			next(m, a);
		return a < b;
	});
	return v[0];
}

static STEP int containers(int n, int x)
{
	std::map<std::string, std::list<int>> m;
	for (int i = 0; i < 4; i++)
		m[std::string(i + 14, 'k')].push_back(i);
	m["x"].assign(3, next(n, x));
	return m.size() + m["x"].front();
}

static STEP int streams(int n, int x)
{
	std::ostringstream s;
	s << "text " << x << ' ' << 1.5 << std::string(50, 'y');
	return next(n, s.str().size());
}

template <int N>
struct Nested {
	static STEP int go(int n, int x)
	{
		std::vector<char> v(N, 'n');
		return x & N ? Nested<N / 2>::go(n, x) + v[0] : next(n, x) + v[0];
	}
};
template <>
struct Nested<0> {
	static int go(int n, int x) { return next(n, x); }
};

static STEP int templated(int n, int x)
{
	return Nested<8>::go(n, x);
}

static STEP std::string by_value(int n, std::string s, int x)
{
	s += std::to_string(next(n, x));
	return s + "tail that makes it long";
}

static STEP int strings(int n, int x)
{
	return by_value(n, "text that is longer than the small string", x).size();
}

static STEP int none(int n, int x) noexcept
{
	std::vector<std::string> v(3, std::string(40, 'z'));
	return next(n, x) + v.size();
}

static const step steps[] = { virtual_call, lambda, catches, rethrows, sorts, containers, streams, templated,
			      strings, none };

static STEP int next(int n, int x)
{
	if (n <= 0) {
		delete[] new char[(x & 63) + 1];
		return x + 1;
	}
	return steps[dice(sizeof(steps) / sizeof(steps[0]))](n - 1, x);
}

static void run(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		dice_state = i * 7919ull + 1;
		next(1 + dice(4), dice(1000));
	}
}

struct Early {
	Early() { run(900, 905); }
	~Early() { run(950, 955); }
} early;

int main()
{
	run(1, 120);
	std::thread t([] { run(200, 240); });
	t.join();
	std::cout << "ok" << std::endl;
	return 0;
}
