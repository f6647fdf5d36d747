#!/usr/bin/python3
"""Runs one program that misuses the heap, under the preload library at each level of hardening.

What is to come of it stands at the head of its source, "LEVEL: WHAT", for that level and those
above that name nothing else: the whole of the one line that the library says, without "hpalloc: "
and with ADDRESS for any address, before it aborts; or "nothing", where all is well; or "killed by
SIGNAL". A level before the first is not run: there it goes unnoticed.
"""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

HEAD = re.compile(r"/\* (\d): (.*) \*/")
LEVELS = 3


def expectations(source):
    """What is to come of it at each level, None for those that are not run."""
    named = {}
    for line in pathlib.Path(source).read_text().splitlines():
        if not (match := HEAD.fullmatch(line)):
            break
        named[int(match[1])] = match[2]
    if not named:
        sys.exit(f"{source}: names nothing that is to come of it")
    found = [named.get(0)]
    for level in range(1, LEVELS):
        found.append(named.get(level, found[-1]))
    return found


def run(library, program, level):
    environment = {"PATH": os.environ["PATH"], "LD_PRELOAD": library, "HPALLOC_BACKING": "thp",
                   "HPALLOC_HARDEN": str(level)}
    return subprocess.run([program], env=environment, stderr=subprocess.PIPE, timeout=60,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
                          check=False)


def is_as_expected(result, what):
    said = result.stderr.decode()
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
        good = is_as_expected(result, what)
        print(f"{'ok' if good else 'not ok'} - level {level}: {what}")
        if not good:
            status = 1
            print(f"# ended with {result.returncode}, and said:")
            print(*(f"# {line}" for line in result.stderr.decode().splitlines()), sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
