#!/usr/bin/python3
"""HPALLOC_STATS: what is written at exit, by whom, and where. Usage: stats_exit.py TOOL LIBRARY"""

import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile

from command import LIBRARY, WORK, environment
from tap import expect, main, test

MB = 1 << 20
HOLD = "blocks = [bytearray(1 << 20) for i in range(50)]; small = [bytes(1000)] * 3"
PARTS = ("in_use_bytes inbox_bytes outbox_bytes quarantine_bytes free_bytes fresh_bytes "
         "waste_bytes gap_bytes idle_bytes").split()


def run(program, setting, **how):
    """Runs Python on the heap; its result."""
    env = environment(LD_PRELOAD=LIBRARY, HPALLOC_BACKING="thp", HPALLOC_STATS=setting)
    return subprocess.run([sys.executable, "-c", program], env=env, cwd=how.pop("cwd", WORK),
                          capture_output=True, text=True, timeout=60, check=False, **how)


def fresh(name):
    path = WORK / name
    path.unlink(missing_ok=True)
    return path


def check_json(text):
    """It is whole, and its parts add up."""
    figures = json.loads(text)
    expect(figures["heap_bytes"], sum(figures[part] for part in PARTS))
    expect(figures["heap_bytes"],
           figures["hugetlb_bytes"] + figures["thp_bytes"] + figures["base_bytes"])
    expect(figures["slab_bytes"], sum(entry["slab_bytes"] for entry in figures["classes"][:-1]))
    expect(figures["in_use_blocks"], sum(entry["blocks"] for entry in figures["classes"]))
    expect(figures["slabs"], sum(arena["slabs"] for arena in figures["arena_list"]))
    expect(len(figures["thp_fullness"]), 12)
    resident = figures["resident"]
    there = resident["hugetlb_bytes"] + resident["thp_bytes"] + resident["base_bytes"]
    assert there <= figures["heap_bytes"], resident
    expect(there > 0, figures["heap_bytes"] > 0)
    return figures


@test
def _():
    """1 is text on standard error"""
    result = run("import os; print(os.getpid())", "1")
    lines = result.stderr.splitlines()
    assert lines[0].endswith(f": heap of process {result.stdout.strip()}"), lines[0]
    text = result.stderr
    for part in ("held from the system", "in use", "hugepages by fullness", "arenas: 1"):
        assert part in text, (part, text)
    assert all(len(line) < 120 and line == line.rstrip() for line in lines), text


@test
def _():
    """json is one object on standard error, whose parts add up"""
    figures = check_json(run(HOLD, "json").stderr)
    assert figures["peak_bytes"] >= 50 * MB, figures
    assert figures["large_taken"] >= 50 and figures["large_given"] <= figures["large_taken"]
    assert figures["refills"] > 100 and figures["refilled_blocks"] > figures["refills"]
    expect(figures["fallbacks"]["warmup"], 1)


@test
def _():
    """a file is made with mode 0600, whatever the umask; one named .json is JSON"""
    path = fresh("out.json")
    expect(run("import os; os.umask(0)", str(path)).stderr, "")
    check_json(path.read_text())
    expect(stat.S_IMODE(path.stat().st_mode), 0o600)
    path = fresh("out.text")
    run("pass", str(path))
    assert path.read_text().startswith("hpalloc "), path.read_text()


@test
def _():
    """a file that is there is written anew, a longer one is cut"""
    path = fresh("old.json")
    path.write_text("x" * 100000)
    path.chmod(0o600)
    run("pass", str(path))
    check_json(path.read_text())


@test
def _():
    """a relative name is of the directory at the start; %p is the process id"""
    fresh("rel.json")
    program = "import os; print(os.getpid()); os.chdir('/')"
    pid = run(program, "rel-%p.json").stdout.strip()
    check_json((WORK / f"rel-{pid}.json").read_text())


@test
def _():
    """no link is followed, and nobody else's file written to; one line says so"""
    victim = fresh("victim")
    victim.write_text("precious")
    link = fresh("link.json")
    link.symlink_to(victim)
    directory = fresh("way")
    directory.symlink_to(WORK)
    hard, twin = fresh("hard.json"), fresh("twin")
    twin.write_text("precious")
    os.link(twin, hard)
    shared = fresh("shared.json")
    shared.write_text("precious")
    shared.chmod(0o666)
    pipe = fresh("pipe")
    os.mkfifo(pipe)
    for path in (link, directory / "victim", hard, shared, pipe, "/proc/none/x", WORK):
        text = run("pass", str(path)).stderr
        assert re.fullmatch(r"hpalloc: HPALLOC_STATS: [^\n]+ cannot be written: error \d+\n",
                            text), (path, text)
    for path in (victim, twin, shared):
        expect(path.read_text(), "precious", path)
    directory.unlink()


@test
def _():
    """the child of a fork writes nothing, a program that it becomes does"""
    result = run("import os; child = os.fork(); child and os.waitpid(child, 0)", "1")
    expect(result.stderr.count(": heap of process "), 1)
    with tempfile.TemporaryDirectory(dir=WORK) as place:
        place = os.path.realpath(place)
        program = """
import os, sys, subprocess
print(os.getpid())
sys.stdout.flush()
child = os.fork()
if child == 0:
    print("forked", flush=True)
    sys.exit(0)
os.waitpid(child, 0)
subprocess.run(["true"])
os.execvp("true", ["true"])
"""
        result = run(program, place + "/%p.json")
        expect(result.returncode, 0)
        files = sorted(os.listdir(place))
        pid = result.stdout.split()[0]
        # Both are `true`: the second has our number.
        expect(len(files), 2, files)
        assert f"{pid}.json" in files, files
        for name in files:
            check_json((pathlib.Path(place) / name).read_text())


@test
def _():
    """who does not end by exit writes nothing"""
    for end in ("os.abort()", "os._exit(0)", "os.kill(os.getpid(), 9)"):
        path = fresh("none.json")
        run("import os; " + end, str(path))
        assert not path.exists(), end


@test
def _():
    """threads go on while it is written"""
    program = """
import threading, hashlib, os
def work():
    while True:
        blocks = [bytes(i * 37 % 9000) for i in range(500)]
for i in range(4):
    threading.Thread(target=work, daemon=True).start()
import time
time.sleep(0.2)
"""
    for _ in range(3):
        figures = json.loads(run(program, "json").stderr)
        assert figures["in_use_bytes"] <= figures["reserved_bytes"], figures


@test
def _():
    """0 writes nothing"""
    expect(run("pass", "0").stderr, "")


@test
def _():
    """a closed standard error does no harm"""
    result = run("import os; os.close(2)", "1")
    expect((result.returncode, result.stderr), (0, ""))


sys.exit(main())
