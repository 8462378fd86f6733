# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's programs for mipsel, as they are, and what they are given to do."""
import http.server
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from bench import Abi, Missing, crashed

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 300  # seconds for one run


MIPSEL = Abi("mipsel", "mipsel-linux-gnu-gcc", "qemu-mipsel")

# ---- real programs: Debian's, as they are -------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port, udp=False):
    """A connection, as soon as the server is up."""
    for _ in range(200):
        s = socket.socket(type=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        s.settimeout(3)
        try:
            s.connect(("127.0.0.1", port))
            return s
        except OSError:
            s.close()
            time.sleep(0.1)
    raise OSError("no server on port %d" % port)


def ask(port, data, udp=False):
    with connect(port, udp) as s:
        try:
            s.sendall(data)
            return s.recv(65536)
        except OSError:
            return b""


class Real:
    """A program of the sysroot in a folder of its own."""

    def __init__(self, bench, name, path, work):
        self.bench, self.name, self.path, self.work = bench, name, path, work
        self.crashes = 0
        self.dir = os.path.join(bench.work, "run-" + name)

    def argv(self, args):
        root = os.path.abspath(self.bench.o.sysroot)
        return [*self.command, "-E", "HOME=" + self.dir, "-E", "LANG=C.UTF-8",
                os.path.join(root, self.path), *args]

    def run(self, *args, stdin=b""):
        with open(os.path.join(self.dir, "stdout"), "ab") as out:
            try:
                done = subprocess.run(self.argv(args), cwd=self.dir, input=stdin, stdout=out,
                                      stderr=subprocess.STDOUT, timeout=LIMIT)
                self.crashes += crashed(done.returncode)
            except subprocess.TimeoutExpired:
                out.write(b"too slow\n")

    def serve(self, args, talk):
        """Start it, talk to it, end it."""
        with open(os.path.join(self.dir, "stdout"), "ab") as out:
            server = subprocess.Popen(self.argv(args), cwd=self.dir, stdin=subprocess.DEVNULL,
                                      stdout=out, stderr=subprocess.STDOUT)
            try:
                talk()
            except OSError as e:
                out.write(b"talking failed: %s\n" % str(e).encode())
            finally:
                server.send_signal(signal.SIGTERM)
                try:
                    self.crashes += crashed(server.wait(60))
                except subprocess.TimeoutExpired:
                    server.kill()

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)

    def measure(self):
        if not self.bench.o.sysroot:
            raise Missing("no --sysroot")
        if not os.path.exists(os.path.join(self.bench.o.sysroot, self.path)):
            raise Missing("%s is not in the sysroot" % self.path)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.command = self.bench.qemu(MIPSEL, self.bench.o.sysroot, self.name)
        self.work(self)
        stacks, facts = self.bench.results(self.name)
        facts["crashed"] += self.crashes
        return stacks, facts


def real(name):
    return os.path.join(HERE, "real", name)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def do_bash(p):
    p.run(real("work.bash"))
    p.run("-c", "for i in a b; do echo $i; done; set; alias; declare; help; shopt; trap; bind -l")
    p.run("-i", stdin=b"PS1='\\u \\w \\$ '\necho $((1+1))\n!!\nhistory\nfor i in 1 2\ndo echo $i\ndone\nexit\n")


