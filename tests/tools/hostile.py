#!/usr/bin/python3
"""The command under hostile arguments, settings and programs. Usage: hostile.py TOOL LIBRARY"""

import os
import signal
import subprocess
import sys

from command import TOOL, WORK, environment, run
from tap import expect, main, test

LINE_BYTES = 4096
EVERY_BYTE = bytes(range(1, 256))


def expect_one_line(errors, text=b""):
    """One line of ours that fits into a pipe, does nothing to a terminal, and has the text."""
    assert errors.startswith(b"hpalloc: ") and errors.endswith(b"\n"), errors
    assert len(errors) <= LINE_BYTES, len(errors)
    harmful = [byte for byte in errors[:-1] if byte < 0x20 or byte == 0x7f]
    expect(harmful, [], "control characters")
    assert text in errors, errors


def call(*arguments, **variables):
    return subprocess.run([TOOL, *arguments], check=False, capture_output=True, timeout=60,
                          env=environment(**variables), cwd=WORK)


@test
def _():
    """wrong usage is one line, whatever the arguments are"""
    for arguments in ([EVERY_BYTE], [b"--" + EVERY_BYTE], [b"-" + EVERY_BYTE],
                      [b"run", b"--" + EVERY_BYTE, b"true"], [b"run", b"-\n\x1b[2J", b"true"],
                      [b"run", b"--decay-ms", b"1", b"--\x9b\n", b"true"],
                      [b"options", EVERY_BYTE], [b"doctor", EVERY_BYTE], [b"pool", EVERY_BYTE],
                      [b"pool", b"--set", EVERY_BYTE],
                      [b"pool", b"--set=1G", b"--node", b"\x1b"],
                      [b"pool", b"--mount", b"/", b"--user", EVERY_BYTE], [b"explain"],
                      [b"run", b"--reserve", EVERY_BYTE, b"true"], [b"run", b"--decay-ms"],
                      [b"run"], [], [b"run", b"--" + b"x" * 100000], [b"x" * 100000]):
        result = call(*arguments)
        expect((result.returncode, result.stdout), (125, b""), arguments)
        expect_one_line(result.stderr)


@test
def _():
    """the second code set of control characters is not printed either"""
    expect_one_line(call("run", "a\u009b2Jb").stderr, b"a??2Jb")
    expect_one_line(call("run", "stra\u00dfe").stderr, "stra\u00dfe".encode())


@test
def _():
    """a program name of any bytes and length is one line, with its reason"""
    for verb in ("run", "explain"):
        result = call(verb, EVERY_BYTE)
        expect(result.returncode, 127)
        expect_one_line(result.stderr, b"No such file or directory")
    result = call("run", b"/" + b"x" * 100000)
    assert result.returncode in (126, 127), result.returncode
    expect_one_line(result.stderr, b"File name too long")


@test
def _():
    """options of any bytes go to the library, which says one line"""
    for name in ("backing", "decay-ms", "hugetlbfs"):
        result = call(b"run", f"--{name}=".encode() + EVERY_BYTE, b"sh", b"-c", b"exit 3",
                      HPALLOC_BACKING=None)
        expect(result.returncode, 3)
        lines = result.stderr.splitlines(keepends=True)
        expect(len(lines), 2, result.stderr)
        for line in lines:
            expect_one_line(line)


@test
def _():
    """`options` prints one line for each, whatever is set"""
    plain = subprocess.run([TOOL, "options"], check=True, capture_output=True, env=environment())
    values = {f"HPALLOC_{name}": value for name, value in
              (("BACKING", EVERY_BYTE), ("DECAY_MS", b"x" * 100000), ("PUBLISH", b"a\nb\x1b[2J"))}
    result = subprocess.run([TOOL, "options"], check=True, capture_output=True,
                            env={**environment(), **values})
    expect(result.stdout.count(b"\n"), plain.stdout.count(b"\n"))
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) < 300, result.stdout
    assert b" a?b?[2J " in result.stdout, result.stdout


@test
def _():
    """a program that cuts the page of counters does not take the tool with it"""
    code = ("import os; os.truncate(os.environ['HPALLOC_PUBLISH'], 0);"
            "os.kill(os.getpid(), 9)")
    result = run(sys.executable, "-S", "-c", code)
    assert result.status in (128 + signal.SIGKILL, 128 + signal.SIGBUS), result.status
    expect_one_line(result.err.encode(), b"the program ran without this heap")


@test
def _():
    """a program that writes nonsense on the page gets one line"""
    code = ("import os, sys\n"
            "with open(os.environ['HPALLOC_PUBLISH'], 'r+b', 0) as file:\n"
            "    size = os.fstat(file.fileno()).st_size\n"
            "    file.seek(24)\n"
            "    file.write(bytes([int(sys.argv[1])]) * (size - 24))\n"
            "os.kill(os.getpid(), 9)")
    for byte in ("255", "1", "128"):
        result = run(sys.executable, "-S", "-c", code, byte)
        expect(result.status, 128 + signal.SIGKILL)
        expect_one_line(result.err.encode(), b"peak heap")


@test
def _():
    """the page's directory may be reached by a link; the library gets the path without"""
    (WORK / "real").mkdir()
    (WORK / "link").symlink_to(WORK / "real")
    result = run("sh", "-c", 'echo "$HPALLOC_PUBLISH"',
                 env=environment(XDG_RUNTIME_DIR=str(WORK / "link")))
    assert result.out.decode().startswith(os.path.realpath(WORK / "real")), result.out
    assert result.has_summary, result.err
    expect(os.listdir(WORK / "real"), [])


@test
def _():
    """nothing is written where nothing was asked for"""
    watched = WORK / "watched"
    watched.mkdir()
    victim = watched / "victim"
    victim.write_bytes(b"\0" * 10000)
    os.symlink(victim, watched / "hpalloc-XXXXXX")
    expect(run("sh", "-c", "exit 0", env=environment(
        XDG_RUNTIME_DIR=str(watched), HPALLOC_PUBLISH=str(victim))).status, 0)
    expect(victim.read_bytes(), b"\0" * 10000)
    expect(sorted(os.listdir(watched)), ["hpalloc-XXXXXX", "victim"])


sys.exit(main())
