# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings made by hand, from dumpalloc-trace(5): what no recorder would write.

Every number goes through field(), so that any one of them can be replaced (the n-th, by given
bytes) while the checksums around it are those of what is really there.
"""
import struct
import zlib

ATTRIBUTES = dict(machine=1, word_bits=2, big_endian=3, elf_flags=4, page_size=5, pid=6, program=7,
                  cmdline=8, start_wall=9, version=10, host=11, kernel=12, direct=13, unwind=14,
                  depth=15, stacks_alloc=16, min_size=17, max_size=18, parent=19, sample=20)


def varint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7f | 0x80)
        v >>= 7
    return bytes(out + bytes([v]))


def zigzag(v):
    return 2 * v if v >= 0 else -2 * v - 1


def apart(v):
    """An address as the difference @v to the last one."""
    return zigzag(v) << 1 | 1


def over_long(v):
    """The same number, one byte longer than it need be."""
    short = varint(v)
    return short[:-1] + bytes([short[-1] | 0x80, 0])


class Writer:
    def __init__(self, evil_index=None, evil=b""):
        self.evil_index, self.evil, self.n = evil_index, evil, 0
        self.fields = []  # (name, bytes wide or 0: varint, largest allowed)

    def field(self, name, value, width=0, most=2 ** 64 - 1):
        index = len(self.fields)
        self.fields.append((name, width, most))
        if index == self.evil_index:
            return self.evil
        return value.to_bytes(width, "little") if width else varint(value)

    # -- header and blocks

    def header(self, attributes):
        """@attributes: name to number or bytes."""
        body = b""
        for name, value in attributes.items():
            if isinstance(value, int):
                value = self.field("attribute " + name, value)
            body += (self.field("attribute tag", ATTRIBUTES[name]) +
                     self.field("attribute length", len(value), most=65536) + value)
        start = (b"\x89DALLOC\n" + self.field("version", 1, 2, 1) + self.field("header zero", 0, 2, 0) +
                 self.field("attributes length", len(body), 4, 65536) + self.field("features", 0, 4, 0))
        return start + struct.pack("<I", zlib.crc32(body, zlib.crc32(start))) + body

    def block(self, payload, is_last=False, raw_len=None, flags=0):
        raw = len(payload) if raw_len is None else raw_len
        head = (b"DABK" + self.field("stored length", len(payload), 4, 262144) +
                self.field("raw length", raw, 4, 1048576) +
                self.field("block flags", flags | (16 if is_last else 0), 2, 17) + self.field("block zero", 0, 2, 0) +
                self.field("block number", self.n, 8) + struct.pack("<I", zlib.crc32(payload)))
        self.n += 1
        return head + struct.pack("<I", zlib.crc32(head)) + payload

    def fragment(self, thread, *events):
        body = b"".join(events)
        return (self.field("thread", thread, most=1 << 24) +
                self.field("fragment length", len(body)) + body)

    # -- events

    def text(self, name, value):
        return self.field(name + " length", len(value), most=4096) + value

    def thread(self, tid, name):
        return bytes([2 << 3]) + self.field("tid", tid) + bytes([3 << 3]) + self.text("thread name", name)

    def stack(self, keep, addresses, end=0):
        """@addresses: outermost first, the first after @keep 0 from 0."""
        out, last = b"", 0
        for a in addresses:
            out += self.field("frame", zigzag(a - last) << 1)
            last = a
        return (bytes([1 << 3]) + self.field("stack keep", keep, most=1024) +
                self.field("stack n", len(addresses), most=1024) + out + self.field("stack end", end, 1, 7))

    def module(self, number, bias, path, segments, build_id=b"", role=0):
        out = (bytes([4 << 3]) + self.field("module order", 1) + self.field("module number", number) +
               self.field("module bias", bias) + self.field("module role", role, 1, 4) +
               self.text("module path", path) +
               self.field("build-id length", len(build_id), most=64) + build_id +
               self.field("segments", len(segments), most=16))
        for s in segments:
            for name, v in zip(("vaddr", "memsz", "offset", "filesz"), s):
                out += self.field("segment " + name, v)
            out += self.field("segment flags", s[4], 1, 7)
        return out

    def unload(self, number):
        return bytes([5 << 3]) + self.field("unload order", 1) + self.field("unload number", number)

    def clock(self, ns):
        return bytes([6 << 3]) + self.field("clock", ns)

    def alloc(self, stack, size, step, order=1):
        """@step: difference of addresses in bytes."""
        return (bytes([1 | 0x08 | 0x10 | 0x20 | 0x40 | 0x80]) + self.field("alloc order", order) +
                self.field("alloc stack", stack) + self.field("alloc size", size) +
                self.field("alloc function", 1, 1, 12) + self.field("alloc address", apart(step)))

    def free(self, stack, step, order=1):
        return (bytes([2 | 0x08 | 0x10 | 0x40]) + self.field("free order", order) + self.field("free stack", stack) +
                self.field("free function", 9, 1, 12) + self.field("free address", apart(step >> 3)))

    def realloc(self, stack, size, step, moved):
        return (bytes([3 | 0x08 | 0x10 | 0x20 | 0x40 | 0x80]) + self.field("realloc order", 1) + self.field("realloc order 2", 1) +
                self.field("realloc stack", stack) + self.field("realloc size", size) +
                self.field("realloc function", 2, 1, 12) + self.field("realloc address", apart(step)) +
                self.field("realloc new address", apart(moved)))

    def fail(self, stack, size):
        return (bytes([4 | 0x10 | 0x20]) + self.field("fail stack", stack) + self.field("fail size", size))

    # -- the meta stream

    def watermark(self, key):
        return bytes([16 << 3]) + self.field("watermark", key)

    def rss(self, time, size):
        return bytes([17 << 3]) + self.field("rss time", time) + self.field("rss bytes", size)

    def lost(self, reason, n):
        return bytes([18 << 3]) + self.field("lost reason", reason) + self.field("lost events", n)

    def end(self, kind, value, seen, recorded):
        return (bytes([19 << 3]) + self.field("end kind", kind) + self.field("end value", value) +
                self.field("end seen", seen) + self.field("end recorded", recorded))

    def name_of(self, thread, name):
        return bytes([20 << 3]) + self.field("named thread", thread, most=1 << 24) + self.text("name", name)

    def note(self, text):
        return bytes([21 << 3]) + self.text("note", text)


X86_64 = dict(machine=62, word_bits=64, page_size=4096, pid=4711, program=b"/bin/prog", cmdline=b"prog\0-x\0",
              version=b"0", host=b"h", kernel=b"k", depth=256)


def simple(modules, **attributes):
    """A whole recording: one allocation of 1000 * n bytes in the n-th of @modules (paths), each
    called by the one before."""
    w = Writer()
    events = w.thread(4711, attributes.pop("thread_name", b"prog"))
    note = attributes.pop("note", b"a note")
    for i, path in enumerate(modules):
        build_id = b""
        if isinstance(path, tuple):
            path, build_id = path
        events += w.module(i + 1, 0x10000000 * (i + 1), path, [(0, 0x8000, 0, 0x8000, 5)], build_id)
    for i in range(len(modules)):
        events += w.stack(0, [0x10000000 * (j + 1) + 0x1234 for j in range(i + 1)])
        events += w.alloc(i + 1, 1000 * (i + 1), 0x1000)
    n = len(modules)
    meta = w.fragment(0, w.note(note), w.end(1, 0, n, n))
    return (w.header({**X86_64, **attributes}) + w.block(w.fragment(1, events)) + w.block(meta, True))
