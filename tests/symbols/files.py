#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The symbols layer on real files: frames, separate debug files, verdicts, hostile bytes.

Rows H11 (debuglink), H12 (section bomb) and H13 (no network) of the acceptance list are here.
"""
import os
import random
import re
import shutil
import struct
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import CC, C_SAMPLE, READELF, Tests, ask, build_id, read, run, symbol, write  # noqa: E402

INLINED = ["innermost", "middle", "outer"]


def compile_sample(folder, *flags, name="sample"):
    source = write(os.path.join(folder, "sample.c"), C_SAMPLE)
    out = os.path.join(folder, name)
    run(*CC, "-O2", "-g", "-fno-ipa-icf", *flags, "-Wl,--build-id=sha1", source, "-o", out)
    return out


def make_root(folder, program, path="usr/bin/sample"):
    """A rootfs that has @program, moved there, at @path."""
    root = os.path.join(folder, "root")
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.move(program, target)
    return root, target


def split(program, keep=("--only-keep-debug",)):
    """Strip @program, return its debug file."""
    debug = program + ".debug"
    run("objcopy", *keep, program, debug)
    run("objcopy", "--strip-all", program)
    return debug


def inside(program, name="outer"):
    start, size = symbol(program, name)
    return list(range(start, start + size))


def has_lines(answer, addresses):
    return any(answer.functions(a) == INLINED for a in addresses)


def id_file(folder, identity):
    path = os.path.join(folder, identity[:2], identity[2:] + ".debug")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def inlined_calls_have_frames_with_call_lines(folder):
    for flags in ((), ("-gdwarf-4",), ("-gdwarf-3",), ("-gdwarf-2",), ("-gz",)):
        program = compile_sample(folder, *flags)
        addresses = inside(program)
        answer = ask(program, addresses, "--build-id", build_id(program))
        assert answer.verdict == "match", answer.note
        full = [answer.frames[a] for a in addresses if answer.functions(a) == INLINED]
        assert full, flags
        lines = {tuple(place.rpartition(":")[2] for _, place in f) for f in full}
        assert all(line[1:] == ("12", "17") for line in lines), (flags, lines)
        assert any(line[0] == "6" for line in lines), (flags, lines)
        assert all(place.rpartition(":")[0].endswith("/sample.c") for f in full for _, place in f)


def no_inlines_gives_the_function_the_code_is_in(folder):
    program = compile_sample(folder)
    answer = ask(program, inside(program), "--no-inlines")
    assert all(answer.functions(a) == ["outer"] for a in answer.frames)


def stripped_of_debug_data_has_functions(folder):
    program = compile_sample(folder)
    run("objcopy", "--strip-debug", program)
    answer = ask(program, inside(program) + inside(program, "compare"))
    assert answer.functions(inside(program)[0]) == ["outer"]
    assert answer.functions(inside(program, "compare")[0]) == ["compare"]
    assert "symbols=1 lines=0" in answer.note


def a_symbol_is_not_stretched_behind_its_end(folder):
    program = compile_sample(folder, "-Wl,--export-dynamic")
    hidden = inside(program, "compare")
    run("objcopy", "--strip-all", program)
    answer = ask(program, hidden)
    assert all(answer.functions(a) == ["??"] for a in hidden), answer.frames


def debug_file_is_found_by_build_id(folder):
    program = compile_sample(folder)
    addresses, identity = inside(program), build_id(program)
    debug = split(program)
    root, _ = make_root(folder, program)
    inside_root = id_file(os.path.join(root, "usr/lib/debug/.build-id"), identity)
    for where in (inside_root, id_file(os.path.join(folder, "debug/.build-id"), identity)):
        shutil.move(debug, where)
        debug = where
        for options in ((), ("--build-id", identity)):
            answer = ask("/usr/bin/sample", addresses, "--rootfs", root, "--debug-path",
                         os.path.join(folder, "debug"), *options)
            assert has_lines(answer, addresses), answer.note
            assert "debug=" + where in answer.note


def debug_file_alone_names_a_missing_module(folder):
    program = compile_sample(folder)
    addresses, identity = inside(program), build_id(program)
    shutil.move(split(program), id_file(os.path.join(folder, "debug/.build-id"), identity))
    root = os.path.join(folder, "root")
    os.mkdir(root)
    answer = ask("/usr/bin/sample", addresses, "--rootfs", root, "--build-id", identity,
                 "--debug-path", os.path.join(folder, "debug"))
    assert answer.verdict == "match" and has_lines(answer, addresses), answer.note


def linked(folder, name="sample.debug"):
    """A stripped program in a rootfs with a debuglink, its debug file and addresses."""
    program = compile_sample(folder, "-Wl,--build-id=none")
    addresses = inside(program)
    debug = split(program)
    shutil.move(debug, os.path.join(folder, name))
    run("objcopy", "--add-gnu-debuglink=" + name, program, cwd=folder)
    root, target = make_root(folder, program)
    return root, target, os.path.join(folder, name), addresses


def debug_file_is_found_by_debuglink(folder):
    root, _, debug, addresses = linked(folder)
    other = os.path.join(folder, "other")
    for place in (root + "/usr/bin", root + "/usr/bin/.debug", root + "/usr/lib/debug/usr/bin",
                  other + "/usr/bin", other):
        os.makedirs(place, exist_ok=True)
        os.makedirs(other, exist_ok=True)
        there = shutil.move(debug, os.path.join(place, "sample.debug"))
        answer = ask("/usr/bin/sample", addresses, "--rootfs", root, "--debug-path", other)
        assert has_lines(answer, addresses), (place, answer.note)
        debug = there


def debuglink_with_a_wrong_checksum_is_refused(folder):
    root, target, debug, addresses = linked(folder)
    write(os.path.join(os.path.dirname(target), "sample.debug"), read(debug) + b"x")
    answer = ask("/usr/bin/sample", addresses, "--rootfs", root)
    assert not has_lines(answer, addresses)
    assert "checksum" in answer.note, answer.note


def debuglink_to_a_path_is_refused(folder):
    root, target, debug, addresses = linked(folder)
    secret = os.path.join(folder, "s.dbg")
    shutil.copy(debug, secret)
    for name in (b"../../../s.dbg", os.fsencode(secret)):
        link = name + b"\0" * (4 - len(name) % 4) + struct.pack("<I", zlib.crc32(read(debug)))
        run("objcopy", "--update-section",
            ".gnu_debuglink=" + write(os.path.join(folder, "link"), link), target)
        answer = ask("/usr/bin/sample", addresses, "--rootfs", root)
        assert not has_lines(answer, addresses), answer.note
        assert "debug=-" in answer.note


def debuglink_to_itself_ends(folder):
    root, target, debug, addresses = linked(folder)
    shutil.copy(target, os.path.join(folder, "sample.debug"))
    shutil.copy(target, os.path.join(os.path.dirname(target), "sample.debug"))
    answer = ask("/usr/bin/sample", addresses, "--rootfs", root)
    assert answer.status == 0 and not has_lines(answer, addresses)


def shared_dwz_file_is_used_and_its_absence_survived(folder):
    if not shutil.which("dwz"):
        return "no dwz"
    one, two = compile_sample(folder, name="one"), compile_sample(folder, "-DX=1", name="two")
    root = os.path.join(folder, "root")
    os.makedirs(root + "/usr/lib/debug/.dwz")
    common = root + "/usr/lib/debug/.dwz/common.debug"
    done = run("dwz", "-m", common, "-M", "/usr/lib/debug/.dwz/common.debug", one, two)
    if not os.path.exists(common):
        return "dwz shared nothing: %r" % done.stderr
    addresses = inside(one)
    make_root(folder, one, "usr/bin/one")
    answer = ask("/usr/bin/one", addresses, "--rootfs", root)
    assert has_lines(answer, addresses), answer.note
    os.unlink(common)
    answer = ask("/usr/bin/one", addresses, "--rootfs", root)
    assert answer.status == 0 and "some names are missing" in answer.note, answer.note
    return None


def verdicts_say_how_file_and_recording_relate(folder):
    program = compile_sample(folder)
    addresses, identity = inside(program), build_id(program)
    root, target = make_root(folder, program)
    other = "00" * 20
    options = ("--rootfs", root)
    assert ask("/usr/bin/sample", addresses, *options, "--build-id", identity).verdict == "match"
    answer = ask("/usr/bin/sample", addresses, *options, "--build-id", other)
    assert answer.verdict == "mismatch" and has_lines(answer, addresses)
    assert identity in answer.note and other in answer.note
    answer = ask("/usr/bin/sample", addresses, *options, "--build-id", other, "--strict-build-id")
    assert answer.verdict == "mismatch" and answer.functions(addresses[0]) == ["??"]
    assert ask("/usr/bin/sample", addresses, *options).verdict == "unverified"
    run("objcopy", "--remove-section=.note.gnu.build-id", target)
    answer = ask("/usr/bin/sample", addresses, *options, "--build-id", identity)
    assert answer.verdict == "unverified" and "has no build-id" in answer.note
    answer = ask("/usr/bin/none", addresses, *options, "--build-id", identity)
    assert answer.verdict == "absent" and root + "/usr/bin/none" in answer.note
    assert ask("[vdso]", addresses, *options).verdict == "absent"


def extra_path_beats_a_mismatch_in_the_rootfs(folder):
    wrong = compile_sample(folder, "-DX=1", name="wrong")
    right = compile_sample(folder, "-O1", name="right")
    identity, addresses = build_id(right), inside(right)
    root, _ = make_root(folder, wrong)
    os.mkdir(os.path.join(folder, "extra"))
    shutil.move(right, os.path.join(folder, "extra/sample"))
    answer = ask("/usr/bin/sample", addresses, "--rootfs", root, "--build-id", identity,
                 "--extra-path", os.path.join(folder, "extra"))
    assert answer.verdict == "match" and "/extra/sample" in answer.note, answer.note


def rootfs_files_come_from_the_rootfs(folder):
    """A link in the rootfs to a host path means the rootfs; both ways of resolving."""
    program = compile_sample(folder)
    addresses = inside(program)
    root = os.path.join(folder, "root")
    os.makedirs(root + "/usr/bin")
    os.symlink(program, root + "/usr/bin/host")
    shutil.copy(program, root + "/usr/bin/real")
    os.symlink("/usr/bin/real", root + "/usr/bin/absolute")
    os.mkfifo(root + "/usr/bin/fifo")
    for options in ((), ("--no-openat2",)):
        options += ("--rootfs", root)
        assert ask("/usr/bin/host", addresses, *options).verdict == "absent"
        assert has_lines(ask("/usr/bin/absolute", addresses, *options), addresses)
        assert "is a FIFO" in ask("/usr/bin/fifo", addresses, *options).note


def cut_files_cost_their_names_and_nothing_else(folder):
    whole = read(compile_sample(folder))
    program = os.path.join(folder, "cut")
    for n in sorted({*range(0, 200, 9), *range(0, len(whole), max(1, len(whole) // 60))}):
        write(program, whole[:n])
        answer = ask(program, [0x1139, 0x1140])
        assert answer.status == 0 and len(answer.frames) == 2, n


def damaged_files_cost_their_names_and_nothing_else(folder):
    program = compile_sample(folder)
    addresses, whole, rng = inside(program), read(program), random.Random(7)
    # Flips spread over the file mostly hit code; half of them go into the tables at its end.
    for i in range(150):
        damaged = bytearray(whole)
        low = 0 if i % 2 else len(whole) * 2 // 3
        for _ in range(rng.choice((1, 8, 64))):
            damaged[rng.randrange(low, len(whole))] = rng.choice((0, 1, 0x7f, 0x80, 0xff))
        write(program, bytes(damaged))
        start = time.time()
        answer = ask(program, addresses, "--seconds", "10")
        assert answer.status == 0 and len(answer.frames) == len(addresses), i
        assert time.time() - start < 40, i


def headers_that_lie_cost_their_names_and_nothing_else(folder):
    program = compile_sample(folder)
    whole = read(program)
    for at in range(0x10, 0x40, 2):
        for value in (b"\0\0", b"\xff\xff", b"\xff\x7f"):
            write(program, whole[:at] + value + whole[at + 2:])
            assert ask(program, [0x1139]).status == 0, at


def not_elf_is_said(folder):
    for content in (b"", b"#!/bin/sh\n", b"\x7fELF", b"!<arch>\n" + b"x" * 200, bytes(5000)):
        path = write(os.path.join(folder, "x"), content)
        answer = ask(path, [0x1000])
        assert answer.verdict == "absent" and path in answer.note, answer.note


def compressed_claims_are_capped(folder):
    program = compile_sample(folder, "-gz=zlib")
    whole, addresses = read(program), inside(program)
    table = run(READELF, "-SW", program, text=True).stdout
    m = re.search(r"\.debug_info\s+PROGBITS\s+[0-9a-f]+ ([0-9a-f]+)", table)
    at = int(m[1], 16)
    for claim in (64 << 30, 300 << 20, (1 << 64) - 1, 255 << 20):
        write(program, whole[:at + 8] + struct.pack("<Q", claim) + whole[at + 16:])
        answer = ask(program, addresses)
        assert answer.status == 0 and "symbols=1" in answer.note, answer.note
        assert answer.functions(addresses[0]) == ["outer"], answer.note


def section_bomb_stays_within_the_cap(folder):
    """A section that is a few hundred KB packed and 250 MB unpacked."""
    program = compile_sample(folder)
    bomb = write(os.path.join(folder, "zero"), bytes(250 << 20))
    run("objcopy", "--remove-section=.debug_str", program)
    run("objcopy", "--add-section=.debug_str=" + bomb, program)
    run("objcopy", "--compress-debug-sections=zlib", program)
    os.unlink(bomb)
    assert os.path.getsize(program) < 2 << 20
    answer = ask(program, inside(program))
    assert answer.status == 0 and "symbols=1" in answer.note, answer.note


def no_network_call_is_made(folder):
    if not shutil.which("strace"):
        return "no strace"
    program, trace = compile_sample(folder), os.path.join(folder, "trace")
    wrapper = ("strace", "-f", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o", trace)
    answer = ask(program, inside(program), "--build-id", "00" * 20, wrapper=wrapper,
                 env={"DEBUGINFOD_URLS": "http://127.0.0.1:9/", "HOME": folder})
    if "ptrace" in answer.note.lower():
        return "strace may not trace"
    assert answer.verdict == "mismatch", answer.note
    assert "socket" not in read(trace).decode(), read(trace)
    assert sorted(os.listdir(folder)) == ["sample", "sample.c", "trace"]
    return None


def main():
    t = Tests()
    for test in (
            inlined_calls_have_frames_with_call_lines,
            no_inlines_gives_the_function_the_code_is_in,
            stripped_of_debug_data_has_functions,
            a_symbol_is_not_stretched_behind_its_end,
            debug_file_is_found_by_build_id,
            debug_file_alone_names_a_missing_module,
            debug_file_is_found_by_debuglink,
            debuglink_with_a_wrong_checksum_is_refused,
            debuglink_to_a_path_is_refused,
            debuglink_to_itself_ends,
            shared_dwz_file_is_used_and_its_absence_survived,
            verdicts_say_how_file_and_recording_relate,
            extra_path_beats_a_mismatch_in_the_rootfs,
            rootfs_files_come_from_the_rootfs,
            cut_files_cost_their_names_and_nothing_else,
            damaged_files_cost_their_names_and_nothing_else,
            headers_that_lie_cost_their_names_and_nothing_else,
            not_elf_is_said,
            compressed_claims_are_capped,
            section_bomb_stays_within_the_cap,
            no_network_call_is_made):
        t.run(test)
    t.finish()


if __name__ == "__main__":
    main()
