# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the symbols layer share: samples, and runs of tests/symbols_cli."""
import os
import re
import shlex
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("top_builddir") or ".")
CLI = os.environ.get("SYMBOLS_CLI") or os.path.join(BUILD, "tests/symbols_cli")
CC = shlex.split(os.environ.get("CC") or "cc")
READELF = os.environ.get("READELF") or "readelf"

C_SAMPLE = """\
#include <stdlib.h>
volatile int sink;
static inline __attribute__((always_inline)) int
innermost(int x)
{
	sink += x;                      /* line 6 */
	return x * sink;
}
static inline __attribute__((always_inline)) int
middle(int x)
{
	return innermost(x + 1) + 2;    /* line 12 */
}
__attribute__((noinline)) int
outer(int x)
{
	return middle(x) * 3;           /* line 17 */
}
__attribute__((noinline)) static int
compare(const void *a, const void *b)
{
	return *(const int *)a - outer(*(const int *)b);
}
int main(int argc, char **argv)
{
	int *p = malloc(40);
	(void)argv;
	for (int i = 0; i < 10; i++)
		p[i] = i ^ argc;
	qsort(p, 10, sizeof(*p), compare);
	free(p);
	return 0;
}
"""

CXX_SAMPLE = """\
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>
namespace {
struct Node { std::map<std::string, int> counts; virtual ~Node() {} virtual int visit(int x) { return x; } };
struct Leaf : Node { int visit(int x) override { return x * 2 + int(counts.size()); } };
template <class T> T twice(T x) { return x + x; }
}
int main(int argc, char **argv)
{
	std::vector<std::string> words(argv, argv + argc);
	std::vector<std::unique_ptr<Node>> nodes;
	std::sort(words.begin(), words.end(), [](const auto &a, const auto &b) { return a.size() < b.size(); });
	for (auto &w : words) {
		nodes.push_back(std::make_unique<Leaf>());
		nodes.back()->counts[twice(w)]++;
	}
	for (auto &n : nodes)
		std::printf("%d\\n", n->visit(argc));
	return 0;
}
"""

RUST_SAMPLE = """\
use std::collections::{BTreeMap, HashMap};
trait Shape { fn area(&self) -> f64; }
struct Square(f64);
struct Circle(f64);
impl Shape for Square { fn area(&self) -> f64 { self.0 * self.0 } }
impl Shape for Circle { fn area(&self) -> f64 { 3.14 * self.0 * self.0 } }
fn main() {
    let mut lists: HashMap<String, Vec<u8>> = HashMap::new();
    let mut order = BTreeMap::new();
    for (i, a) in std::env::args().enumerate() {
        lists.entry(a.clone()).or_default().push(i as u8);
        order.insert(a, i);
    }
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(2.0)), Box::new(Circle(1.0))];
    println!("{:?} {:?} {}", lists, order, shapes.iter().map(|s| s.area()).sum::<f64>());
}
"""


def run(*argv, **keywords):
    return subprocess.run(argv, check=True, capture_output=True, **keywords)


def write(path, content):
    with open(path, "wb" if isinstance(content, bytes) else "w") as f:
        f.write(content)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Answer:
    """What tests/symbols_cli printed."""

    def __init__(self, done):
        self.status, self.note = done.returncode, done.stderr.strip()
        self.verdict = self.note.partition(" ")[0]
        self.frames, frames = {}, None
        lines = iter(done.stdout.splitlines())
        for line in lines:
            if re.fullmatch("0x[0-9a-f]{16}", line):
                frames = self.frames.setdefault(int(line, 16), [])
            else:
                frames.append((line, next(lines)))

    def functions(self, address):
        return [f for f, _ in self.frames[address]]


def ask(module, addresses, *options, wrapper=(), env=None):
    text = "".join("%x\n" % a for a in addresses)
    return Answer(subprocess.run([*wrapper, CLI, *options, module], input=text, text=True,
                                 capture_output=True, errors="replace", timeout=120,
                                 env={**os.environ, **(env or {})}))


def build_id(path):
    m = re.search(r"Build ID: ([0-9a-f]+)", run(READELF, "-n", path, text=True).stdout)
    return m[1] if m else None


def symbol(path, name):
    """(address, size) of a function."""
    for line in run(READELF, "-sW", path, text=True).stdout.splitlines():
        word = line.split()
        if len(word) == 8 and word[7] == name and word[3] == "FUNC":
            return int(word[1], 16), int(word[2], 0)
    raise KeyError(name)


class Tests:
    """Runs the functions given it, each in a directory of its own, and prints what fails."""

    def __init__(self):
        self.failed = 0

    def run(self, test):
        with tempfile.TemporaryDirectory(prefix="symbols-") as folder:
            try:
                skipped = test(folder)
                print("%s %s" % ("SKIP" if skipped else "ok  ", test.__name__), skipped or "")
            except (AssertionError, KeyError, OSError, subprocess.SubprocessError) as e:
                self.failed += 1
                line = e.__traceback__
                while line.tb_next and "lib.py" not in line.tb_next.tb_frame.f_code.co_filename:
                    line = line.tb_next
                print("FAIL %s line %d: %r" % (test.__name__, line.tb_lineno, e))
                if getattr(e, "stderr", None):
                    print(e.stderr)

    def finish(self):
        sys.exit(1 if self.failed else 0)
