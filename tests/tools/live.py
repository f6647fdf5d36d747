#!/usr/bin/python3
"""`hpalloc stat` and `hpalloc top` beside running programs. Usage: live.py TOOL LIBRARY"""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

from command import LIBRARY, TOOL, WORK, environment
from tap import Skip, expect, main, test

RUNTIME = WORK / "runtime"
RUNTIME.mkdir(mode=0o700)
PAGES = RUNTIME / "hpalloc"
MB = 1 << 20

# Allocates, frees and keeps so many MB, in a line each; ends with its standard input.
PROGRAM = """
import sys, threading
blocks = {}
def churn():
    for i in range(300):
        [bytes(j * 7 % 3000) for j in range(3000)]
for line in sys.stdin:
    word, number = line.split()
    if word == "hold":
        blocks[len(blocks)] = [bytearray(1 << 20) for i in range(int(number))]
    elif word == "churn":
        churn()
    elif word == "thread":
        thread = threading.Thread(target=churn)
        thread.start()
        thread.join()
    print("done", flush=True)
"""


class Program:
    def __init__(self, process):
        self.process, self.pid = process, process.pid

    def do(self, word, number=0):
        self.process.stdin.write(f"{word} {number}\n")
        self.process.stdin.flush()
        expect(self.process.stdout.readline(), "done\n")


