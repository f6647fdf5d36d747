#!/usr/bin/python3
"""Usage: check.py MODEL.pml: spin explores all states of the model.

As it is, it must have no violated assertion, no deadlock and no livelock. Each variant BROKEN_...
that it names breaks one thing, as a mistake in the code would, and must be found wrong: otherwise
the model does not hold what it says.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
DEPTH = 1_000_000
MEMORY_MB = 3000
SAFETY = (["-DSAFETY"], [])
LIVELOCK = (["-DNP"], ["-l"])  # a cycle without progress, and no model here has a progress label
COUNTS = re.compile(r"errors: (\d+)\s+(\d+) states")
UNFINISHED = re.compile("Search not completed|max search depth too small")


def explore(model, variant, mode):
    """Returns (number of errors, states, what pan says)."""
    compiled, run = mode
    with tempfile.TemporaryDirectory() as folder:
        commands = [["spin", "-a", *variant, model],
                    ["gcc", "-O2", "-w", *compiled, f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"],
                    ["./pan", f"-m{DEPTH}", *run]]
        for command in commands:
            result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, check=False)
    counts = COUNTS.search(result.stdout)
    # A violation ends the search; nothing else may: the bounds on memory and depth do.
    is_whole = counts and (counts[1] != "0" or not UNFINISHED.search(result.stdout))
    if not is_whole:
        sys.exit(f"{model.name} {' '.join(variant)}: not explored:\n{result.stdout}")
    return int(counts[1]), int(counts[2]), result.stdout


def reason(output):
    """The violation, without the numbers of this run."""
    found = re.search(r"^pan:\d+: (.*?)(?: \(at depth \d+\))?$", output, re.MULTILINE)
    return found[1] if found else output


def main():
    if not shutil.which("spin"):
        print("SKIP: spin is not installed")
        return SKIPPED
    model = pathlib.Path(sys.argv[1]).resolve()
    failed = False
    for mode, name in (SAFETY, "assertions, deadlock"), (LIVELOCK, "livelock"):
        errors, states, output = explore(model, [], mode)
        print(f"{model.name}: {name}: {states} states, {errors} errors", flush=True)
        if errors:
            print(output)
            failed = True
    variants = sorted(set(re.findall(r"\bBROKEN_[A-Z_]+", model.read_text())))
    for variant in variants:
        errors, states, output = explore(model, ["-D" + variant], SAFETY)
        found = reason(output) if errors else "NOT FOUND"
        print(f"{model.name}: {variant}: {states} states: {found}", flush=True)
        failed = failed or not errors
    return 1 if failed or not variants else 0


if __name__ == "__main__":
    sys.exit(main())
