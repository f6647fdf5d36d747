#!/usr/bin/python3
"""Explicit arenas in traces, profiles and statistics. Usage: arenas.py TOOL LIBRARY ARENA_USER"""

import collections
import csv
import json
import os
import re
import subprocess
import sys

from command import TOOL, WORK, environment
from tap import expect, main, test

PROGRAM = os.path.abspath(sys.argv[3])
NAME = 'kept "one" \\?'  # of the arena that is left, as it is shown
FILLED = {100: 1000, 2000: 1, 640: 1, 300000: 1}  # blocks of a size, by fills()


def run(**settings):
    done = subprocess.run([PROGRAM], cwd=WORK, check=False, capture_output=True, text=True,
                          timeout=100, env=environment(**settings))
    expect((done.returncode, done.stdout, done.stderr), (0, "", ""))


def hpalloc(*arguments):
    return subprocess.run([TOOL, *arguments], cwd=WORK, check=True, capture_output=True,
                          text=True).stdout


def check_trace(rows):
    """Each free is of a live block; what lives in the end, by size; what was allocated."""
    live, made = {}, collections.Counter()
    for row in rows:
        if row["event"] == "free":
            live.pop(row["address"])  # is there
            continue
        if row["event"] == "realloc":
            live.pop(row["old_address"], None)
        assert row["address"] not in live, row
        live[row["address"]] = int(row["bytes"])
        made[int(row["bytes"])] += 1
    return collections.Counter(live.values()), made


@test
def _():
    """a trace has their blocks; a reset, and an end, free all that there are"""
    for settings in ({}, {"HPALLOC_HARDEN": "1"}):
        (WORK / "trace").unlink(missing_ok=True)
        run(HPALLOC_TRACE="trace", **settings)
        live, made = check_trace(csv.DictReader(hpalloc("trace", "csv", "trace").splitlines()))
        for size, count in FILLED.items():
            expect(made[size] - 7 * (size == 2000) - (size == 300000), 2 * count, size)
        expect((made[5000], made[50000]), (1, 1))
        expect({size: live[size] for size in (100, 640, 5000, 50000, 2000, 300000)},
               {100: 0, 640: 0, 5000: 0, 50000: 0, 2000: 7, 300000: 1})


@test
def _():
    """the leaks of a trace are by who took the blocks"""
    (WORK / "trace").unlink(missing_ok=True)
    run(HPALLOC_TRACE="trace")
    text = hpalloc("trace", "summary", "trace")
    leaks = text[text.index("never freed:"):]
    expect(re.findall(r"^ +[\d.]+ KB +[\d.]+ % +(\d+)  keeps ", leaks, re.M), ["1", "7"])
    assert " fills " not in leaks and " grows " not in leaks, text


def profile(rate):
    """By the command, which brings what reads the stacks."""
    subprocess.run([TOOL, "run", PROGRAM], cwd=WORK, check=True, capture_output=True,
                   env=environment(HPALLOC_PROFILE="profile", HPALLOC_PROFILE_RATE=rate))


def profiled(*options):
    """By function: objects."""
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +(\d+) +[\d.]+ +[\d.]+  (\S+)",
                      hpalloc("profile", "--rows=200", *options, "profile"), re.M)
    return {name: int(count) for count, name in rows}


@test
def _():
    """a profile has them, and forgets those that a reset or an end freed"""
    profile("1")
    live, everything = profiled(), profiled("--allocated")
    expect(live["keeps"], 8)
    assert not {"fills", "grows"} & {name for name, count in live.items() if count}, live
    expect((everything["fills"], everything["grows"]), (2 * sum(FILLED.values()), 2))


@test
def _():
    """at another rate the samples come again from the blocks at hand"""
    profile("4K")
    estimate = profiled("--allocated").get("fills", 0)
    assert 500 < estimate < 6000, estimate


@test
def _():
    """under the preload library, too, there is one heap that tells of itself, and one file"""
    for file in WORK.glob("once*"):
        file.unlink()
    subprocess.run([TOOL, "run", PROGRAM], cwd=WORK, check=True, capture_output=True,
                   env=environment(HPALLOC_TRACE="once", HPALLOC_STATS="once.json"))
    expect(sorted(file.name for file in WORK.glob("once*")), ["once", "once.json"])
    figures = json.loads((WORK / "once.json").read_text(encoding="ascii"))
    expect([row["name"] for row in figures["arena_list"] if row["state"] == "explicit"], [NAME])
    live, _ = check_trace(csv.DictReader(hpalloc("trace", "csv", "once").splitlines()))
    expect((live[100], live[2000]), (0, 7))


@test
def _():
    """statistics have a row for each, with its name and its limit"""
    run(HPALLOC_STATS="stats.json")
    figures = json.loads((WORK / "stats.json").read_text(encoding="ascii"))
    rows = [row for row in figures["arena_list"] if row["state"] == "explicit"]
    expect([row["name"] for row in rows], [NAME])
    kept = rows[0]
    expect((kept["limit_bytes"], kept["live_blocks"], kept["large_blocks"]), (8 << 20, 8, 1))
    expect(kept["live_bytes"] - kept["large_bytes"], 7 * 2048)
    assert 300000 <= kept["large_bytes"] < 300000 + (16 << 10), kept
    expect(figures["slabs"], sum(row["slabs"] for row in figures["arena_list"]))
    run(HPALLOC_STATS="stats")
    assert f"  {NAME}\n" in (WORK / "stats").read_text(encoding="ascii")


sys.exit(main())
