#!/usr/bin/python3
"""The probes of the preload library: where each is, and what gdb sees there while a program runs.

Usage: probes.py TOOL LIBRARY PROBED PRELOAD_TESTS, PROBED being probed.c built."""

import os
import re
import shutil
import subprocess
import sys

sys.path.append(sys.argv[4])

from command import LIBRARY, WORK, environment
from pool import Pool, PoolError
from tap import Skip, expect, main, test

PROBED = os.path.abspath(sys.argv[3])
PROBES = {"malloc": 1, "calloc": 2, "realloc": 2, "free": 1, "fallback": 2, "purge": 2,
          "fork_snapshot": 1}
POOL_PAGES = 8
NOP = "90"


def notes():
    """The probes by name: their addresses and numbers of arguments."""
    text = subprocess.run(["readelf", "-nW", LIBRARY], check=True, capture_output=True,
                          text=True).stdout
    found = {}
    for name, address, arguments in re.findall(
            r"Provider: hpalloc\s+Name: (\w+)\s+Location: 0x0*([0-9a-f]+),.*?"
            r"Arguments: ?([^\n]*)", text, re.S):
        found.setdefault(name, []).append((address, len(arguments.split())))
    if not found:
        raise Skip("the library was built without <sys/sdt.h>: it has no probes")
    return found


@test
def _():
    """each probe is there, with its arguments"""
    found = notes()
    expect(set(found), set(PROBES), "probes")
    for name, places in found.items():
        expect({count for _, count in places}, {PROBES[name]}, name)


@test
def _():
    """those of malloc and free cost no instruction"""
    code = subprocess.run(["objdump", "-d", LIBRARY], check=True, capture_output=True,
                          text=True).stdout
    found = {}
    for name, places in notes().items():
        for address, _ in places:
            instruction = re.search(rf"^ *{address}:\t([0-9a-f ]+?) *\t", code, re.M)
            assert instruction, (name, address)
            found.setdefault(name, set()).add(instruction[1] == NOP)
    expect([name for name in PROBES if found[name] == {True}],
           ["fallback", "purge", "fork_snapshot"], "with nops")
    # Aligned blocks pass one in the middle of their functions.
    expect([name for name in PROBES if found[name] == {True, False}], ["malloc"], "with both")


def seen_by_gdb():
    """What gdb prints at each probe, as [name, first argument, second or 0]."""
    lines = ["set confirm off", "set pagination off", "set debuginfod enabled off",
             "set breakpoint pending on", "set startup-with-shell off",
             f"set environment LD_PRELOAD {LIBRARY}"]
    lines += [f"set environment {name} {value}" for name, value in (
        ("HPALLOC_BACKING", "auto"), ("HPALLOC_FORK", "snapshot"))]
    for name, count in PROBES.items():
        second = "$_probe_arg1" if count > 1 else "0"
        lines += [f"break -probe-stap hpalloc:{name}", "commands", "silent",
                  f'printf "probe {name} %lu %lu\\n", $_probe_arg0, {second}', "continue", "end"]
    (WORK / "commands").write_text("\n".join([*lines, "run", ""]), encoding="ascii")
    done = subprocess.run(["gdb", "-nx", "-batch", "-x", "commands", PROBED], cwd=WORK,
                          check=False, capture_output=True, text=True, timeout=100,
                          env=environment(HPALLOC_BACKING=None), stdin=subprocess.DEVNULL)
    assert "exited normally" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    return [(name, int(one), int(two))
            for name, one, two in re.findall(r"^probe (\w+) (\d+) (\d+)$", done.stdout, re.M)]


@test
def _():
    """gdb stops at them, and reads their arguments"""
    notes()
    if not shutil.which("gdb"):
        raise Skip("gdb is not installed")
    with Pool() as pool:
        try:
            pool.set(POOL_PAGES)
        except PoolError as reason:
            raise Skip(reason) from reason
        seen = seen_by_gdb()
    assert ("malloc", 12345, 0) in seen and ("calloc", 3, 1111) in seen, seen
    resized = [one for name, one, two in seen if (name, two) == ("realloc", 23456)]
    expect(len(resized), 1, "reallocs")
    assert ("free", resized[0], 0) in seen, seen
    snapshots = [one for name, one, _ in seen if name == "fork_snapshot"]
    assert len(snapshots) == 1 and snapshots[0] % (2 << 20) == 0 < snapshots[0], snapshots
    fallbacks = [(one, two) for name, one, two in seen if name == "fallback"]
    # The pool was empty, or was so just now; and the first part of the heap.
    assert {reason for reason, _ in fallbacks} & {0, 1} and (5, 1) in fallbacks, fallbacks
    assert all(0 < pages <= 12 for _, pages in fallbacks), fallbacks
    purged = [two for name, _, two in seen if name == "purge"]
    assert sum(purged) >= 20 << 20 and all(not bytes % 4096 for bytes in purged), purged


sys.exit(main())
