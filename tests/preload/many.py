#!/usr/bin/python3
"""Usage: many.py PRELOAD: 50 small programs at once on a pool of 10 pages all run, and run right.

Each sorts and sums in a heap of some megabytes; three quarters of them may take from the pool as
they like, the others leave half of it or take one page at most.
"""

import os
import pathlib
import subprocess
import sys

from pool import Pool, PoolError

PROGRAMS = 50
PAGES = 10
SKIPPED = 77
PROGRAM = """
import random, sys
numbers = random.Random(int(sys.argv[1])).sample(range(10 ** 6), 60000)
texts = sorted(str(number) * 3 for number in numbers)
print(sum(numbers) - sum(int(text[:len(text) // 3]) for text in texts), len(set(texts)))
"""
SETTINGS = [{}, {}, {"HPALLOC_WARMUP": "0"}, {"HPALLOC_POOL_LEAVE": "10M"},
            {"HPALLOC_POOL_MAX": "2M", "HPALLOC_WARMUP": "0"}]


def started(number, preload):
    environment = {**os.environ, "LD_PRELOAD": preload, "PYTHONMALLOC": "malloc",
                   **SETTINGS[number % len(SETTINGS)]}
    return subprocess.Popen(["/usr/bin/python3", "-c", PROGRAM, str(number)], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def main():
    preload = str(pathlib.Path(sys.argv[1]).resolve())
    with Pool() as pool:
        try:
            pool.set(PAGES)
        except PoolError as reason:
            print(f"SKIP: {reason}")
            return SKIPPED
        running = [started(number, preload) for number in range(PROGRAMS)]
        faults = 0
        for number, program in enumerate(running):
            output = program.communicate()[0]
            if program.returncode or output != b"0 60000\n":
                print(f"program {number}: status {program.returncode}, {output!r}")
                faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
