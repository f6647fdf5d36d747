#!/usr/bin/python3
"""Programs that nobody recompiled, under a trace: it is complete, and what is in it can have been.

Usage: trace_programs.py TOOL LIBRARY
"""

import collections
import csv
import os
import shutil
import subprocess
import sys

from command import TOOL, WORK, environment
from tap import Skip, expect, main, test

PYTHON = "/usr/bin/python3"
THREADS = """
import threading, queue
passed = queue.Queue()
def make(number):
    for i in range(3000):
        passed.put(bytes(10000 + number))
def take():
    for i in range(3000):
        passed.get()
threads = [threading.Thread(target=make, args=(i,)) for i in range(3)]
threads += [threading.Thread(target=take) for i in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
PROCESSES = """
import multiprocessing, subprocess
def work(number):
    blocks = [bytes(20000 + number) for i in range(100)]
    return len(blocks)
if __name__ == "__main__":
    pool = multiprocessing.get_context("fork").Pool(2)
    print(sum(pool.map(work, range(4))))
    pool.close()  # not by a signal
    pool.join()
    subprocess.run(["true"], check=True)
"""


def command(*arguments):
    result = subprocess.run([TOOL, "trace", *arguments], cwd=WORK, check=False,
                            env=environment(HPALLOC_BACKING="base", PYTHONMALLOC="malloc"),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    expect(result.returncode, 0, f"{arguments}: {result.stderr} status")
    return result.stdout


def rows_of(path):
    return list(csv.DictReader(command("csv", str(path)).splitlines()))


def check(rows, inherited=0):
    """Each free is of a block that lives; no address is given out twice. Counts of sizes."""
    live, sizes, strange = set(), collections.Counter(), 0
    for row in rows:
        gone = row["address"] if row["event"] == "free" else row["old_address"]
        if gone and row["address"] != "0x0":
            strange += gone not in live
            live.discard(gone)
        if row["event"] != "free" and row["address"] != "0x0":
            assert row["address"] not in live, row
            live.add(row["address"])
            sizes[int(row["bytes"])] += 1
    assert strange <= inherited, f"{strange} blocks were freed that were not allocated"
    return sizes


def record(name, *program):
    for path in WORK.glob(name + "*"):
        path.unlink()
    return command("record", name, "--", *program)


@test
def _():
    """perl: as many blocks as it needs"""
    perl = shutil.which("perl")
    if not perl:
        raise Skip("perl is not installed")
    expect(record("perl", perl, "-e", '$h{$_} = "x" x 500 for 1..20000; print scalar keys %h'),
           "20000")
    sizes = check(rows_of("perl"))
    assert sum(sizes.values()) >= 40000, sum(sizes.values())
    assert sum(count for size, count in sizes.items() if 500 <= size < 600) >= 20000, sizes


@test
def _():
    """python3: six threads that hand blocks over"""
    record("python", PYTHON, "-c", THREADS)
    rows = rows_of("python")
    sizes = check(rows)
    for number in range(3):  # and the header of a bytes object
        expect(sizes[10033 + number], 3000)
    makers = {row["thread"] for row in rows if row["bytes"] in ("10033", "10034", "10035")}
    expect(len(makers), 3)
    expect(sum(row["freed_thread"] in makers and row["thread"] not in makers and
               row["freed_bytes"] in ("10033", "10034", "10035") for row in rows), 9000)


@test
def _():
    """children of fork and programs that are started have files of their own, up to their end"""
    (WORK / "work.py").write_text(PROCESSES)
    expect(record("processes", PYTHON, "work.py"), "400\n")
    check(rows_of("processes"))
    paths = sorted(WORK.glob("processes.[0-9]*"))
    texts = [command("summary", str(path)) for path in paths]
    expect(sum("begun by fork" in text for text in texts), 2, [*map(str, paths), *texts])
    assert any("program     /usr/bin/true" in text for text in texts), texts
    made = collections.Counter()
    for path, text in zip(paths, texts):
        assert "recorded up to the exit" in text, text
        made += check(rows_of(path), inherited=10 ** 6 if "begun by fork" in text else 0)
    for number in range(4):
        expect(made[20033 + number], 100)


@test
def _():
    """a shell, which ends by _exit"""
    expect(record("shell", "/bin/sh", "-c", "x=1; echo $x"), "1\n")
    rows = rows_of("shell")
    assert sum(check(rows).values()) >= 5, rows
    assert "recorded up to the exit" in command("summary", "shell")


@test
def _():
    """a replay of python3 has the threads wait for each other"""
    if not (WORK / "python").exists():
        record("python", PYTHON, "-c", THREADS)
    lines = command("replay", "--rounds", "1", "python").splitlines()
    expect([line.split()[0] for line in lines], ["allocator", "glibc", "hpalloc"])
    assert "no memory" not in "".join(lines), lines


@test
def _():
    """a setuid program writes nothing: the loader does not even load the library"""
    if os.geteuid():
        raise Skip("needs root")
    path = WORK / "copy"
    shutil.copy("/bin/true", path)
    path.chmod(0o4755)
    try:
        subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path],
                       check=True, cwd="/",
                       env=environment(LD_PRELOAD=environment()["HPALLOC_PRELOAD_LIBRARY"],
                                       HPALLOC_TRACE=str(WORK / "setuid.%p")))
    finally:
        path.unlink()
    traced = [open(file, "rb").read() for file in WORK.glob("setuid.*")]
    assert not any(bytes(path) in data for data in traced)


sys.exit(main())
