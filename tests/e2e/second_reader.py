#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second reader of recordings, written from dumpalloc-trace(5) and from nothing else.

It holds the man page to its word: what the page does not say, this cannot know. read() gives what
the stream says, Heap the totals of dumpalloc-json(5). By hand: second_reader.py FILE.
"""
import collections
import ctypes
import ctypes.util
import struct
import sys
import zlib

MAGIC = b"\x89DALLOC\n"
NUMBERS = {1: "machine", 2: "word_bits", 3: "big_endian", 4: "elf_flags", 5: "page_size", 6: "pid",
           9: "start_wall", 13: "direct", 14: "unwind", 15: "depth", 16: "stacks_alloc",
           17: "min_size", 18: "max_size", 19: "parent", 20: "sample"}
BYTES = {7: "program", 8: "cmdline", 10: "version", 11: "host", 12: "kernel"}
EXT, ALLOC, FREE, REALLOC, FAIL = range(5)
FUNCTIONS = ("malloc calloc realloc reallocarray aligned_alloc memalign posix_memalign valloc "
             "pvalloc free cfree free_sized free_aligned_sized").split()
DEFAULT_FUNCTION = {ALLOC: 0, FREE: 9, REALLOC: 2, FAIL: 0}
M64 = 2 ** 64 - 1


class Bad(Exception):
    """Not as the page says. Refused: the header; otherwise the block at @byte."""

    def __init__(self, why, byte=None):
        super().__init__(why)
        self.why, self.byte = why, byte


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if n > len(self.data) - self.at:
            raise Bad("cut")
        self.at += n
        return self.data[self.at - n:self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7f) << shift
            if value > M64 or shift > 63:
                raise Bad("varint of more than 64 bits")
            if not b & 0x80:
                if not b and shift:
                    raise Bad("varint not in its shortest form")
                return value
            shift += 7

    def signed(self):
        return unzigzag(self.varint())

    def text(self, most=4096):
        n = self.varint()
        if n > most:
            raise Bad("text of %d bytes" % n)
        return bytes(self.take(n))

    def left(self):
        return self.at < len(self.data)


def unzigzag(v):
    return v >> 1 if not v & 1 else -(v + 1 >> 1)


def unzstd(stored, size):
    name = ctypes.util.find_library("zstd") or "libzstd.so.1"
    lib = unzstd.lib = getattr(unzstd, "lib", None) or ctypes.CDLL(name)
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    lib.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    out = ctypes.create_string_buffer(size or 1)
    if lib.ZSTD_decompress(out, size, stored, len(stored)) != size:
        raise Bad("bad zstd frame")
    return out.raw[:size]


class Stream:
    """What a recording says: header {name: value}, blocks, threads {n: Thread}, meta, damage."""

    def __init__(self):
        self.header = dict.fromkeys(NUMBERS.values(), 0)
        self.header.update(dict.fromkeys(BYTES.values(), b""), max_size=M64)
        self.threads, self.blocks, self.whole, self.damage = {}, 0, False, None
        self.rss, self.lost, self.end, self.notes = [], {}, None, []
        self.modules = {}


class Thread:
    """A decoder's state, and what it decoded."""

    def __init__(self, number):
        self.number, self.tid, self.name, self.clock = number, 0, b"", 0
        self.order = self.address = self.size = 0
        self.named = collections.deque(maxlen=512)
        self.stack_of = {ALLOC: 0, FREE: 0, REALLOC: 0, FAIL: 0}
        self.stacks = [((), 0)]  # (frames (address, interrupted), outermost first; why it ends)
        self.events = []  # (kind, order, stack, size, function, address, clock) (a REALLOC: two each)


def read(data):
    s = Stream()
    at = read_header(s, data)
    while at < len(data):
        try:
            raw, size, is_last = read_block(data[at:], s.blocks)
            read_fragments(s, raw)
        except Bad as e:
            s.damage = Bad(e.why, at)
            return s
        at += size
        s.blocks += 1
        s.whole = is_last
    return s


def read_header(s, data):
    if data[:8] != MAGIC or len(data) < 24:
        raise Bad("not a recording")
    version, zero, length, features, crc = struct.unpack("<HHIII", data[8:24])
    if version != 1 or features:
        raise Bad("a version or feature unknown to me")
    attributes = data[24:24 + length]
    if zero or length > 65536 or len(attributes) < length or zlib.crc32(attributes, zlib.crc32(data[:20])) != crc:
        raise Bad("damaged header")
    b = Bytes(attributes)
    while b.left():
        tag, value = b.varint(), b.text(65536)
        if tag in NUMBERS:
            number = Bytes(value)
            try:
                found = number.varint()
            except Bad:
                continue
            if not number.left():
                s.header[NUMBERS[tag]] = found
        elif tag in BYTES:
            s.header[BYTES[tag]] = value
    return 24 + length


