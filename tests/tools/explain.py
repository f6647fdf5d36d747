#!/usr/bin/python3
"""`hpalloc explain` of real processes and programs. Usage: explain.py TOOL LIBRARY FAKE_TOOL"""

import os
import re
import subprocess
import sys

from command import LIBRARY, TOOL, WORK, environment, script
from machine import Machine
from tap import expect, main, test

FILL = "blocks = [bytes(1000) for i in range(30000)]"
TABLE = re.compile(r"a heap of [\d.]+ [KM]B, at its peak [\d.]+ [KM]B\n\n"
                   r"  THE HEAP STANDS ON +NOW +AT ITS PEAK\n"
                   r"(?:  [a-z (),]+(?: +\d+ MB +\d+ %){2}\n){4}")


def explain(*arguments, **how):
    return subprocess.run([TOOL, "explain", *arguments], check=False, capture_output=True,
                          text=True, timeout=60, cwd=WORK, **{"env": environment(), **how})


def running(*arguments, env=None):
    """A process under `hpalloc run` that has filled its heap, and its number."""
    code = (f"import os, select, sys; {FILL}; print(os.getpid(), flush=True)\n"
            "while not select.select([sys.stdin], [], [], 0.001)[0]:\n"
            "    more = [bytes(1000) for i in range(3000)]")
    process = subprocess.Popen([TOOL, "run", *arguments, sys.executable, "-c", code],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL, env=env or environment())
    return process, process.stdout.readline().strip()


@test
def _():
    """a process that runs: its heap, what the kernel says of it, why, whether it gains"""
    process, pid = running("--backing=base")
    result = explain(pid)
    process.communicate("\n", timeout=60)
    expect((result.returncode, result.stderr), (0, ""))
    assert re.match(rf"python3[\d.]* \({pid}\): ", result.stdout), result.stdout
    assert TABLE.search(result.stdout), result.stdout
    kernel = re.search(r"0 MB on hugetlb,\n(\d+) MB on transparent huge pages, (\d+) MB on base",
                       result.stdout)
    assert kernel and int(kernel.group(2)) >= 30, result.stdout
    # The setting is the process's, not ours.
    assert "\nHPALLOC_BACKING=base asks for that.\n" in result.stdout, result.stdout
    assert "\nWould it gain? The TLB" in result.stdout, result.stdout
    full = re.findall(r"^  (?:empty|full|to +\d+ %) +(\d+) ?(#*)$", result.stdout, re.M)
    expect(len(full), 12, result.stdout)
    assert 15 <= sum(int(count) for count, bar in full) <= 40, result.stdout
    expect(max(len(bar) for count, bar in full), 40)
    assert re.search(r"\d+ MB are held for \d+ MB of blocks", result.stdout), result.stdout


