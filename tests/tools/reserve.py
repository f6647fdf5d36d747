#!/usr/bin/python3
"""`hpalloc run --reserve` on machines made of files. Usage: reserve.py TOOL LIBRARY FAKE_TOOL"""

import errno
import sys

from command import LIBRARY, SUMMARY
from machine import Machine
from tap import expect, main, test

FILE = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


def reserve(machine, size, *program, **variables):
    """What is said before the summary; the program runs in any case."""
    result = machine.call("run", "--reserve", size, *(program or ["sh", "-c", "exit 5"]),
                          HPALLOC_PRELOAD_LIBRARY=LIBRARY, **variables)
    if not program:
        expect(result.returncode, 5)
        assert SUMMARY.search(result.stderr), result.stderr
    return result.stderr.splitlines()[:-1]


@test
def _():
    """the pool grows by what is missing, and it is said how to take that back"""
    with Machine() as machine:  # 60 free, 10 of them promised
        expect(reserve(machine, "200M"), [
            "hpalloc: the pool of 2M pages has 150 (300 MB), 100 before",
            "hpalloc: 'hpalloc pool --set 200M' gives that back"])
        expect((machine.pages(), machine.get("proc/sys/vm/compact_memory")), (150, "1"))
        expect(reserve(machine, "200M"), [])
        expect(machine.pages(), 150)


@test
def _():
    """what is free already is left as it is"""
    with Machine() as machine:
        for size in ("0", "1", "100M"):
            expect(reserve(machine, size), [])
        expect(machine.pages(), 100)


@test
def _():
    """surplus pages are none that stay"""
    with Machine() as machine:
        machine.pool(100, 0, surplus=30)
        reserve(machine, "20M")
        expect(machine.pages(), 80)


@test
def _():
    """who may not is told how root does it"""
    with Machine() as machine:
        expect(reserve(machine, "200M", HP_TEST_ERRNO=str(int(errno.EACCES))),
               [f"hpalloc: only root changes the pool: echo 150 > {FILE}"])
        expect(machine.pages(), 100)


@test
def _():
    """it says how far it got"""
    with Machine() as machine:
        machine.put("most", "110")
        lines = reserve(machine, "200M")
        assert lines[0].startswith("hpalloc: the pool of 2M pages has 110 (220 MB), 100 before: "
                                   "not 150, for the rest"), lines


@test
def _():
    """nothing is changed for a program that cannot be run, or for a size that is none"""
    with Machine() as machine:
        reserve(machine, "200M", "/no/such/program")
        for size in ("much", "-1", "1Q", ""):
            result = machine.call("run", f"--reserve={size}", "true")
            expect((result.returncode, result.stderr.count("\n")), (125, 1), size)
        expect(machine.pages(), 100)


sys.exit(main())