BUSYBOX = (
    ("sort", "-rnk2"), ("sort", "-u"), ("wc",), ("md5sum",), ("sha256sum",), ("grep", "-n", "e"),
    ("grep", "-E", "^(a|b)+.*[0-9]$"), ("sed", "-n", "s/\\(a\\)\\(.\\)/\\2\\1/gp;/x/,/y/{=;p;d}"),
    ("sed", "-e", ":a;N;$!ba;s/\\n/ /g;y/abc/xyz/"), ("awk", "{n[$1]++; s=s $2} END{for(k in n) print k, n[k], length(s), sprintf(\"%5.1f\", 3)}"),
    ("awk", "function f(n){return n<2?1:n*f(n-1)} BEGIN{print f(9); split(\"a b\",x); gsub(/a/,\"b\",x[1]); while((\"echo a\"|getline l)>0) print l}"),
    ("cut", "-d:", "-f1"), ("tr", "a-z", "A-Z"), ("head", "-3"), ("tail", "-3"), ("uniq", "-c"),
    ("tac",), ("rev",), ("nl",), ("fold", "-w", "9"), ("od", "-c"), ("hexdump", "-C"), ("base64",),
    ("expand",), ("xargs", "-n", "2", "echo"), ("dc", "-e", "2 3 + p"), ("bc",), ("diff", "-u", "input", "other"),
    ("find", ".", "-type", "f", "-name", "*t*", "-print"), ("find", ".", "(", "-size", "+1", "-o", "-mtime", "0", ")", "-exec", "echo", "{}", ";"),
    ("ls", "-laR", "."), ("tar", "cf", "t.tar", "input", "other"), ("tar", "tvf", "t.tar"), ("gzip", "-kf", "input"),
    ("zcat", "input.gz"), ("bzip2", "-kf", "other"), ("bunzip2", "-c", "other.bz2"), ("xz", "-h"), ("cpio", "-o", "-H", "newc"), ("stat", "input"), ("date", "-u", "-d", "@0"), ("cal",),
    ("expr", "1", "+", "2"), ("printf", "%s %d %x\\n", "a", "5", "9"), ("seq", "3", "7"), ("env",), ("id",), ("ps",), ("df",), ("mount",),
    ("uname", "-a"), ("test", "-f", "input"), ("which", "sh"), ("realpath", "."), ("vi", "-c", ":q", "input"), ("ed", "input"), ("patch", "-p0", "-i", "p.diff"), ("cmp", "input", "other"), ("split", "-l", "9", "input"), ("mkdir", "-p", "x/y"), ("cp", "-r", "x", "z"), ("rm", "-rf", "z"), ("du", "-a"), ("strings", "input"), ("dd", "if=input", "bs=10", "count=5"), ("shuf", "-n", "3", "input"), ("ash", "-c", "exec true"), ("unxz", "-h"), ("getopt", "ab:", "-a", "-b", "x"), ("httpd", "-h"), ("sum",), ("crc32", "input"), ("factor", "360"), ("logger", "-h"), ("wget", "-h"))



def do_busybox(p):
    p.write("input", "".join("word%d a%d:b x y %d\n" % (i % 7, i, i * i) for i in range(200)))
    p.write("other", "".join("word%d a%d:b x y %d\n" % (i % 5, i, i + i) for i in range(150)))
    p.write("input.sh", "echo sourced; s() { echo in s; }; s\n")
    p.write("p.diff", "--- input\n+++ input\n@@ -1,2 +1,2 @@\n-word0 a0:b x y 0\n+patched\n word1 a1:b x y 1\n")
    text = read(os.path.join(p.dir, "input"))
    stdin = {"bc": b"2^64/3\nscale=5\nsqrt(2)\ndefine f(x){return x*2}\nf(4)\n", "cpio": b"input\nother\n",
             "ed": b"1,3p\n/word3/s/w/W/\nq\nq\n", "vi": b":q!\n"}
    for args in BUSYBOX:
        p.run(*args, stdin=stdin.get(args[0], text))
    p.run("ash", stdin=read(real("work.ash")))


def do_curl(p):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Set-Cookie", "a=b; Path=/")
            self.send_header("Location", "/")
            self.end_headers()
            self.wfile.write(b"x" * 30000)
        do_POST = do_PUT = do_GET

        def log_message(self, *a):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    url = "http://127.0.0.1:%d/" % port
    p.write("input", "some text\n" * 100)
    p.write("config", 'url = "file://%s/input"\noutput = "o"\nuser-agent = "x"\n' % p.dir)
    for args in (["-v", url], ["-L", url + "moved", "-c", "jar", "-b", "x=y"], ["-b", "jar", url, url],
                 ["-F", "f=@input", "-F", "a=b", url], ["--data-urlencode", "a=b c", "-X", "PUT", url],
                 ["-u", "user:pass", "--digest", url], ["-I", url], ["-Z", url + "1", url + "2", url + "3"],
                 ["-K", "config"], ["file://%s/input" % p.dir], ["-T", "input", url],
                 ["-H", "A: b", "--compressed", "-w", "%{json}", url],
                 ["--proxy", url, "http://example.invalid/"], ["http://127.0.0.1:1/"], ["--help", "all"], ["-V"],
                 [url + "[1-3]{a,b}", "-o", "#1#2"], ["-k", "-m", "5", "https://127.0.0.1:%d/" % port],
                 ["-m", "2", "ftp://127.0.0.1:%d/" % port], ["--resolve", "h:1:127.0.0.1", "http://h:1/"]):
        p.run("-sS", *args)
    server.shutdown()


