#!/usr/bin/python3
"""HPALLOC_PROFILE and `hpalloc profile`. Usage: profile.py TOOL LIBRARY PROFILED_PROGRAM"""

import os
import re
import stat
import subprocess
import sys
import xml.etree.ElementTree

from command import LIBRARY, TOOL, WORK, environment, run
from tap import expect, main, test

PROFILED = os.path.abspath(sys.argv[3])
ROW = re.compile(r" *([\d.]+) +[\d.]+ +(\d+) +([\d.]+) +[\d.]+  (\S+)")


def record(*arguments, name="profile", **settings):
    """Runs the program; returns its result and where its profile should be."""
    path = WORK / name
    result = run("--", PROFILED, *arguments, env=environment(
        HPALLOC_PROFILE=str(path), **{"HPALLOC_PROFILE_RATE": "1", **settings}))
    return result, path


def show(path, *options):
    return subprocess.run([TOOL, "profile", *options, path], capture_output=True, text=True,
                          check=False)


def table(path, *options):
    """By function: bytes, objects, and bytes with what it called."""
    shown = show(path, "--rows=200", *options)
    expect((shown.returncode, shown.stderr), (0, ""))
    rows = (ROW.match(line) for line in shown.stdout.splitlines())
    return {row[4]: (round(float(row[1]) * 1024), int(row[2]), round(float(row[3]) * 1024))
            for row in rows if row}


def expect_near(value, expected, what, most=120):
    if abs(value - expected) > most:  # a table has tenths of a KB
        raise AssertionError(f"{what}: {value}, expected {expected}")


@test
def _():
    """at a rate of one byte all is counted: what is live, and what ever was"""
    _, path = record()
    live, everything = table(path), table(path, "--allocated")
    for name, blocks, size in (("keeps_a_hundred", 100, 1000), ("clears", 50, 1000),
                               ("aligns", 10, 4096), ("in_a_thread", 100, 50)):
        expect_near(live[name][0], blocks * size, name)
        expect(live[name][1], blocks, name)
    expect("frees_all" in live, False)
    expect(everything["frees_all"][1], 200)
    expect_near(everything["frees_all"][0], 600_000, "frees_all")
    expect_near(live["grows"][0], 8 << 20, "grows")
    expect(live["grows"][1], 1)
    expect_near(everything["grows"][0], 15 << 20, "grows, in all")


@test
def _():
    """the callers are known, and the library's own functions are not among them"""
    live = table(record()[1])
    expect(live["main"][:2], (0, 0))
    expect_near(live["main"][2], 100_000 + 50_000 + (8 << 20) + 40_960, "main",
                1000)  # the C library takes a little for a thread
    expect([name for name in live if "malloc" in name or name.startswith("hp_")], [])


@test
def _():
    """under a trace all is counted as well"""
    live = table(record(HPALLOC_TRACE=str(WORK / "traced.%p"))[1])
    for name, blocks in (("keeps_a_hundred", 100), ("clears", 50), ("aligns", 10),
                         ("in_a_thread", 100), ("grows", 1)):
        expect(live[name][1], blocks, name)
    expect([name for name in live if "malloc" in name or name.startswith("hp_")], [])


@test
def _():
    """samples are an estimate of the whole"""
    source = "import sys\nfor i in range(40000): bytearray(2000)\nkeep = bytearray(30 << 20)\n"
    path = WORK / "estimate"
    env = environment(HPALLOC_PROFILE=str(path), HPALLOC_PROFILE_RATE="64K",
                      PYTHONMALLOC="malloc")
    expect(run("--", sys.executable, "-c", source, env=env).status, 0)
    total = float(re.search(r"allocated in all: ([\d.]+) KB",
                            show(path, "--allocated").stdout)[1]) * 1024
    expected = 40_000 * 2000 + (30 << 20)
    if not 0.85 * expected < total < 1.3 * expected:
        raise AssertionError(f"{total} bytes estimated, at least {expected} allocated")


@test
def _():
    """the file is of mode 0600, and no child writes it"""
    _, path = record()
    expect(stat.S_IMODE(path.stat().st_mode), 0o600)
    expect(sorted(file.name for file in WORK.glob("profile*")), ["profile"])


@test
def _():
    """%p is the process: a child has a file of its own"""
    record(name="of-%p")
    files = sorted(WORK.glob("of-*"))
    expect([re.fullmatch(r"of-\d+", file.name) is not None for file in files], [True, True])
    expect(["keeps_a_hundred" in table(file) for file in files], [True, True])


@test
def _():
    """a relative name is one of the directory in which the program began"""
    expect(run("--", sys.executable, "-c", "import os; os.chdir('/')",
               env=environment(HPALLOC_PROFILE="relative")).status, 0)
    expect((WORK / "relative").is_file(), True)


@test
def _():
    """a program writes its profile when it wants"""
    middle = WORK / "middle"
    result, path = record(str(middle))
    expect(result.out, b"0\n")
    expect("keeps_a_hundred" in table(middle), True)
    expect("clears" in table(middle), False)
    expect("clears" in table(path), True)
    expect(run("--", PROFILED, str(middle), env=environment()).out, b"22\n", "without a profile")


@test
def _():
    """nothing is written through a link, nor where it cannot be; the program goes on"""
    target = WORK / "target"
    target.write_text("precious")
    (WORK / "link").symlink_to(target)
    for name in ("link", "no-such-directory/profile"):
        result, path = record(name=name)
        expect(result.status, 0)
        expect(f"hpalloc: the profile cannot be written to {path}: " in result.err, True, name)
    expect(target.read_text(), "precious")


@test
def _():
    """with hardening there is none, and that is said"""
    result, path = record(name="hardened", HPALLOC_HARDEN="1")
    expect(result.status, 0)
    expect("hpalloc: HPALLOC_PROFILE is ignored: HPALLOC_HARDEN is set\n" in result.err, True)
    expect(path.exists(), False)


@test
def _():
    """a flame graph is a picture by itself"""
    _, path = record()
    picture = WORK / "flame.svg"
    expect(show(path, f"--flame={picture}").returncode, 0)
    root = xml.etree.ElementTree.parse(picture).getroot()
    expect(root.tag, "{http://www.w3.org/2000/svg}svg")
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    for name in ("main", "grows", "in_a_thread"):
        expect(sum(title.startswith(f"{name}: ") for title in titles), 1, name)


@test
def _():
    """what is no profile is refused"""
    for content in (b"", b"no profile", b"\x1f\x8b\x08", bytes(range(256)), b"\x12\x03\x0a\xff"):
        path = WORK / "broken"
        path.write_bytes(content)
        shown = show(path)
        expect((shown.returncode, shown.stdout), (125, ""), content)
        expect(shown.stderr,
               f"hpalloc: {path}: this is no heap profile, or one that is compressed\n")
    expect(show("no-such-file").stderr, "hpalloc: no-such-file: No such file or directory\n")


@test
def _():
    """preloaded by hand it works as well"""
    path = WORK / "by-hand"
    subprocess.run([PROFILED], check=True, env={
        **environment(HPALLOC_PROFILE=str(path), HPALLOC_PROFILE_RATE="1"),
        "LD_PRELOAD": f"{LIBRARY}:libgcc_s.so.1"})
    expect("keeps_a_hundred" in table(path), True)


if __name__ == "__main__":
    sys.exit(main())
