# SPDX-License-Identifier: GPL-3.0-or-later
import ast, asyncio, base64, collections, configparser, contextlib, copy, csv, dataclasses, datetime, decimal, difflib, enum
import fractions, functools, gzip, hashlib, heapq, html.parser, io, itertools, json, logging, math, operator, os, pickle, queue
import random, re, shlex, signal, string, struct, sys, tempfile, textwrap, threading, traceback, types, typing, unittest
import urllib.parse, weakref, zlib, xml.etree.ElementTree as ET, argparse, bz2, ctypes, email.message, inspect, tokenize, zipfile

def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: int = 0
    tags: list = dataclasses.field(default_factory=list)
    def __add__(self, o): return Point(self.x + o.x, self.y + o.y)
class Colour(enum.Flag):
    RED = enum.auto(); BLUE = enum.auto()
class Meta(type):
    def __new__(m, n, b, d): return super().__new__(m, n, b, {**d, "made": True})
class Made(metaclass=Meta):
    __slots__ = ("a",)
    def __init__(self): self.a = 1
    def __getattr__(self, n): return n * 2
    def __del__(self): str(self.a)
def generator(n):
    try:
        for i in range(n): got = yield {"i": i, "s": str(i)}
    finally: list(range(3))
def deep(n): return [deep(n - 1)] if n else []
print(fib(12), sorted(Point(i % 5, -i) for i in range(20))[0], Colour.RED | Colour.BLUE, Made().zz, sum(g["i"] for g in generator(9)))
data = {"k%d" % i: [i, i / 3, str(i), None, {"n": [True]}] for i in range(40)}
text = json.dumps(data, indent=1, sort_keys=True); assert json.loads(text) == data
assert pickle.loads(pickle.dumps((data, Point(1, 2), deep(20)))) and copy.deepcopy(data)
print(len(re.sub(r"(\w+)\s*:", lambda m: m[1].upper(), text)), re.findall(r"(?P<a>\d+)\.(\d)", text)[:2], re.split("[,;]", "a,b;c"))
tree = ast.parse(open(__file__).read()); compile(tree, "x", "exec"); ast.unparse(tree); exec("def f(*a, **k): return a, k\nprint(f(1, b=2))")
print(list(itertools.permutations("abc", 2))[:2], collections.Counter("mississippi").most_common(2), heapq.nsmallest(3, [5, 1, 4]), functools.reduce(operator.mul, range(1, 40)))
root = ET.fromstring("<a><b c='1'>t</b>" + "<d/>" * 20 + "</a>"); ET.tostring(root); root.findall(".//d")
z = zlib.compress(text.encode()); zlib.decompress(z); gzip.decompress(gzip.compress(z)); bz2.decompress(bz2.compress(z)); base64.b64encode(hashlib.sha256(z).digest())
with tempfile.TemporaryDirectory() as d:
    with zipfile.ZipFile(os.path.join(d, "z.zip"), "w") as f: f.writestr("a", text)
    with open(os.path.join(d, "c.csv"), "w") as f: csv.writer(f).writerows([[1, "a,b"], [2, 'q"']])
    print(list(csv.DictReader(open(os.path.join(d, "c.csv")))), sorted(os.listdir(d)), os.stat(d).st_mode)
    try: import sqlite3; c = sqlite3.connect(os.path.join(d, "db")); c.create_function("f", 1, lambda x: [x] and str(x)); c.executescript("create table t(a,b)"); c.executemany("insert into t values (?,?)", [(i, str(i)) for i in range(50)]); print(c.execute("select f(a), max(b) from t group by a % 5 order by b").fetchall())
    except ImportError: pass
def worker(q, n): q.put([str(i) for i in range(n)]); json.dumps(data)
q = queue.Queue(); ts = [threading.Thread(target=worker, args=(q, i * 10)) for i in range(4)]; [t.start() for t in ts]; [t.join() for t in ts]; print(q.qsize())
async def task(n): await asyncio.sleep(0); return [n] * n
async def main(): return await asyncio.gather(*(task(i) for i in range(5)))
print(asyncio.run(main()))
signal.signal(signal.SIGUSR1, lambda *a: print("signal", [str(x) for x in range(3)])); os.kill(os.getpid(), signal.SIGUSR1)
try:
    try: {}["missing"]
    except KeyError as e: raise ValueError("chained") from e
except ValueError: print(len(traceback.format_exc()))
try: deep(100000)
except RecursionError as e: print("recursion")
print(decimal.Decimal(1) / 7, fractions.Fraction(3, 9), datetime.datetime(2020, 1, 1).isoformat(), textwrap.fill(string.ascii_letters, 20)[:10], list(difflib.unified_diff(["a"], ["b"])))
p = argparse.ArgumentParser(); p.add_argument("--x", type=int); print(p.parse_args(["--x", "3"]), len(p.format_help())); cp = configparser.ConfigParser(); cp.read_string("[s]\na = %(b)s\nb = 1"); print(cp["s"]["a"])
log = io.StringIO(); logging.basicConfig(stream=log); logging.warning("w %s", data.keys()); print(shlex.split("a 'b c'"), urllib.parse.urlsplit("http://h/p?q=1").query, struct.unpack("<IhH", struct.pack("<IhH", 1, -2, 3)))
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 1)
    def test_b(self): self.assertIn(2, [1])
unittest.TextTestRunner(stream=log).run(unittest.defaultTestLoader.loadTestsFromTestCase(T)); libc = ctypes.CDLL(None); CB = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
a = (ctypes.c_int * 6)(3, 1, 2, 6, 5, 4); libc.qsort(a, 6, 4, CB(lambda x, y: len([str(x[0])]) and x[0] - y[0])); print(list(a), inspect.signature(worker), len(list(tokenize.generate_tokens(io.StringIO("a = 1 + b\n").readline))))
w = weakref.WeakValueDictionary(); s = {1, 2} | {3}; b = bytearray(b"x" * 100); b[5:10] = b"yy"; m = memoryview(b); "%s %r" % (s, frozenset(s)); f"{3.14159:>10.2f} {'x'!r:^9}"; " ".join(str(x) for x in range(500)); "äöü".encode("utf-16").decode("utf-16"); int("9" * 300) ** 3 % 10 ** 50; [*range(5), *(x for x in s)]; {**data}; lambda: w; random.seed(1); random.sample(range(1000), 50); math.factorial(100)
email.message.EmailMessage().set_content("body"); html.parser.HTMLParser().feed("<p class='x'>t&amp;<br/></p>"); types.SimpleNamespace(a=1); print(typing.get_type_hints(Point)); sys.exit(0)