@contextlib.contextmanager
def running(code=PROGRAM, **variables):
    env = environment(LD_PRELOAD=LIBRARY, HPALLOC_BACKING="thp", HPALLOC_PUBLISH="1",
                      XDG_RUNTIME_DIR=str(RUNTIME), **variables)
    with subprocess.Popen([sys.executable, "-c", code], env=env, cwd=WORK, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Program(process)
        finally:
            if process.stdin and not process.stdin.closed:
                process.stdin.close()
            process.wait(timeout=60)


def call(*arguments, env=None):
    return subprocess.run([TOOL, *map(str, arguments)], check=False, capture_output=True, text=True,
                          timeout=60, env=env or environment(XDG_RUNTIME_DIR=str(RUNTIME)))


def figures(program):
    """As the program answers: it has something to do meanwhile."""
    call("stat", program.pid, "--json")
    program.do("churn")
    result = call("stat", program.pid, "--json")
    expect((result.returncode, result.stderr), (0, ""))
    return json.loads(result.stdout)


@test
def _():
    """a program that publishes has a file of mode 0600 until it ends"""
    with running() as program:
        program.do("hold", 1)
        page = PAGES / str(program.pid)
        expect(stat.S_IMODE(page.stat().st_mode), 0o600)
        expect(stat.S_IMODE(PAGES.stat().st_mode), 0o700)
    expect(os.listdir(PAGES), [])


@test
def _():
    """stat tells what the program holds, as it is"""
    with running() as program:
        program.do("hold", 10)
        before = figures(program)
        program.do("hold", 100)
        after = figures(program)
        expect(after["pid"], program.pid)
        expect(after["uid"], os.getuid())
        grown = after["in_use_bytes"] - before["in_use_bytes"]
        assert 100 * MB <= grown < 105 * MB, grown
        assert after["large_blocks"] - before["large_blocks"] >= 100, after
        assert after["heap_bytes"] >= after["in_use_bytes"], after
        assert after["peak_bytes"] >= after["heap_bytes"], after
        assert after["refills"] > before["refills"], after
        expect(after["heap_bytes"], sum(after[part] for part in (
            "in_use_bytes inbox_bytes outbox_bytes quarantine_bytes free_bytes fresh_bytes "
            "waste_bytes gap_bytes idle_bytes").split()))
        assert sum(after["thp_fullness"]) >= 50, after["thp_fullness"]
        text = call("stat", program.pid).stdout
        assert text.startswith(f"process {program.pid} (python"), text
        for part in ("heap held from the system", "what it is used for, ", "arenas 1, "):
            assert part in text, text


@test
def _():
    """stat -n shows rates, and ends with the program"""
    with running() as program:
        program.do("hold", 1)
        with subprocess.Popen([TOOL, "stat", str(program.pid), "-n", "0.2", "--json"], text=True,
                              env=environment(XDG_RUNTIME_DIR=str(RUNTIME)),
                              stdout=subprocess.PIPE) as tool:
            seen = [json.loads(tool.stdout.readline())]
            for _ in range(4):
                program.do("churn")
                program.do("hold", 20)
                seen.append(json.loads(tool.stdout.readline()))
            program.process.stdin.close()
            rest = tool.stdout.read()
            expect(tool.wait(timeout=60), 0)
            assert all(json.loads(line) for line in rest.splitlines())
    assert "rates" not in seen[0], seen[0]
    rates = [entry["rates"] for entry in seen[1:]]
    assert all(0.15 < rate["seconds"] < 20 for rate in rates), rates
    assert max(rate["refills"] for rate in rates) > 100, rates
    assert max(rate["allocated_blocks"] for rate in rates) > 1000, rates
    assert max(rate["large_taken"] for rate in rates) > 10, rates
    assert all(value >= 0 for rate in rates for value in rate.values()), rates


@test
def _():
    """stat -c ends by itself"""
    with running() as program:
        program.do("hold", 1)
        result = call("stat", program.pid, "-n", "0.1", "-c", "3")
        expect(result.stdout.count(f"process {program.pid} "), 3)
        expect(result.stdout.count("a second, over"), 2)


@test
def _():
    """a program that does nothing is shown with what is always known"""
    with running("import sys; sys.stdin.read()") as program:
        deadline = time.monotonic() + 30
        while not (PAGES / str(program.pid)).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        shown = json.loads(call("stat", program.pid, "--json").stdout)
        assert shown["heap_bytes"] > 0 and "in_use_bytes" not in shown, shown
        assert "not known yet" in call("stat", program.pid).stdout
        assert "hpalloc_in_use_bytes{" not in call("stat", program.pid, "--prometheus").stdout


@test
def _():
    """stat finds programs by name, and tells where there is none"""
    with running() as one, running() as other:
        one.do("hold", 1)
        other.do("hold", 1)
        name = json.loads(call("stat", one.pid, "--json").stdout)["name"]
        pids = [json.loads(line)["pid"]
                for line in call("stat", name, "--json").stdout.splitlines()]
        assert {one.pid, other.pid} <= set(pids), pids
        everyone = call("stat", "--json").stdout
        expect(everyone.count(f'"name":"{name}"') >= 2, True)
    result = call("stat", "no-such-program")
    expect((result.returncode, result.stdout), (1, ""))
    expect(result.stderr, "hpalloc: no process no-such-program publishes its counters: "
                          "start it with HPALLOC_PUBLISH=1\n")
    expect(call("stat", os.getpid()).returncode, 1)
    expect(call("stat", 2 ** 22 + 1).stderr, f"hpalloc: there is no process {2 ** 22 + 1}\n")


@test
def _():
    """--prometheus is what Prometheus reads"""
    with running() as program:
        program.do("hold", 30)
        figures(program)
        text = call("stat", program.pid, "--prometheus").stdout
    types, samples = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            types[line.split()[2]] = line.split()[3]
        elif not line.startswith("# HELP "):
            found = re.fullmatch(r'(\w+)\{(\w+="[^"\\]*"(?:,\w+="[^"\\]*")*)\} (\d+)', line)
            assert found, line
            assert found[1] in types, line
            samples[found[1], found[2]] = int(found[3])
    for name, kind in types.items():
        expect(name.endswith("_total"), kind == "counter", name)
    by_name = {name: value for (name, _), value in samples.items()}
    assert by_name["hpalloc_in_use_bytes"] >= 30 * MB, by_name
    assert by_name["hpalloc_large_taken_total"] >= 30, by_name
    reasons = [labels for name, labels in samples if name == "hpalloc_fallbacks_total"]
    expect(len(reasons), 8)
    expect(len([1 for name, _ in samples if name == "hpalloc_hugepages"]), 36)


@test
def _():
    """top has the program with most huge pages first"""
    with running() as small, running() as large:
        small.do("hold", 20)
        large.do("hold", 200)
        lines = call("top").stdout.splitlines()
        assert re.match(r"\d+ processes: ", lines[0]), lines
        pids = [int(line.split()[0]) for line in lines[2:]]
        assert pids.index(large.pid) < pids.index(small.pid), lines
        expect(call("top", "-n", "0.1", "-c", "2").stdout.count(f"{large.pid} "), 2)


@test
def _():
    """the child of a fork has a page of its own, once it allocates"""
    code = """
import os, sys
child = os.fork()
if child == 0:
    blocks = [bytearray(1 << 20) for i in range(200)]
    print(os.getpid(), flush=True)
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
os.waitpid(child, 0)
"""
    with running(code) as program:
        child = int(program.process.stdout.readline())
        expect(sorted(os.listdir(PAGES)), sorted([str(program.pid), str(child)]))
        heap = [json.loads(call("stat", pid, "--json").stdout)["heap_bytes"]
                for pid in (program.pid, child)]
        assert heap[1] > heap[0] + 190 * MB, heap
    # The child ended by _exit: who looks next removes what it left.
    expect(os.listdir(PAGES), [str(child)])
    call("top")
    expect(os.listdir(PAGES), [])


@test
def _():
    """what a killed program left is removed by who looks, and is nobody's"""
    with running() as program:
        program.do("hold", 1)
        program.process.send_signal(signal.SIGKILL)
        program.process.wait()
        expect(os.listdir(PAGES), [str(program.pid)])
        expect(call("stat", program.pid).returncode, 1)
        expect(os.listdir(PAGES), [])


@test
def _():
    """exec leaves the file to the new program; one without the library is not shown"""
    code = """
import os, sys
print(os.getpid(), flush=True)
sys.stdin.readline()
os.execvp("sh", ["sh", "-c", "echo here; read line"])
"""
    with running(code) as program:
        program.process.stdout.readline()
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        expect(program.process.stdout.readline(), "here\n")
        shown = json.loads(call("stat", program.pid, "--json").stdout)
        assert shown["peak_bytes"] < 2 * MB, shown
    code = code.replace("os.execvp", "os.environ.pop('LD_PRELOAD'); os.execvp")
    with running(code) as program:
        program.process.stdout.readline()
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        expect(program.process.stdout.readline(), "here\n")
        expect(call("stat", program.pid).returncode, 1)
    call("top")


@test
def _():
    """a page that lies is not believed"""
    PAGES.mkdir(mode=0o700, exist_ok=True)
    with running() as program:
        program.do("hold", 5)
        copy = bytearray((PAGES / str(program.pid)).read_bytes())
        # Of another process, which has not mapped it.
        copy[8:16] = os.getpid().to_bytes(8, "little")
        (PAGES / "lie").write_bytes(copy)
        expect(call("stat", os.getpid()).returncode, 1)
        (PAGES / "short").write_bytes(copy[:100])
        (PAGES / "noise").write_bytes(os.urandom(4096))
        os.mkfifo(PAGES / "pipe")
        (PAGES / "link").symlink_to("/etc/passwd")
        # All of the stats as large as can be: no figure may be a crash, nor a line too many.
        result = call("stat", program.pid, "--json")
        expect(json.loads(result.stdout)["pid"], program.pid)
        for name in ("lie", "short", "noise", "pipe", "link"):
            assert os.path.lexists(PAGES / name), name
            (PAGES / name).unlink()


@test
def _():
    """no place that others may write to is used"""
    RUNTIME.chmod(0o777)
    PAGES.rmdir()
    PAGES.mkdir()
    PAGES.chmod(0o777)
    try:
        with running() as program:
            program.do("hold", 1)
            expect(os.listdir(PAGES), [])
            # It is in /run/user or in /tmp instead.
            expect(json.loads(call("stat", program.pid, "--json").stdout)["pid"], program.pid)
    finally:
        PAGES.chmod(0o700)
        RUNTIME.chmod(0o700)


@test
def _():
    """what `hpalloc run` starts is shown, too"""
    program = "print('up', flush=True); import sys; b = bytearray(60 << 20); sys.stdin.read()"
    with subprocess.Popen([TOOL, "run", "--backing=thp", sys.executable, "-c", program],
                          env=environment(XDG_RUNTIME_DIR=str(RUNTIME)), stderr=subprocess.PIPE,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tool:
        tool.stdout.readline()
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(tool.pid)], text=True,
                                  capture_output=True, check=False).stdout.split()
        if not children:
            raise Skip("ps does not tell of children")
        shown = json.loads(call("stat", children[0], "--json").stdout)
        expect(shown["pid"], int(children[0]))
        tool.stdin.close()
        tool.wait(timeout=60)


@test
def _():
    """wrong usage is one line"""
    for arguments in (["stat", "-n", "0"], ["stat", "-n", "1x"], ["stat", "-c", "0"],
                      ["stat", "-c", "-1"], ["stat", "1", "2"], ["top", "x"], ["stat", "--nope"],
                      ["top", "-n", "1e99"], ["top", "-n", "nan"]):
        result = call(*arguments)
        expect((result.returncode, result.stdout), (125, ""), arguments)
        assert re.fullmatch(r"hpalloc: [^\n]+\n", result.stderr), result.stderr
    for verb in ("stat", "top"):
        assert "HPALLOC_PUBLISH=1" in " ".join(call(verb, "--help").stdout.split()), verb


sys.exit(main())
