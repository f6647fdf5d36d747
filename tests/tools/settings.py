#!/usr/bin/python3
"""The table of options: as the verb `options`, and as options of `run`.

Usage: settings.py TOOL LIBRARY OPTIONS_DEF MANUAL_PAGE
"""

import re
import subprocess
import sys

from command import TOOL, environment, run
from tap import expect, main, test

with open(sys.argv[3], encoding="utf-8") as file:
    TABLE = re.findall(r"^HP_OPTION_(\w+)\((\w+)", file.read(), re.M)

BAD = {"SIZE": "12X", "UINT": "1K", "BOOL": "yes", "CHOICE": "other", "TEXT": "x" * 5000}


def options(*arguments, **variables):
    """The rows of `hpalloc options`: variable, value, from, default, type."""
    result = subprocess.run([TOOL, "options", *arguments], check=True, capture_output=True,
                            text=True, env=environment(**variables))
    rows = [line.split()[:5] for line in result.stdout.splitlines()]
    expect(rows[0], ["VARIABLE", "VALUE", "FROM", "DEFAULT", "TYPE"])
    return {row[0]: row[1:] for row in rows[1:]}


def help_of(verb):
    result = subprocess.run([TOOL, verb, "--help"], check=True, capture_output=True, text=True)
    return re.sub(r"\s+", " ", result.stdout)


@test
def _():
    """`options` has a line for each, with its default"""
    rows = options(HPALLOC_BACKING=None)
    expect(list(rows), [f"HPALLOC_{name.upper()}" for _kind, name in TABLE])
    expect(rows["HPALLOC_DECAY_MS"], ["1000", "default", "1000", "number"])
    expect(rows["HPALLOC_BACKING"], ["auto", "default", "auto", "word"])
    expect(rows["HPALLOC_LAZY_MIN"], ["32M", "default", "32M", "size"])


@test
def _():
    """it says what is set, and what the library will not take"""
    rows = options(HPALLOC_DECAY_MS="7", HPALLOC_LAZY_MIN="1g", HPALLOC_STRICT="1",
                   HPALLOC_FORK="sometimes", HPALLOC_WARMUP="3M", HPALLOC_HUGETLBFS="")
    expect(rows["HPALLOC_DECAY_MS"], ["7", "set", "1000", "number"])
    expect(rows["HPALLOC_LAZY_MIN"], ["1g", "set", "32M", "size"])
    expect(rows["HPALLOC_STRICT"], ["1", "set", "0", "0|1"])
    expect(rows["HPALLOC_FORK"], ["sometimes", "wrong", "auto", "word"])
    expect(rows["HPALLOC_WARMUP"], ["3M", "wrong", "1M", "size"])
    expect(rows["HPALLOC_HUGETLBFS"], ['""', "set", "none", "text"])


@test
def _():
    """it agrees with the library on what is wrong"""
    for kind, name in TABLE:
        variable, bad = f"HPALLOC_{name.upper()}", BAD[kind]
        expect(options(**{variable: bad})[variable][1], "wrong", variable)
        if name == "publish":
            continue  # `run` sets that one itself
        result = run("true", env=environment(**{variable: bad}))
        assert f"hpalloc: {variable}" in result.err, (variable, result.err)
    for variable, good in (("HPALLOC_BACKING", "thp"), ("HPALLOC_BACKING", "base"),
                           ("HPALLOC_BACKING", "hugetlb"), ("HPALLOC_FORK", "keep"),
                           ("HPALLOC_FORK", "snapshot"), ("HPALLOC_LIMIT", "1t"),
                           ("HPALLOC_DECAY_MS", "3600000"), ("HPALLOC_STRICT", "0")):
        expect(options(**{variable: good})[variable][1], "set", variable)
        result = run("true", env=environment(**{variable: good}))
        assert f"hpalloc: {variable}" not in result.err, (variable, result.err)


@test
def _():
    """of a process, it is that one's environment"""
    code = "echo ready; read line"
    process = subprocess.Popen(["sh", "-c", code], env=environment(HPALLOC_HARDEN="2"),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    rows = options(str(process.pid), HPALLOC_DECAY_MS="5")
    process.communicate(b"\n", timeout=60)
    expect((rows["HPALLOC_HARDEN"][:2], rows["HPALLOC_DECAY_MS"][:2]),
           (["2", "set"], ["1000", "default"]))
    for argument in ("999999999", "x", ""):
        result = subprocess.run([TOOL, "options", argument], check=False, capture_output=True)
        expect((result.returncode, result.stderr.count(b"\n"), result.stdout), (125, 1, b""))


@test
def _():
    """each is an option of `run` and `explain`, and the help says which variable it sets"""
    for verb in ("run", "explain"):
        text = help_of(verb)
        for _kind, name in TABLE:
            is_option = f"--{name.replace('_', '-')}" in text
            expect((is_option, f"HPALLOC_{name.upper()}: " in text), (name != "publish",) * 2,
                   f"{verb} {name}")
    assert "--backing=auto|hugetlb|thp|base" in help_of("run")


@test
def _():
    """`hpalloc --help` lists the verbs, each of which has a help"""
    result = subprocess.run([TOOL, "--help"], check=True, capture_output=True, text=True)
    verbs = re.findall(r"^  ([a-z]+) ", result.stdout.split("Verbs:\n")[1], re.M)
    assert {"run", "explain", "doctor", "pool", "options"} <= set(verbs), verbs
    for verb in verbs:
        assert help_of(verb).startswith(f"Usage: hpalloc {verb} "), verb


@test
def _():
    """the manual page has each verb, and each option of a verb that is no variable"""
    with open(sys.argv[4], encoding="utf-8") as page:
        text = page.read().replace("\\-", "-")
    listed = subprocess.run([TOOL, "--help"], check=True, capture_output=True, text=True).stdout
    variables = {f"--{name.replace('_', '-')}" for _kind, name in TABLE}
    for verb in re.findall(r"^  ([a-z]+) ", listed.split("Verbs:\n")[1], re.M):
        assert f".SS hpalloc {verb}\n" in text, verb
        own = set(re.findall(r"--[a-z-]+", help_of(verb))) - variables
        for option in own - {"--help", "--usage", "--version"}:
            assert option in text, (verb, option)


sys.exit(main())