def query(number, name, kind):
    """A DNS question."""
    words = b"".join(bytes([len(w)]) + w.encode() for w in name.split("."))
    return bytes([0, number, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + words + bytes([0, 0, kind, 0, 1])


def do_dnsmasq(p):
    p.write("hosts", "".join("10.0.0.%d host%d alias%d\n" % (i, i, i) for i in range(1, 50)))

    def configure(more):
        port = free_port()
        p.write("conf", "port=%d\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\n"
                "addn-hosts=%s/hosts\naddress=/a.test/1.2.3.4\ncname=c.test,host1\nlocal=/test/\n"
                "server=/up.test/127.0.0.1#1\nlog-queries\npid-file=\nuser=\ngroup=\n%s" % (port, p.dir, more))
        return port

    questions = (("host1", 1), ("a.test", 1), ("c.test", 1), ("m.test", 15), ("t.test", 16), ("_s._tcp.test", 33),
                 ("x.up.test", 1), ("missing.test", 28), ("1.0.0.10.in-addr.arpa", 12), ("version.bind", 16), ("r.test", 255))

    def talk(port):
        for i, (name, kind) in enumerate(questions):
            q = query(i, name, kind)
            ask(port, q, udp=True)
            if i % 5 == 0:
                ask(port, len(q).to_bytes(2, "big") + q)

    p.run("--help", "dhcp")
    port = configure("mx-host=m.test,host2\ntxt-record=t.test,text\nsrv-host=_s._tcp.test,host3,5\nptr-record=p.test,host4\n"
                     "host-record=r.test,10.9.9.9\ndhcp-host=00:11:22:33:44:55,host9,10.0.0.77\ndhcp-option=3,10.0.0.1\n")
    p.run("--test", "-C", "conf")
    p.serve(["-k", "-C", "conf", "--log-facility=-"], lambda: talk(port))
    other = configure("")
    p.serve(["-k", "-C", "conf", "--log-facility=-"], lambda: talk(other))


def do_dropbearkey(p):
    for kind in ("rsa", "ecdsa", "ed25519"):
        p.run("-t", kind, "-f", kind)
        p.run("-y", "-f", kind)


def do_file(p):
    root = os.path.abspath(p.bench.o.sysroot)
    magic = os.path.join(root, "usr/lib/file/magic.mgc")
    p.write("html", "<html><body>x</body></html>")
    p.write("c.c", "#include <stdio.h>\nint main() { return 0; }\n")
    p.write("x.py", "#!/usr/bin/python3\nimport os\n")
    p.write("j.json", '{"a": [1, 2]}')
    p.write("m.eml", "From: a\nTo: b\nSubject: c\nReceived: d\n\nx\n")
    p.write("csv.csv", "a,b,c\n1,2,3\n4,5,6\n")
    p.write("magic", "0\tstring\tABC\tabc file\n>4\tbelong\t>5\tnumber %d\n!:mime\tx/y\n0\tregex/100\t^[a-z]+\tregex\n"
            "0\tname\tsub\n>0\tbyte\tx\tb\n0\tuse\tsub\n")
    p.run("-m", magic, "html", "c.c", "x.py", "j.json", "m.eml", "csv.csv", os.path.join(root, "bin/bash"),
          os.path.join(root, "usr/lib"), "/dev/null", "missing")
    p.run("-m", magic, "-i", "-k", "-z", "html", "c.c", os.path.join(root, "lib/mipsel-linux-gnu/libc.so.6"))
    p.run("-m", "magic", "html", "c.c")
    p.run("-C", "-m", "magic")
    p.run("-l", "-m", "magic")


def do_gawk(p):
    p.write("input", "".join("name%d:%d:x y z %d\n" % (i % 11, i, i * 7) for i in range(100)))
    p.run("-f", real("work.awk"), "input")
    p.run("-o-", "-f", real("work.awk"))
    p.run("--lint", "-F,", "-v", "x=1", "{print $1, x; nextfile}", "input")
    p.run("-M", "BEGIN{print 2^200, 10^50 % 7}")
    p.run("BEGIN{RS=\"\";FPAT=\"[a-z]+\"}{print NF; $3=\"q\"; print}END{print ENVIRON[\"HOME\"], ARGV[0], PROCINFO[\"pid\"]>0}", "input")
    p.run("BEGIN{FIELDWIDTHS=\"2 3 *\"} {print $2 > \"/dev/stderr\"}", "input")
    p.run("BEGIN{ syntax ( error", "input")


JQ = (["."], ["-c", "--stream", "."], ["-r", ".items[].name"], ["-S", "--tab", ".map"], ["-n", "[inputs | .items | length]"],
      ["--slurp", "."], ["-R", "."], [".items | map(select(.price > 3)) | group_by(.kind) | map({k: .[0].kind, n: length})"],
      ["-n", "--arg", "a", "1", "--argjson", "b", "{}", "$a, $b, input"], ["[limit(3; .items[] | .name)] | @json, @html, @sh"],
      [".items |= sort_by(.name) | .items[2:5]"], ["syntax ("], [".map.a.b"], ["--seq", "-e", ".map.z"], ["-C", "."],
      ["[.. | numbers] | add, min, max"], ["with_entries(.value |= tostring)"], ["-n", "reduce range(1000) as $i (0; . + $i)"],
      ["-n", "now | strftime(\"%Y\"), (\"2015-03-05T23:51:47Z\" | strptime(\"%Y-%m-%dT%H:%M:%SZ\") | mktime)"],
      ["-n", "\"abc\" | test(\"B\"; \"xi\"), [scan(\".\")], sub(\"b\"; \"x\")"], ["tojson | fromjson | tojson"],
      ["input_line_number, $__loc__, input_filename"], ["-h"])


def do_jq(p):
    p.write("data.json", '{"items": [%s], "map": {"a": 1, "b": [true, null]}}' % ", ".join(
        '{"name": "%s%d", "price": %d.5, "kind": "k%d", "deep": {"x": [[%d]]}}' % ("abcdefgh"[i % 8], i, i % 9, i % 3, i)
        for i in range(40)))
    p.run("-f", real("work.jq"), "data.json")
    for args in JQ:
        p.run(*args, "data.json")
    p.run(".", stdin=b'{"broken": [1, 2')
    p.run("-c", ".", stdin=b'1 "a\\u00e4\\ud83d\\ude00" [1e1000, -0.5] {"a":{"b":{}}}')


LIGHTTPD = '''server.document-root = "%(dir)s"
server.port = %(port)d
server.bind = "127.0.0.1"
server.modules = ("mod_access", "mod_alias", "mod_redirect", "mod_rewrite", "mod_dirlisting", "mod_accesslog", "mod_setenv",
	"mod_expire", "mod_auth", "mod_authn_file", "mod_status", "mod_cgi", "mod_userdir", "mod_evhost",
	"mod_simple_vhost", "mod_extforward", "mod_proxy")
accesslog.filename = "%(dir)s/access"
dir-listing.activate = "enable"
alias.url = ("/alias" => "%(dir)s")
url.redirect = ("^/old(.*)" => "/new$1")
url.rewrite-once = ("^/re/(.*)" => "/$1")
index-file.names = ("index.html")
mimetype.assign = (".html" => "text/html", "" => "application/octet-stream")
setenv.add-response-header = ("X" => "y")
expire.url = ("/" => "access plus 1 days")
$HTTP["url"] =~ "^/secret" { auth.backend = "plain"
	auth.backend.plain.userfile = "%(dir)s/users"
	auth.require = ("" => ("method" => "basic", "realm" => "r", "require" => "valid-user")) }
$HTTP["host"] == "other" { server.document-root = "/nonexistent" }
status.status-url = "/status"
url.access-deny = ("~")
proxy.server = ("/proxy" => (("host" => "127.0.0.1", "port" => 1)))
'''


def do_lighttpd(p):
    port = free_port()
    lib = os.path.join(os.path.abspath(p.bench.o.sysroot), "usr/lib/lighttpd")
    p.write("page.html", "x" * 5000)
    p.write("conf", LIGHTTPD % {"dir": p.dir, "port": port})
    p.write("users", "u:p\n")
    heads = ("", "Range: bytes=0-9\r\n", "Authorization: Basic dTpw\r\nAccept-Encoding: gzip\r\n"
             "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT\r\n")

    def talk():
        for path in ("/", "/page.html", "/missing", "/old/x", "/re/page.html", "/alias/", "/secret", "/status", "/x~",
                     "/proxy/a", "/page.html?q=%41&b=c", "/alias/../x"):
            for head in heads:
                ask(port, ("GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n" % (path, head)).encode())
        ask(port, b"POST / HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        ask(port, b"BAD\r\n\r\n")
        ask(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        ask(port, b"GET / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")

    p.run("-tt", "-f", "conf", "-m", lib)
    p.run("-p", "-f", "conf", "-m", lib)
    p.serve(["-D", "-f", "conf", "-m", lib], talk)


def do_lua(p):
    p.run(real("work.lua"))
    p.run("-e", "print(1)", "-i", stdin=b"x = {1, 2}\n= #x\nfor i = 1, 2 do\nprint(i) end\nerror('e')\n")


def mqtt(kind, body):
    return bytes([kind, len(body)]) + body


def counted(s):
    return len(s).to_bytes(2, "big") + s.encode()


def mqtt_client(port, number):
    version, flags = (4, 4, 5)[number], (2, 0x0e, 2)[number]
    properties = b"\0" if version == 5 else b""
    s = connect(port)
    body = counted("MQTT") + bytes([version, flags, 0, 30]) + properties + counted("client%d" % number)
    if flags & 4:
        body += counted("will/topic") + counted("gone")
    s.sendall(mqtt(0x10, body))
    s.sendall(mqtt(0x82, b"\0\1" + properties + counted("a/+/#") + b"\2"))
    s.sendall(mqtt(0x82, b"\0\2" + properties + counted("b/#") + b"\1"))
    return s


def do_mosquitto(p):
    port = free_port()
    p.write("conf", "listener %d 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\nlog_type all\n"
            "max_inflight_messages 20\nacl_file %s/acl\nuser root\n" % (port, p.dir, p.dir))
    p.write("acl", "topic readwrite #\npattern read a/%c\nuser u\ntopic x/#\n")

    def talk():
        clients = [mqtt_client(port, i) for i in range(3)]
        for n in range(20):
            s, qos = clients[n % 2], n % 3
            topic = counted("%s/x/%d" % ("ab"[n % 2], n % 4))
            s.sendall(mqtt(0x30 | qos << 1 | (n % 5 == 0), topic + (n + 10).to_bytes(2, "big") * (qos > 0) + b"payload" * (n % 9)))
            if qos == 2:
                s.sendall(mqtt(0x62, (n + 10).to_bytes(2, "big")))
        clients[0].sendall(mqtt(0xc0, b"") + mqtt(0xa2, b"\0\3" + counted("a/+/#")))
        for s in clients:
            s.settimeout(2)
            try:
                while s.recv(4096):
                    pass
            except OSError:
                pass
            s.close()
        ask(port, b"garbage garbage")

    p.run("-h")
    p.serve(["-c", "conf"], talk)
    p.serve(["-c", "conf", "-v"], talk)


def do_perl(p):
    root = os.path.abspath(p.bench.o.sysroot)
    inc = ["-I" + os.path.join(root, d) for d in ("usr/lib/mipsel-linux-gnu/perl-base", "usr/share/perl/5.36",
                                                  "usr/lib/mipsel-linux-gnu/perl/5.36")]
    p.run(*inc, real("work.pl"))
    p.run(*inc, "-MO=Concise", "-e", "print 1 + 2")
    p.write("input", "a b c\n" * 50)
    p.run(*inc, "-lane", "$h{$F[0]}++; s/(\\w)/<$1>/g; print; END { print %h }", "input")
    p.run("-V")


def do_python(p):
    p.run(real("work.py"))
    p.run("-c", "import this, pydoc, pprint; pprint.pprint(vars(pydoc)); help(str.join)")
    p.run("-m", "json.tool", "--indent", "2", stdin=b'{"a": [1, {"b": null}]}')
    p.run("-i", stdin=b"x = [i for i in range(3)]\nx\ndef f():\n  return 1 / 0\n\nf()\nimport nothing\n")


def do_sqlite(p):
    p.run("test.db", stdin=read(real("work.sql")))
    p.run(":memory:", "select 1 + 2, sqlite_version(), total_changes(); select * from pragma_function_list limit 3;")
    p.run("test.db", ".dump")
    p.run("test.db", ".schema --indent", ".indexes", ".dbinfo", ".fullschema", ".lint fkey-indexes", ".sha3sum", ".recover")


PROGRAMS = {
    "bash": ("bin/bash", do_bash), "busybox": ("bin/busybox", do_busybox), "curl": ("usr/bin/curl", do_curl),
    "dnsmasq": ("usr/sbin/dnsmasq", do_dnsmasq), "dropbearkey": ("usr/bin/dropbearkey", do_dropbearkey),
    "file": ("usr/bin/file", do_file), "gawk": ("usr/bin/gawk", do_gawk), "jq": ("usr/bin/jq", do_jq),
    "lighttpd": ("usr/sbin/lighttpd", do_lighttpd), "lua5.4": ("usr/bin/lua5.4", do_lua),
    "mosquitto": ("usr/sbin/mosquitto", do_mosquitto), "perl": ("usr/bin/perl", do_perl),
    "python3.11": ("usr/bin/python3.11", do_python), "sqlite3": ("usr/bin/sqlite3", do_sqlite),
}


def rows(bench, name):
    """What to measure: (name, goal in percent, function)."""
    for n, (path, work) in PROGRAMS.items():
        if name in ("", n):
            yield n, 99.9, Real(bench, n, path, work).measure
