#!/usr/bin/python3
"""`hpalloc run` names what it cannot run. Usage: refuse.py TOOL LIBRARY STATIC_PROGRAM"""

import os
import re
import shutil
import subprocess
import sys

from command import LIBRARY, TOOL, WORK, environment, run, script
from tap import Skip, expect, main, test

STATIC = os.path.abspath(sys.argv[3])
TRUE = shutil.which("true")


def expect_refusal(arguments, status, text, **how):
    """The program does not run, and one line says why."""
    result = run(*arguments, **how)
    expect((result.status, result.out), (status, b""))
    expect(result.err, f"hpalloc: {text}\n")


def expect_unloadable(program, reason):
    expect_refusal([program], 126, f"{program} {reason}: a library cannot be preloaded")


def changed_copy(name, change):
    with open(TRUE, "rb") as file:
        return script(name, change(file.read()))


@test
def _():
    """what is not there is 127"""
    for name in ("no-such-program", "./no-such-program", "/dev/null/x", "", "x" * 5000):
        result = run(name)
        expect((result.status, result.err.count("\n")), (127, 1), name[:20])
    expect_refusal(["no-such-program"], 127, "no-such-program: No such file or directory")


@test
def _():
    """what is no program is 126"""
    expect_refusal(["/etc"], 126, "/etc: Is a directory")
    expect_refusal(["/dev/null"], 126, "/dev/null: Permission denied")
    name = script("no-program", "true\n", 0o644)
    expect_refusal([name], 126, f"{name}: Permission denied")


@test
def _():
    """a name with control characters is one line"""
    expect_refusal(["a\nb\x1b[m"], 127, "a?b?[m: No such file or directory")


@test
def _():
    """a program is looked for along PATH, past what may not be executed"""
    for name in ("first", "second"):
        (WORK / name).mkdir()
    script("first/found", "exit 1\n", 0o644)
    script("second/found", "#!/bin/sh\nexit 6\n")
    expect(run("found", env=environment(PATH="first::second:/bin")).status, 6)
    expect(run("found", env=environment(PATH="first")).status, 126)


@test
def _():
    """a static program is named"""
    expect_unloadable(STATIC, "is statically linked")


@test
def _():
    """a script is named by its interpreter"""
    inner = script("inner", f"#! {STATIC} argument\n")
    outer = script("outer", f"#!{WORK / inner}")
    expect_refusal([outer], 126,
                   f"{STATIC} is statically linked: a library cannot be preloaded")
    missing = script("missing", "#!/no/such\n")
    expect_refusal([missing], 127, "the interpreter /no/such: No such file or directory")
    loop = script("loop", f"#!{WORK}/loop\n")
    expect_refusal([loop], 126, f"the interpreter {WORK}/loop: Too many levels of symbolic links")
    expect(run(script("good", "#!/usr/bin/env sh\nexit 8\n")).status, 8)


@test
def _():
    """a program of another architecture is named"""
    def other_machine(image):
        return image[:18] + bytes([image[18] ^ 0x80]) + image[19:]

    def other_class(image):
        return image[:4] + bytes([image[4] ^ 3]) + image[5:]

    expect_unloadable(changed_copy("machine", other_machine), "is built for another architecture")
    expect_unloadable(changed_copy("class", other_class), "is built for another architecture")


@test
def _():
    """a program of another C library is named"""
    def musl(image):
        loader = re.search(rb"/lib[^\0]*/ld-linux[^\0]*", image).group()
        return image.replace(loader, b"/lib/ld-musl.so.1".ljust(len(loader), b"\0"), 1)

    expect_unloadable(changed_copy("musl", musl), "uses another C library")


@test
def _():
    """a program that gains another user's rights is named"""
    reason = "is setuid or setgid or has capabilities"
    name = script("setuid", (WORK / TRUE).read_bytes())
    if os.getuid():
        raise Skip("needs root to make a program another user's")
    for owner, group, mode in ((65534, 0, 0o4755), (0, 65534, 0o2755)):
        os.chown(WORK / name, owner, group)
        os.chmod(WORK / name, mode)
        expect_unloadable(name, reason)
    os.chown(WORK / name, 0, 0)
    os.chmod(WORK / name, 0o6755)
    expect(run(name).status, 0, "own setuid program:")


@test
def _():
    """damaged programs are left to the kernel and the shell"""
    with open(TRUE, "rb") as file:
        image = file.read()
    for length in (1, 17, 20, 63, 64, 100, 500):
        result = run(script("damaged", image[:length]))
        assert result.status > 0 and result.out == b"", (length, result.status, result.err)


@test
def _():
    """a preload library that is not there, or cannot be named, is said"""
    missing = environment(HPALLOC_PRELOAD_LIBRARY="/no/such.so")
    expect_refusal(["true"], 125, "/no/such.so: No such file or directory", env=missing)
    (WORK / "a b").mkdir()
    copy = shutil.copy(LIBRARY, WORK / "a b" / "library.so")
    expect_refusal(["true"], 125, f"{copy}: LD_PRELOAD cannot name a path with a colon or space",
                   env=environment(HPALLOC_PRELOAD_LIBRARY=str(copy)))


@test
def _():
    """a program in which the library did not start is said"""
    other = environment(HPALLOC_PRELOAD_LIBRARY=re.search(
        r"\s(/\S*libm\.so\.6)", subprocess.run(["/sbin/ldconfig", "-p"], check=True, text=True,
                                               stdout=subprocess.PIPE).stdout).group(1))
    result = run("true", env=other)
    expect(result.err, "hpalloc: the program ran without this heap: the library did not start in "
                       "it\n")


@test
def _():
    """wrong usage is 125"""
    for arguments in ([], ["run"], ["no-such-verb"], ["run", "--no-such-option", "true"],
                      ["run", "--publish=x", "true"], ["options", "x"]):
        result = subprocess.run([TOOL, *arguments], check=False, stderr=subprocess.PIPE,
                                env=environment())
        expect(result.returncode, 125, f"{arguments}:")


sys.exit(main())
