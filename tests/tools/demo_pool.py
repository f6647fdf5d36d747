#!/usr/bin/python3
"""What `hpalloc demo` does to the pool, on machines made of files and with nothing measured.

Usage: demo_pool.py TOOL LIBRARY FAKE_TOOL"""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

import machine
from command import WORK, environment, heed_signals, script
from tap import expect, main, test

ANSWER = r"printf '\0\0\0\0\0\0\360?\0\0\20\0\0\0\0\0\0\0\10\0\0\0\0\0'"  # 1.0 ns, 1 MB, 512 KB
GROWN = 210  # 50 of the 100 pages can be had, and 160 are wanted

heed_signals()


def demo(machine_of_files, helper, **how):
    """The fake command with a program of its own beside it."""
    tools = WORK / "tools"
    tools.mkdir(exist_ok=True)
    shutil.copy(machine.FAKE, tools)
    script("tools/hpalloc-demo", f"#!/bin/sh\n{helper}\n")
    return subprocess.Popen([tools / pathlib.Path(machine.FAKE).name, "demo", "--rounds=1"],
                            cwd=WORK, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            env=environment(HP_TEST_ROOT=str(machine_of_files.root)),
                            **{"stdout": subprocess.PIPE, **how})


@test
def _():
    """it is as before in the end, and was enlarged meanwhile"""
    with machine.Machine() as one:
        seen = one.root / "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
        out, err = demo(one, f"cp '{seen}' seen; {ANSWER}").communicate(timeout=60)
        assert "hpalloc, pages of the pool " in out and not err, (out, err)
        expect((int((WORK / "seen").read_text(encoding="ascii")), one.pages()), (GROWN, 100))


@test
def _():
    """so it is where the programs fail"""
    with machine.Machine() as one:
        process = demo(one, "exit 3")
        _, err = process.communicate(timeout=60)
        expect((process.returncode, one.pages()), (125, 100))
        expect(err, "hpalloc: the C library: the run failed\n")


@test
def _():
    """so it is where nobody reads what is said"""
    with machine.Machine() as one:
        end, out = os.pipe()
        os.close(end)
        process = demo(one, ANSWER, stdout=out)
        os.close(out)
        process.communicate(timeout=60)
        expect((process.returncode, one.pages()), (125, 100))


@test
def _():
    """so it is where somebody ends it, or the terminal goes"""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        with machine.Machine() as one:
            process = demo(one, f"sleep 1; {ANSWER}")
            deadline = time.monotonic() + 30
            while one.pages() == 100 and time.monotonic() < deadline:
                time.sleep(0.01)
            expect(one.pages(), GROWN)
            process.send_signal(number)
            process.communicate(timeout=60)
            expect((process.returncode, one.pages()), (125, 100), number)


@test
def _():
    """a signal that it was started to ignore is ignored"""
    with machine.Machine() as one:
        process = demo(one, f"kill -HUP $PPID; {ANSWER}",
                       preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        out, _ = process.communicate(timeout=60)
        expect((process.returncode, one.pages()), (0, 100))
        assert "hpalloc, pages of the pool " in out, out


@test
def _():
    """what keeps it from measuring is said"""
    with machine.Machine() as one:
        process = demo(one, ANSWER,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)))
        _, err = process.communicate(timeout=60)
        expect((process.returncode, one.pages()), (125, 100))
        assert err.endswith("hpalloc: the C library: Too many open files\n"), err


sys.exit(main())