def read_block(data, number):
    if len(data) < 32:
        raise Bad("cut")
    magic, stored_len, raw_len, flags, zero, seq, crc, head_crc = struct.unpack("<4sIIHHQII", data[:32])
    if magic != b"DABK" or zlib.crc32(data[:28]) != head_crc:
        raise Bad("no block header")
    if stored_len > 262144 or raw_len > 1048576 or zero or flags & ~0x11 or (not flags & 1 and raw_len != stored_len):
        raise Bad("a block header that cannot be")
    stored = data[32:32 + stored_len]
    if len(stored) < stored_len or zlib.crc32(stored) != crc or seq != number:
        raise Bad("cut, damaged or out of order")
    return unzstd(stored, raw_len) if flags & 1 else stored, 32 + stored_len, bool(flags & 16)


def read_fragments(s, raw):
    b = Bytes(raw)
    while b.left():
        number, length = b.varint(), b.varint()
        if number > 1 << 24:
            raise Bad("thread %d" % number)
        events = Bytes(b.take(length))
        if number and number not in s.threads:
            s.threads[number] = Thread(number)
        while events.left():
            first = events.byte()
            if not number:
                read_meta(s, first, events)
            elif first & 7 == EXT:
                read_extended(s, s.threads[number], first >> 3, events)
            else:
                read_event(s.threads[number], first & 7, first, events)


def step(t, b):
    n = b.varint()
    if not n or t.order + n > M64:
        raise Bad("order step %d" % n)
    t.order += n
    return t.order


def move(t, b, bits):
    v = b.varint()
    if v & 1:
        address = (t.address + unzigzag(v >> 1) * (1 if bits & 0x80 else 8)) & M64
    elif 1 <= v >> 1 <= min(512, len(t.named)):
        address = t.named[-(v >> 1)]
    else:
        raise Bad("address %d ago" % (v >> 1))
    if address != t.address:
        t.named.append(address)
    t.address = address
    return address


def read_event(t, kind, bits, b):
    if kind > FAIL:
        raise Bad("event kind %d" % kind)
    one = Bytes(b"\1\1")
    source = b if bits & 8 else one
    order = [step(t, source) for _ in range(2 if kind == REALLOC else 1)]
    if bits & 0x10:
        t.stack_of[kind] = b.varint()
        if t.stack_of[kind] >= len(t.stacks):
            raise Bad("stack %d is not defined" % t.stack_of[kind])
    if kind == REALLOC or (kind != FREE and bits & 0x20):
        t.size = b.varint()
    function = b.byte() if bits & 0x40 else DEFAULT_FUNCTION[kind]
    if function >= len(FUNCTIONS):
        raise Bad("function %d" % function)
    addresses = []
    if kind in (ALLOC, REALLOC) or (kind == FREE and not bits & 0x20):
        addresses.append(move(t, b, bits))
    elif kind == FREE:
        addresses.append(t.address)
    if kind == REALLOC:
        addresses.append(move(t, b, bits) if bits & 0x20 else t.address)
    t.events.append((kind, order, t.stack_of[kind], t.size, function, addresses, t.clock))


def read_stack(t, b):
    keep, n = b.varint(), b.varint()
    before = t.stacks[-1][0]
    if keep > len(before) or keep + n > 1024:
        raise Bad("stack of %d + %d frames" % (keep, n))
    frames = list(before[:keep])
    for _ in range(n):
        v = b.varint()
        outer = frames[-1][0] if frames else 0
        frames.append(((outer + unzigzag(v >> 1)) & M64, v & 1))
    end = b.byte()
    t.stacks.append((tuple(frames), end))


def read_extended(s, t, what, b):
    if what == 1:
        read_stack(t, b)
    elif what == 2:
        t.tid = b.varint()
    elif what == 3:
        t.name = b.text()
    elif what == 4:
        order, number = step(t, b), b.varint()
        bias, role, path, build_id = b.varint(), b.byte(), b.text(), b.text(64)
        count = b.varint()
        if count > 16:
            raise Bad("module %d with %d segments" % (number, count))
        segments = [[b.varint() for _ in range(4)] + [b.byte()] for _ in range(count)]
        s.modules[number] = dict(order=order, bias=bias, role=role, path=path, build_id=build_id,
                                 segments=segments, unload=None)
    elif what == 5:
        order, number = step(t, b), b.varint()
        if number in s.modules:
            s.modules[number]["unload"] = order
    elif what == 6:
        t.clock += b.varint()
    elif what != 7:
        raise Bad("extended event %d in a thread" % what)


