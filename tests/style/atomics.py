#!/usr/bin/python3
"""No call of malloc or free that hits writes to memory that threads share: in the machine code.

Usage: atomics.py LIBRARY

An atomic read-modify-write is what a shared counter, lock or list would need. The hit paths, and
all that a foreign free does for each block, must be without one, so that they scale to any number
of CPUs.
"""

import os
import re
import subprocess
import sys

FUNCTIONS = ("hp_malloc", "hp_calloc", "hp_free", "malloc_miss", "hp_block_give_other",
             "hp_outbox_add")
ATOMIC = {
    "x86_64": r"\t(lock\b|xchg\s.*\()",
    "aarch64": r"\t(ld\w*xr|st\w*xr|cas|swp|ldadd|ldset|ldclr|ldeor)",
}
SKIPPED = 77


def disassemble(library, name):
    return subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}", library],
        check=True, stdout=subprocess.PIPE, text=True).stdout


def code_of(library, function):
    """By its own name or the standard one: objdump knows an address by one of its names."""
    codes = (disassemble(library, name) for name in (function, function.removeprefix("hp_")))
    return next((code for code in codes if ">:" in code), "")


def main():
    library = sys.argv[1]
    atomic = ATOMIC.get(os.uname().machine)
    if not atomic:
        print(f"SKIP: the atomic instructions of {os.uname().machine} are not known here")
        return SKIPPED
    status = 0
    for function in FUNCTIONS:
        code = code_of(library, function)
        if not code:
            print(f"{library}: no function {function}: renamed, or part of another?")
            status = 1
        for line in code.splitlines():
            if re.search(atomic, line):
                print(f"{function}: {line.strip()}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
