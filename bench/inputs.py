# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real programs work on: the same bytes on every machine and every run.

Each function takes the path to make, and a scale: 1.0 makes a native run of about the length that
bench/README gives, smaller ones a shorter run.
"""
import json
import random
import subprocess

WORDS = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
         "sigma tau upsilon phi chi psi omega").split()

STATEMENTS = (
    "\tfor (int i = 0; i < {a}; i++)\n\t\ts->v[i % 8] += x * {b} + (s->v[(i + {c}) % 8] >> {d});",
    "\tif (s->v[{d}] > {a} && x != {b})\n\t\tx = (x ^ {c}) - s->v[{d}];\n\telse\n"
    "\t\ts->v[{d}] *= {b};",
    "\tswitch (x % {e}) {{\n\tcase 0: x += {a}; break;\n\tcase 1: s->v[1] -= x; break;\n"
    "\tcase 2: s->next = s->next ? s->next->next : s; break;\n"
    "\tdefault: x = s->v[{d}] / {e};\n\t}}",
    "\ts->name[x & 15] = names[(x + {c}) % 24][0];\n\tx += (long)names[{d}][0] * {b};",
    "\twhile (s->next && s->v[{d}] < {a}) {{\n\t\ts = s->next;\n\t\tx += s->v[{d}] & {b};\n\t}}",
    "\ts->weight = s->weight * {b}.5 + (double)x / {a};\n\tif (s->weight > {c}.25)\n\t\tx -= {d};",
)


def c_source(path, scale, functions=80):
    """Functions of loops, branches, switches and structures that call earlier ones."""
    rng = random.Random(20)
    names = ", ".join('"%s"' % w for w in WORDS)
    with open(path, "w", encoding="ascii") as f:
        f.write("struct node { long v[8]; char name[16]; double weight; struct node *next; };\n"
                f"static const char *const names[24] = {{ {names} }};\n")
        for n in range(int(functions * scale)):
            f.write(f"\n{'static ' if n % 3 else ''}long fn_{n}(struct node *s, long x)\n{{\n")
            for _ in range(rng.randint(6, 18)):
                numbers = dict(a=rng.randint(9, 999), b=rng.randint(2, 40), c=rng.randint(3, 60),
                               d=rng.randint(0, 7), e=rng.randint(3, 9))
                f.write(rng.choice(STATEMENTS).format(**numbers) + "\n")
            for callee in rng.sample(range(n), min(n, 3)):
                f.write(f"\tx += fn_{callee}(s, x);\n")
            f.write("\treturn x;\n}\n")


def cxx_source(path, scale, classes=3):
    """Classes with containers of each other, on much of the standard library; preprocessed."""
    headers = "algorithm functional iostream map memory regex set sstream string vector".split()
    lines = [f"#include <{h}>" for h in headers]
    for n in range(int(classes * scale)):
        lines.append(f"""
