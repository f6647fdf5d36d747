#!/usr/bin/python3
"""Instructions of a pair of malloc and free, counted by valgrind's callgrind.

Prints for each pattern of hitpath.c how many a pair takes inside the allocator's library, and in
the whole loop. With --pins FILE it prints TAP instead and fails where a count is above its pin by
more than the tolerance, or so far below it that the pin is out of date.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROUNDS = 200_000  # and twice as many: the difference is free of the start
PATTERNS = ("lifo", "batches", "random")
TOLERANCE = 2


def cost_by_object(path):
    """The instructions that each object of a callgrind profile executed itself."""
    names, costs = {}, collections.Counter()
    current, is_call = None, False
    for line in path.read_text().splitlines():
        if match := re.match(r"ob=\((\d+)\)(?: (.*))?$", line):
            names.setdefault(match[1], match[2])
            current = names[match[1]]
        elif line.startswith("calls="):
            is_call = True  # the next line is what the callee took
        elif re.match(r"[+\-*\d]", line):
            if not is_call:
                costs[current] += int(line.split()[1])
            is_call = False
        elif match := re.match(r"cob=\((\d+)\) (.*)$", line):
            names.setdefault(match[1], match[2])
    return costs


def run(program, library, pattern, rounds):
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "profile"
        environment = {**os.environ, "LD_PRELOAD": library} if library else dict(os.environ)
        subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
             "--soname-synonyms=somalloc=nouserintercepts", program, pattern, str(rounds)],
            env=environment, check=True)
        return cost_by_object(out)


def count(program, library, pattern):
    """Instructions a pair: inside the library (or libc), and in the whole process."""
    few = run(program, library, pattern, ROUNDS)
    many = run(program, library, pattern, 2 * ROUNDS)
    difference = {name: many[name] - few[name] for name in many}
    own = os.path.basename(os.path.realpath(library)) if library else "libc.so.6"
    inside = sum(cost for name, cost in difference.items()
                 if name and os.path.basename(name) == own)
    return inside / ROUNDS, sum(difference.values()) / ROUNDS


def verdict(inside, pin):
    if inside > pin + TOLERANCE:
        return f"not ok - {inside:.1f} instructions a pair, pinned at {pin}: slower"
    if inside < pin - TOLERANCE:
        return f"not ok - {inside:.1f} instructions a pair, pinned at {pin}: lower the pin"
    return f"ok - {inside:.1f} instructions a pair, pinned at {pin}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pins", type=pathlib.Path)
    parser.add_argument("program")
    parser.add_argument("library", nargs="?", help="preloaded; without one, glibc is counted")
    options = parser.parse_args()

    library = os.path.realpath(options.library) if options.library else None
    pins = json.loads(options.pins.read_text()) if options.pins else None
    verdicts = []
    for number, pattern in enumerate(PATTERNS, 1):
        inside, loop = count(options.program, library, pattern)
        if pins:
            line = verdict(inside, pins[pattern])
            verdicts.append(line.startswith("ok"))
            print(line.replace("ok -", f"ok {number} - {pattern}:", 1), flush=True)
        else:
            print(f"{pattern} {inside:.1f} in the library, {loop:.1f} in the loop", flush=True)
    if pins:
        print(f"1..{len(PATTERNS)}")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