@test
def _():
    """a process with a page of its own, by HPALLOC_PUBLISH=1"""
    process = subprocess.Popen([sys.executable, "-c", f"{FILL}; print(flush=True); input()"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=environment(HPALLOC_PUBLISH="1", LD_PRELOAD=LIBRARY,
                                               XDG_RUNTIME_DIR=str(WORK)))
    process.stdout.readline()
    result = explain(str(process.pid))
    process.communicate(b"\n", timeout=60)
    expect(result.returncode, 0, result.stdout)
    assert TABLE.search(result.stdout), result.stdout
    # It waits for input, and so does not come by.
    assert "was asked; the process did not come by to answer" in result.stdout, result.stdout


@test
def _():
    """a program: its own output and exit status, and the explanation on standard error"""
    result = explain("--", sys.executable, "-c", f"{FILL}; print('mine'); raise SystemExit(7)",
                     env=environment(HPALLOC_BACKING=None))
    expect((result.returncode, result.stdout), (7, "mine\n"))
    assert TABLE.match(result.stderr), result.stderr
    assert "the first part of a heap is on base pages" in result.stderr, result.stderr


@test
def _():
    """settings go to the program, as by `run`"""
    result = explain("--backing=thp", "sh", "-c", "echo $HPALLOC_BACKING")
    expect(result.stdout, "thp\n")
    assert "HPALLOC_BACKING=thp asks for that" in result.stderr, result.stderr


@test
def _():
    """a number behind -- or before others is a program"""
    name = script("123", "#!/bin/sh\nexit 9\n")
    path = environment(PATH=f"{WORK}:{os.environ['PATH']}")
    expect(explain("--", name.removeprefix("./"), env=path).returncode, 9)
    expect(explain("123", "x", env=path).returncode, 9)


@test
def _():
    """a process that publishes nothing, a child that inherits the page of another, and none"""
    code = "sleep 60 & echo $!; read line; kill $!"
    process = subprocess.Popen([TOOL, "run", "sh", "-c", code], env=environment(), text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    child = process.stdout.readline().strip()
    result = explain(child)
    process.communicate("\n", timeout=60)
    assert f" ({child}): it publishes no counters." in result.stdout, result.stdout
    result = explain(str(os.getpid()))
    expect((result.returncode, result.stderr), (1, ""))
    assert "it publishes no counters. 'hpalloc run' starts a program that does." in result.stdout
    result = explain("999999999")
    expect((result.returncode, result.stderr, result.stdout),
           (2, "hpalloc: process 999999999: No such process\n", ""))
    expect(explain("/no/such").returncode, 127)
    expect(explain().returncode, 125)


@test
def _():
    """a process that names something else as its page has none"""
    (WORK / "fifo").unlink(missing_ok=True)
    os.mkfifo(WORK / "fifo")
    (WORK / "text").write_text("no page\n" * 100)
    (WORK / "link").symlink_to(WORK / "text")
    for name in ("fifo", "text", "link", "missing", ".", "../../dev/zero"):
        with Machine() as machine:
            machine.process(5, "odd", 0)
            (machine.root / "proc/5/root").symlink_to("/")
            machine.put("proc/5/environ", f"HPALLOC_PUBLISH={WORK}/{name}\0".encode())
            result = machine.call("explain", "5")
        expect(result.returncode, 1, name)
        assert result.stdout.startswith("odd (5): it publishes no counters."), result.stdout


@test
def _():
    """a page is looked for below the root of the process, and not behind a link"""
    process, pid = running()
    with open(f"/proc/{pid}/environ", "rb") as file:
        environ = file.read()
    page = re.search(rb"HPALLOC_PUBLISH=([^\0]+)", environ).group(1).decode()
    with Machine() as machine:
        machine.process(int(pid), "same", 0)
        machine.put(f"proc/{pid}/environ", environ)
        root = machine.root / f"proc/{pid}/root"
        root.symlink_to("/")
        expect(machine.call("explain", pid).returncode, 0)
        root.unlink()
        (machine.root / "inside").mkdir()
        root.symlink_to(machine.root / "inside")
        expect(machine.call("explain", pid).returncode, 1)
        inside = machine.root / f"inside{page}"
        inside.parent.mkdir(parents=True)
        with open(page, "rb") as file:
            inside.write_bytes(file.read())
        expect(machine.call("explain", pid).returncode, 0)
        inside.rename(f"{inside}.real")
        inside.symlink_to(f"{inside.name}.real")
        expect(machine.call("explain", pid).returncode, 1)
    process.communicate("\n", timeout=60)


@test
def _():
    """a process that overwrites its environment is known by the page that it has mapped"""
    process, pid = running()
    with Machine() as machine:
        machine.process(int(pid), "renamed", 0)
        machine.put(f"proc/{pid}/environ", b"redis-server *:6379\0\0\0\0")
        (machine.root / f"proc/{pid}/root").symlink_to("/")
        expect(machine.call("explain", pid).returncode, 1)
        with open(f"/proc/{pid}/maps", "rb") as file:
            machine.put(f"proc/{pid}/maps", file.read())
        result = machine.call("explain", pid)
    process.communicate("\n", timeout=60)
    expect(result.returncode, 0)
    assert result.stdout.startswith(f"renamed ({pid}): a heap of "), result.stdout


@test
def _():
    """the figures of a process are the kernel's"""
    with Machine() as machine:
        machine.process(5, "fixed", 8, 4)
        result = machine.call("explain", "5")
        assert ("12 MB on hugetlb,\n60 MB on transparent huge pages, 30 MB on base"
                in result.stdout), result.stdout
        machine.process(6, "closed", 8, is_readable=False)
        result = machine.call("explain", "6")
        assert "The kernel does not tell of this process" in result.stdout, result.stdout


sys.exit(main())
