#!/usr/bin/python3
"""The verbs `demo` and `bench`. Usage: demo.py TOOL LIBRARY PRELOAD_TESTS"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.append(sys.argv[3])

from command import LIBRARY, TOOL, WORK, environment
from pool import Pool, PoolError
from tap import Skip, expect, main, test

PLAIN, THP, POOL = ("the C library's malloc", "hpalloc, transparent huge pages",
                    "hpalloc, pages of the pool")
NUMBER = r" +([\d.]+)"
ROW = re.compile(rf"^(\w.*?){NUMBER}{NUMBER} +(\d+) %{NUMBER}{NUMBER} +(\d+) %$", re.M)
POOL_PAGES = 160
NOBODY = 65534


def hpalloc(*arguments, tool=TOOL, status=0, **how):
    result = subprocess.run([tool, *arguments], check=False, capture_output=True, text=True,
                            timeout=250, **{"env": environment(), "cwd": WORK, **how})
    expect(result.returncode, status, result.stdout + result.stderr)
    return result


def rows_of(text):
    """The table: by heap, the six figures of its row."""
    return {name: [float(figure) for figure in figures] for name, *figures in ROW.findall(text)}


def check_rows(rows, names):
    expect(list(rows), names)
    for name, figures in rows.items():
        step, ratio, huge, pair, pair_ratio, pair_huge = figures
        assert 0 < step < 5000 and 0 < pair < 50000 and max(huge, pair_huge) <= 100, rows
        plain = rows[PLAIN]
        assert abs(ratio - step / plain[0]) < 0.02 + 0.1 / plain[0], (name, rows)
        assert abs(pair_ratio - pair / plain[3]) < 0.02 + 0.1 / plain[3], (name, rows)


def total():
    path = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
    return int(path.read_text(encoding="ascii"))


def thp_mode():
    path = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return path.read_text(encoding="ascii") if path.exists() else "[never]"


@test
def _():
    """the demo measures three heaps, tells on which pages they were, and puts the pool back"""
    with Pool() as pool:
        try:
            pool.set(0)
            before = total()
            result = hpalloc("demo", "--rounds=1")
        except PoolError as reason:
            raise Skip(reason) from reason
        expect(total(), before)
    rows = rows_of(result.stdout)
    if POOL not in rows:
        raise Skip(f"no pool of {POOL_PAGES} pages: {result.stderr.strip()}")
    check_rows(rows, [PLAIN, THP, POOL])
    assert rows[POOL][2] >= 90, rows
    if "[never]" not in thp_mode():
        assert rows[THP][2] >= 80, rows
    if "[always]" not in thp_mode():
        assert rows[PLAIN][2] < 50, rows
    for part in ("The TLB keeps ", "the same walk took ", "The other program frees",
                 "'hpalloc run PROGRAM'"):
        assert part in result.stdout, result.stdout


@test
def _():
    """who may not change the pool has a row less, and is told so"""
    if os.getuid():
        raise Skip("not root, so nobody else can be")
    tools = WORK / "tools"
    tools.mkdir()
    for name in ("hpalloc", "hpalloc-demo"):
        shutil.copy(pathlib.Path(TOOL).parent / name, tools)
    shutil.copy(LIBRARY, tools / "library.so")
    with Pool() as pool:
        try:
            pool.set(0)
        except PoolError as reason:
            raise Skip(reason) from reason
        result = hpalloc("demo", "--rounds=1", tool=tools / "hpalloc", user=NOBODY, group=NOBODY,
                         extra_groups=[], cwd="/",
                         env=environment(HPALLOC_PRELOAD_LIBRARY=str(tools / "library.so")))
    assert re.match(r"hpalloc: only root changes the pool: echo 160 > /sys/.*\n"
                    r"hpalloc: without 320 MB of the pool, its pages are not in the table\n$",
                    result.stderr), result.stderr
    check_rows(rows_of(result.stdout), [PLAIN, THP])


@test
def _():
    """a demo that is told to stop puts the pool back"""
    with Pool() as pool:
        try:
            pool.set(0, is_changed=True)
        except PoolError as reason:
            raise Skip(reason) from reason
        before = total()
        process = subprocess.Popen([TOOL, "demo"], env=environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while total() == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        grown = total() > before
        process.send_signal(signal.SIGTERM)
        expect(process.wait(60), 125)
        expect(total(), before)
    assert grown, "the pool never grew"


@test
def _():
    """what is wrong with the arguments is said in a line"""
    for arguments in (["demo", "--rounds=0"], ["demo", "--rounds", "x"], ["demo", "more"],
                      ["demo", "--rounds=4294967297"], ["demo", "--rounds= 1"]):
        result = hpalloc(*arguments, status=125)
        assert result.stderr.startswith("hpalloc: ") and result.stderr.count("\n") == 1, result


@test
def _():
    """bench lists what it measures, and measures it"""
    listed = hpalloc("bench", "--list").stdout.split()
    assert {"lifo-64", "sqlite", "hpalloc:empty", "glibc"} <= set(listed), listed
    result = hpalloc("bench", "--quick", "--only", "lifo-64", "--rounds", "1", "--allocators",
                     "glibc", "--output", "found")
    rows = (WORK / "found" / "results.csv").read_text(encoding="utf-8")
    assert "lifo-64" in rows and "glibc" in rows and "hpalloc" not in rows, rows
    assert "command: hpalloc bench --quick" in \
        (WORK / "found" / "about.txt").read_text(encoding="utf-8"), result.stdout
    assert "--max" in hpalloc("bench", "memory", "-h").stdout
    assert hpalloc("bench", "--help").stdout.startswith("Usage: hpalloc bench ")


sys.exit(main())
