#!/usr/bin/python3
"""Tests peers.py with the mallocs that are always there: the C library's, and this one.

Usage: peers_selftest.py BUILD LIBRARY
"""

import pathlib
import re
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tools"))

import peers
from tap import Skip, expect, main, test

BUILD, LIBRARY = sys.argv[1:]
HERE = pathlib.Path(__file__).resolve().parent
GLIBC = peers.Peer("glibc", "", {})
OURS = peers.Peer("ours", "/lib/ours.so", {})
MAIN_IS_OVER = b"onlooker: main is over\n"
WENT_ON = MAIN_IS_OVER + b"onlooker: went on\n"


def run(*arguments):
    return subprocess.run([HERE / "peers.py", BUILD, *arguments], capture_output=True, text=True,
                          check=False)


def only(names):
    return [argument for name in names for argument in ("--only", name)]


def cells(*arguments):
    """{program: its cells} of the table printed."""
    result = run(*arguments)
    expect(result.returncode, 0, result.stderr)
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", result.stdout, re.MULTILINE)
    return {name: row.split(" | ") for name, row in rows}


def expect_word(word, status, said, peer=OURS, words=None):
    expect(peers.outcome_of(status, said, peer, words or {}).word, word)


@test
def how_a_process_ends():
    """the end of a process and the onlooker's lines make one word"""
    expect_word("at once", -6, b"broken\n")
    expect_word("later", -6, MAIN_IS_OVER)
    expect_word("at exit", -4, WENT_ON)
    expect_word("no", 7, WENT_ON)
    expect_word("reused", 1, WENT_ON, words={1: "reused"})
    expect_word("said", 0, b"double free\n" + WENT_ON)
    expect_word("fault", -11, b"onlooker: fault in the program\n")
    expect_word("fault", -11, b"onlooker: fault in /lib/libc.so.6\n")
    expect_word("crash", -7, b"onlooker: fault in /lib/ours.so\n")
    expect_word("crash", -11, b"onlooker: fault in /lib/libc.so.6\n", GLIBC)
    expect_word("crash later", -11, MAIN_IS_OVER + b"onlooker: fault in /lib/ours.so\n")
    expect_word("-", -11, b"onlooker: no such function\n")
    expect_word("killed by SIGTERM", -15, b"")


@test
def several_runs():
    """runs that differ are counted, the commonest first"""
    outcomes = [peers.Outcome(word, "") for word in ("no", "fault", "fault")]
    expect(peers.cell(outcomes), "fault 2 of 3, no 1 of 3")
    expect(peers.cell(outcomes[1:]), "fault")


@test
def words_of_a_source():
    """what a status means is read from the source"""
    source = peers.SOURCES / "read_after_free_meets_junk.c"
    expect(peers.words_of(source), {0: "junk", 1: "what was there", 2: "zero"})


@test
def the_c_library():
    """the C library's malloc notices what it is known to, and no more"""
    if "glibc" not in subprocess.run(["ldd", "--version"], capture_output=True, text=True,
                                     check=False).stdout.lower():
        raise Skip("the C library is not glibc")
    expected = {"a_freed_block_is_not_reused_at_once": ["reused"],
                "double_free_of_the_only_block": ["at once"],
                "free_inside_a_block_unaligned": ["at once"],
                "free_of_a_protected_page": ["crash"],
                "overflow_by_a_zero_byte": ["no"],
                "write_after_free_of_a_large_block": ["fault"]}
    expect(cells("--with", "glibc=", *only(expected)), expected)


@test
def this_library():
    """columns of this library, plain and hardened, are those without --with"""
    expected = {"free_inside_a_block_unaligned": ["at exit", "at once"],
                "overflow_of_a_block_that_is_never_freed": ["no", "at exit"],
                "sized_free_off_by_one": ["no", "at once"],
                "write_after_free": ["no", "later"],
                "write_after_free_of_a_large_block": ["no", "fault"]}
    expect(cells(*only(expected)), expected)


@test
def environment_of_a_column():
    """--with NAME=PATH,VARIABLE=VALUE: the variable is set, what was said is shown"""
    result = run("--with", f"hard={LIBRARY},HPALLOC_HARDEN=1,HPALLOC_BACKING=thp", "--said",
                 "--runs", "2", "--only", "sized*off_by_one")
    assert "| `sized_free_off_by_one` | at once |" in result.stdout, result.stdout
    assert re.search(r"    hard: hpalloc: free of 0x\w+ with a size of 999", result.stdout), \
        result.stdout


@test
def wrong_usage():
    """wrong usage is said, and no table begun"""
    for wrong in (["--with", "name"], ["--with", "name=/nowhere"], ["--only", "nothing_so"]):
        result = run(*wrong)
        assert result.returncode and result.stderr and "`" not in result.stdout, result


if __name__ == "__main__":
    sys.exit(main())
