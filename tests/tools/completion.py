#!/usr/bin/python3
"""What bash completes. Usage: completion.py TOOL LIBRARY COMPLETION_FILE"""

import os
import subprocess
import sys

from command import TOOL, WORK, script
from tap import Skip, expect, main, test

FILE = os.path.abspath(sys.argv[3])
HARNESS = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
compopt() { :; }
_hpalloc "$1"
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""

(WORK / "bin").mkdir()
for name in ("hpalloc", "hprun"):
    (WORK / "bin" / name).symlink_to(TOOL)
script("bin/zz-program", "#!/bin/sh\n")
(WORK / "a-directory").mkdir()
(WORK / "a-file").touch()


def complete(*words):
    """What the last word may become; bash has parted the words at "="."""
    try:
        result = subprocess.run(["bash", "--norc", "-c", HARNESS, "bash", FILE, *words],
                                check=True, capture_output=True, text=True, cwd=WORK,
                                env={**os.environ, "PATH": f"{WORK}/bin:{os.environ['PATH']}"})
    except FileNotFoundError as error:
        raise Skip("bash is not installed") from error
    expect(result.stderr, "")
    return result.stdout.split()


@test
def _():
    """verbs, and options of the command itself"""
    assert {"run", "explain", "doctor", "pool", "options"} <= set(complete("hpalloc", ""))
    expect(complete("hpalloc", "do"), ["doctor"])
    expect(complete("hpalloc", "--v"), ["--version"])


@test
def _():
    """options of each verb; those that need a value end in ="""
    expect(complete("hpalloc", "run", "--ba"), ["--backing="])
    expect(complete("hpalloc", "run", "--stri"), ["--strict"])
    expect(complete("hprun", "--reser"), ["--reserve="])
    expect(complete("hpalloc", "explain", "--hard"), ["--harden="])
    expect(sorted(complete("hpalloc", "pool", "--")),
           ["--help", "--json", "--mount=", "--node=", "--page-size=", "--persist", "--set=",
            "--size=", "--usage", "--user=", "--version"])
    expect(complete("hpalloc", "doctor", "--j"), ["--json"])
    expect(complete("hpalloc", "no-such-verb", "--"), [])


@test
def _():
    """values: words, files, directories, users; joined or as the next word"""
    words = ["auto", "hugetlb", "thp", "base"]
    expect(complete("hpalloc", "run", "--backing", "="), words)
    expect(complete("hpalloc", "run", "--backing", ""), words)
    expect(complete("hpalloc", "run", "--backing", "=", "h"), ["hugetlb"])
    expect(complete("hprun", "--fork", "s"), ["snapshot"])
    expect(complete("hpalloc", "run", "--strict", "="), ["0", "1"])
    expect(complete("hpalloc", "run", "--stats", "=", "j"), ["json"])
    expect(complete("hpalloc", "run", "--stats", "=", "a-"), ["a-directory", "a-file"])
    expect(complete("hpalloc", "pool", "--page-size", ""), ["2M", "1G"])
    expect(complete("hpalloc", "pool", "--mount", "a-"), ["a-directory"])
    expect(complete("hpalloc", "pool", "--user", "roo"), ["root"])
    expect(complete("hpalloc", "run", "--decay-ms", ""), [])


@test
def _():
    """the program and its arguments, wherever the options end"""
    for before in ([], ["--strict"], ["--backing", "thp"], ["--backing", "=", "thp"], ["--"],
                   ["--strict", "=", "1", "--"]):
        expect(complete("hpalloc", "run", *before, "zz-p"), ["zz-program"], before)
        expect(complete("hprun", *before, "zz-p"), ["zz-program"], before)
    expect(complete("hpalloc", "explain", "zz-p"), ["zz-program"])
    expect(complete("hpalloc", "run", "zz-program", "a-f"), ["a-file"])
    expect(complete("hpalloc", "run", "zz-program", "--ba"), [])
    expect(complete("hpalloc", "doctor", "zz-p"), [])


sys.exit(main())
