#!/usr/bin/python3
"""Runs one program, under a library if one is named, with so many hugepages in the machine's pool.

Its exit status is the program's, or 77 (skipped, for Meson) if the pool cannot be had so.
"""

import argparse
import os
import pathlib
import subprocess
import sys

from pool import Pool, PoolError

SKIPPED = 77


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hugepages", type=int, required=True)
    parser.add_argument("--preload", type=pathlib.Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    with Pool() as pool:
        try:
            pool.set(options.hugepages)
        except PoolError as reason:
            print(f"SKIP: {reason}")
            return SKIPPED
        environment = dict(os.environ)
        if options.preload:
            environment["LD_PRELOAD"] = str(options.preload.resolve())
        status = subprocess.run(options.command, env=environment, check=False).returncode
        return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
