#!/usr/bin/python3
"""Runs one program that misuses the heap, under the preload library at each level of hardening.

What is to come of it stands at the head of its source, "LEVEL: WHAT", for that level and those
above that name nothing else: the whole of the one line that the library says, without "hpalloc: "
and with ADDRESS for any address, before it aborts; or "nothing", where all is well; or "killed by
SIGNAL". A level before the first is not run: there it goes unnoticed. Level 3 is level 2 with every
block between guard pages: the line is followed by the stacks that WHAT names behind a "|".
"""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

HEAD = re.compile(r"/\* (\d): (.*?) \*/\n", re.DOTALL)
LEVELS = 3  # that take over what the one before expects
GUARDED = 3


def expectations(source):
    """What is to come of it at each level, None for those that are not run."""
    named = {}
    text = pathlib.Path(source).read_text()
    while match := HEAD.match(text):
        named[int(match[1])] = re.sub(r"\n \* ", " ", match[2])
        text = text[match.end():]
    if not named:
        sys.exit(f"{source}: names nothing that is to come of it")
    found = [named.get(0)]
    for level in range(1, LEVELS):
        found.append(named.get(level, found[-1]))
    return [*found, named.get(GUARDED)]


def run(library, program, level):
    environment = {"PATH": os.environ["PATH"], "LD_PRELOAD": library, "HPALLOC_BACKING": "thp",
                   "HPALLOC_HARDEN": str(min(level, 2)),
                   "HPALLOC_GUARD_RATE": "1" if level == GUARDED else "1000000000"}
    return subprocess.run([program], env=environment, stderr=subprocess.PIPE, timeout=60,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
                          check=False)


def has_stacks(said, program, titles):
    """Each title, followed by at least one address in the program itself."""
    found = re.findall(r"hpalloc: (\w+ by)\n((?:hpalloc:   .*\n)+)", said)
    return ([title for title, _ in found] == titles
            and all(f"  {program}+0x" in frames for _, frames in found))


def is_as_expected(result, program, what):
    said = result.stderr.decode()
    if "|" in what:
        what, *titles = (part.strip() for part in what.split("|"))
        first, end, said = said.partition("\n")
        if not has_stacks(said, program, titles):
            return False
        said = first + end
    if what == "nothing":
        return result.returncode == 0 and not said
    if what.startswith("killed by "):
        return result.returncode == -getattr(signal, what.split()[-1])
    line = re.escape(f"hpalloc: {what}\n").replace("ADDRESS", "0x[0-9a-f]+")
    return result.returncode == -signal.SIGABRT and re.fullmatch(line, said)


def main():
    library, program, source = sys.argv[1:]
    status = 0
    runs = [(level, what) for level, what in enumerate(expectations(source)) if what]
    print(f"1..{len(runs)}")
    for level, what in runs:
        result = run(os.path.realpath(library), program, level)
        good = is_as_expected(result, os.path.realpath(program), what)
        print(f"{'ok' if good else 'not ok'} - level {level}: {what}")
        if not good:
            status = 1
            print(f"# ended with {result.returncode}, and said:")
            print(*(f"# {line}" for line in result.stderr.decode().splitlines()), sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