struct item_{n} {{
	std::string name;
	std::map<std::string, std::vector<int>> index;
	std::shared_ptr<item_{max(n - 1, 0)}> before;
	bool operator<(const item_{n} &o) const {{ return name < o.name; }}
}};
int use_{n}(std::vector<item_{n}> &items, std::set<item_{n}> &seen)
{{
	std::function<int(const item_{n} &)> size = [](const item_{n} &i) {{
		return int(i.name.size() + i.index.size());
	}};
	std::sort(items.begin(), items.end());
	for (auto &i : items)
		if (seen.insert(i).second)
			i.index[i.name + "{n}"].push_back(size(i));
	return std::count_if(items.begin(), items.end(), [&](auto &i) {{ return size(i) > {n}; }});
}}""")
    subprocess.run(["c++", "-E", "-P", "-x", "c++", "-", "-o", path], check=True,
                   input="\n".join(lines).encode())


def records(scale, n):
    """Made-up records of words and numbers, for JSON."""
    rng = random.Random(7)
    for i in range(int(n * scale)):
        yield {"id": i, "name": " ".join(rng.choices(WORDS, k=3)), "group": rng.choice(WORDS),
               "tags": rng.sample(WORDS, 4), "size": rng.randint(1, 10 ** 6),
               "place": {"x": rng.random(), "y": rng.random()}}


def json_file(path, scale, n=27000):
    """About 5 MB."""
    with open(path, "w", encoding="ascii") as f:
        json.dump(list(records(scale, n)), f)


SQL = """create table t(id integer primary key, name text, size integer);
create index by_name on t(name);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < ROWS)
insert into t
select i, printf('%s %d', substr('alphabetagammadelta', i % 15, 5), i % 977), i * 7 % 9973 from n;
commit;
select count(*), sum(size), max(name) from t;
"""


def sql_file(path, scale, n=200000):
    """Inserts of three columns into an indexed table in one transaction, then a question."""
    with open(path, "w", encoding="ascii") as f:
        f.write(SQL.replace("ROWS", str(int(n * scale))))


def text_file(path, scale, n=900000):
    """Words, as a compressor likes them."""
    rng = random.Random(5)
    with open(path, "w", encoding="ascii") as f:
        for _ in range(int(n * scale) // 9):
            f.write(" ".join(rng.choices(WORDS, k=9)) + f" {rng.randint(0, 9999)}\n")


def git_repository(path, scale, commits=1500, files=80):
    """A history in which each commit changes lines of a few files."""
    rng = random.Random(11)
    lines = {i: [rng.choice(WORDS) for _ in range(rng.randint(400, 1600))] for i in range(files)}
    subprocess.run(["git", "init", "-q", path], check=True)
    with subprocess.Popen(["git", "-C", path, "fast-import", "--quiet"],
                          stdin=subprocess.PIPE) as importer:
        for n in range(int(commits * scale)):
            stream = [f"commit refs/heads/main\ncommitter A <a@b.c> {1700000000 + n * 60} +0000\n"
                      f"data <<END\nchange {n}\nEND\n"]
            for i in range(files) if n == 0 else rng.sample(range(files), rng.randint(1, 6)):
                for _ in range(rng.randint(1, 30)):
                    lines[i][rng.randrange(len(lines[i]))] = rng.choice(WORDS) + str(n)
                body = "\n".join(lines[i]) + "\n"
                stream.append(f"M 100644 inline d{i % 12}/file{i}.txt\n"
                              f"data {len(body)}\n{body}\n")
            importer.stdin.write("".join(stream).encode())
        importer.stdin.close()
    if importer.returncode:
        raise OSError("git fast-import failed")
    subprocess.run(["git", "-C", path, "symbolic-ref", "HEAD", "refs/heads/main"], check=True)


PYTHON = """
import json, re, sys
with open(sys.argv[1]) as f:
    text = f.read()
rows = json.loads(text)
rows.sort(key=lambda r: (r["group"], r["name"], r["size"]))
words = re.findall(r"[a-z]+", text)
groups = {}
for r in rows:
    groups.setdefault(r["group"], []).append([t.upper() for t in r["tags"]])
print(len(words), len(groups), len(json.dumps(rows)))
"""

NODE = """
const fs = require('fs'), zlib = require('zlib');
const text = fs.readFileSync(process.argv[2], 'utf8');
let size = 0;
for (let i = 0; i < ROUNDS; i++) {
    const rows = JSON.parse(text);
    rows.sort((a, b) => a.size - b.size);
    size += zlib.gzipSync(JSON.stringify(rows.slice(0, 4000)), {level: 1}).length;
    for (let k = 0; k < 6000; k++)
        size += zlib.deflateSync(Buffer.from(rows[k].name), {level: 1, memLevel: 1}).length;
}
console.log(size);
"""


def node_script(path, scale):
    with open(path, "w", encoding="ascii") as f:
        f.write(NODE.replace("ROUNDS", str(max(1, int(2 * scale)))))


def python_script(path, _scale):
    with open(path, "w", encoding="ascii") as f:
        f.write(PYTHON)