def read_meta(s, first, b):
    what = first >> 3 if not first & 7 else None
    if what in (6, 16):  # dates and watermarks: for readers that cannot wait for the end
        b.varint()
    elif what == 17:
        s.rss.append((b.varint(), b.varint()))
    elif what == 18:
        reason = b.varint()
        s.lost[reason] = b.varint()
    elif what == 19:
        s.end = tuple(b.varint() for _ in range(4))
    elif what == 20:
        number, name = b.varint(), b.text()
        if not 0 < number <= 1 << 24:
            raise Bad("name of thread %d" % number)
        s.threads.setdefault(number, Thread(number)).name = name
    elif what == 21:
        s.notes.append(b.text())
    else:
        raise Bad("meta event %d" % first)


class Heap:
    """The totals, and the numbers of each thread's each stack."""

    def __init__(self, stream):
        self.live, self.now, self.blocks = {}, 0, 0
        self.totals = dict.fromkeys((
            "alloc_calls", "alloc_bytes", "free_calls", "freed_bytes", "failed_calls", "peak_bytes",
            "peak_blocks", "temporary_blocks", "moved_reallocs"), 0)
        self.unknown_frees = self.repairs = 0
        self.sites, self.functions, self.allocated, self.last = {}, {}, {}, {}
        steps = []
        for t in stream.threads.values():
            self.allocated[t.number] = [0, 0]
            for e in t.events:
                self.functions.setdefault(FUNCTIONS[e[4]], [0, 0])[0] += 1
                steps += [(order, t, e, half) for half, order in enumerate(e[1])]
        steps.sort(key=lambda x: x[0])
        for order, t, e, half in steps:
            self.step(order, t, e, half)
        self.totals["live_bytes"], self.totals["live_blocks"] = self.now, self.blocks
        for site in self.sites.values():
            site.setdefault("peak", [0, 0])

    def site(self, t, stack):
        return self.sites.setdefault((t.number, stack), dict(
            alloc_calls=0, alloc_bytes=0, live_bytes=0, live_blocks=0, temporary_blocks=0))

    def step(self, order, t, e, half):
        kind, _, stack, size, function, addresses, _ = e
        if kind == FAIL:
            self.totals["failed_calls"] += 1
            self.functions[FUNCTIONS[function]][1] += 1
        elif kind == FREE or (kind == REALLOC and not half):
            self.give_back(addresses[0])
        else:
            if kind == REALLOC and addresses[0] != addresses[1]:
                self.totals["moved_reallocs"] += 1
            self.hand_out(t, stack, size, addresses[-1], order)

    def hand_out(self, t, stack, size, address, order):
        if not address:
            self.totals["failed_calls"] += 1
            return
        if address in self.live:
            self.repairs += 1
            self.give_back(address, False)
        self.live[address] = (size, t, stack, order)
        self.last[t.number] = order
        self.totals["alloc_calls"] += 1
        self.totals["alloc_bytes"] += size
        self.allocated[t.number][0] += 1
        self.allocated[t.number][1] += size
        self.count(self.site(t, stack), size, 1)
        site = self.site(t, stack)
        site["alloc_calls"] += 1
        site["alloc_bytes"] += size
        if self.now > self.totals["peak_bytes"]:
            self.totals["peak_bytes"], self.totals["peak_blocks"] = self.now, self.blocks

    def give_back(self, address, at_its_time=True):
        if address not in self.live:
            self.unknown_frees += 1
            return
        size, owner, stack, order = self.live.pop(address)
        self.totals["free_calls"] += 1
        self.totals["freed_bytes"] += size
        site = self.site(owner, stack)
        self.count(site, -size, -1)
        if self.last[owner.number] == order and at_its_time:
            self.totals["temporary_blocks"] += 1
            site["temporary_blocks"] += 1

    def count(self, site, size, blocks):
        self.now += size
        self.blocks += blocks
        site["live_bytes"] += size
        site["live_blocks"] += blocks


def module_at(stream, frame, order, bits):
    """(number, ELF address) of what was loaded there then, or else first after it; or None."""
    address, interrupted = frame
    later = None
    for number, m in stream.modules.items():
        vaddr = (address - m["bias"]) % (1 << bits)
        inside = vaddr if interrupted else vaddr - 1
        if (m["unload"] or M64) < order or not any(s[0] <= inside < s[0] + s[1] for s in m["segments"]):
            continue
        if m["order"] <= order:
            return number, vaddr
        if not later or m["order"] < later[0]:
            later = m["order"], (number, vaddr)
    return later and later[1]


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as f:
        found = read(f.read())
    print(found.header, Heap(found).totals, "end", found.end, "damage", found.damage)
