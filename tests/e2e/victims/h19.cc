/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that are long and full of punctuation, calls that recurse into each other, exceptions. */
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

template <typename Key, typename Value> struct table {
	std::map<Key, std::vector<Value>> rows;
	void operator()(const Key &k, Value v) { rows[k].push_back(std::move(v)); }
	bool operator<(const table &) const { return rows.empty(); }
};

std::string odd(unsigned n);
std::string even(unsigned n)
{
	return n ? odd(n - 1) + "a string too long to be kept inside" : "";
}
std::string odd(unsigned n)
{
	return n ? even(n - 1) + "another one that has to be allocated" : "";
}

} // namespace

int main()
{
	table<std::string, std::unique_ptr<int>> t;
	std::function<void(int)> f = [&](int i) {
		t(std::to_string(i % 7), std::make_unique<int>(i));
	};
	auto *leak = new table<int, std::string>;

	for (int i = 0; i < 100; i++)
		f(i);
	for (int i = 0; i < 20; i++)
		(*leak)(i, even(static_cast<unsigned>(i)));
	std::thread([] { odd(9); }).join();
	try {
		throw std::runtime_error(odd(11));
	} catch (const std::exception &e) {
		return std::string(e.what()).size() < 100;
	}
}
