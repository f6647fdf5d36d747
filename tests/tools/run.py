#!/usr/bin/python3
"""`hpalloc run`: what goes through to the program and back. Usage: run.py TOOL LIBRARY"""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time

from command import LIBRARY, TOOL, WORK, environment, heed_signals, run, script, start
from tap import expect, main, test

heed_signals()

ECHO = "import sys; sys.stdout.write(repr(sys.argv[1:]))"


def signalled(arguments, number, **how):
    """Sends a signal to the tool alone, once the program has printed a line."""
    process = start(*arguments, **how)
    process.stdout.readline()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err.decode()


@test
def _():
    """the exit status is the program's"""
    for status in (0, 1, 42, 255):
        result = run("sh", "-c", f"exit {status}")
        expect(result.status, status)
        assert result.has_summary, result.err


@test
def _():
    """a signal that ends the program is 128 + its number"""
    for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
        result = run("sh", "-c", f"kill -{int(number)} $$")
        expect(result.status, 128 + number)
        assert result.has_summary, result.err


@test
def _():
    """bytes go through standard input and output as they are"""
    data = bytes(range(256)) * 4096
    assert run("cat", stdin=data).out == data


@test
def _():
    """the program's own errors come before the summary"""
    result = run("sh", "-c", "echo mine >&2")
    assert result.err.startswith("mine\nhpalloc: peak heap "), result.err


@test
def _():
    """arguments go through as they are"""
    arguments = ["", " ", "a b", "--", "--help", "-x", "a\nb", "'\"$HOME`*", "\udcff", "x" * 100000]
    result = run(sys.executable, "-c", ECHO, *arguments)
    expect(result.out.decode(), repr(arguments))


@test
def _():
    """closed standard streams stay closed and harm nothing"""
    for streams in (">&-", "<&-", "<&- >&-"):
        result = subprocess.run(f'"{TOOL}" run sh -c "exit 7" {streams}', shell=True, check=False,
                                env=environment(), stderr=subprocess.PIPE)
        expect(result.returncode, 7, streams)
        assert result.stderr.startswith(b"hpalloc: peak heap "), result.stderr
    listing = f'"{TOOL}" run ls /proc/self/fd <&- 2>&-'
    result = subprocess.run(listing, shell=True, check=False, env=environment(),
                            stdout=subprocess.PIPE)
    # ls itself opens the directory, as the lowest free descriptor.
    expect((result.returncode, result.stdout.split()), (0, [b"0", b"1"]))


@test
def _():
    """a signal sent to the tool reaches the program"""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        name = number.name.removeprefix("SIG")
        code = f"trap 'exit 9' {name}; echo ready; while :; do sleep 0.1; done"
        status, _out, err = signalled(["sh", "-c", code], number)
        expect(status, 9, name)
        assert err.startswith("hpalloc: peak heap "), err


@test
def _():
    """the terminal's signals reach the program once"""
    code = "trap 'echo got' INT; echo ready; until read line; do :; done; echo $line; exit 3"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(TOOL, [TOOL, "run", "sh", "-c", code], environment())
    with os.fdopen(terminal, "r+b", buffering=0) as stream:
        text = b""
        for awaited, answer in ((b"ready", b"\x03"), (b"got", b"a line\n"), (b"peak heap", b"")):
            while awaited not in text:
                text += stream.read(1000)
            stream.write(answer)
    expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 3)
    expect((text.count(b"got"), text.count(b"a line\r\n")), (1, 2))


@test
def _():
    """what is ignored or blocked at the start is so in the program, and nothing else"""
    def set_up():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    def masks(arguments):
        out = subprocess.run(arguments, env=environment(), stdout=subprocess.PIPE, check=True,
                             stderr=subprocess.DEVNULL, preexec_fn=set_up).stdout
        return out.decode()

    grep = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
    expect(masks([TOOL, "run", *grep]), masks(grep))


@test
def _():
    """the program has the terminal's process group and the same parentage for job control"""
    code = "import os, sys; sys.stdout.write(f'{os.getpgrp()} {os.getsid(0)} {os.getppid()}')"
    process = start(sys.executable, "-c", code)
    out = process.communicate(timeout=60)[0].decode()
    expect(out, f"{os.getpgrp()} {os.getsid(0)} {process.pid}")


@test
def _():
    """libraries that are to be preloaded anyway come after ours"""
    result = run("sh", "-c", "echo $LD_PRELOAD", env=environment(LD_PRELOAD="libm.so.6"))
    expect(result.out.decode(), f"{os.path.realpath(LIBRARY)}:libm.so.6\n")
    assert not result.err.count("ERROR"), result.err


@test
def _():
    """an option sets its variable"""
    show = "echo $HPALLOC_DECAY_MS $HPALLOC_STRICT"
    expect(run("--decay-ms=7", "--strict", "sh", "-c", show).out, b"7 1\n")
    expect(run("--decay-ms", "8", "--strict=0", "--", "sh", "-c", show).out, b"8 0\n")


@test
def _():
    """nothing is left behind, though the program is killed"""
    directory = WORK / "runtime"
    directory.mkdir()
    show = 'stat -c "%a %n" "$HPALLOC_PUBLISH"; kill -KILL $$'
    result = run("sh", "-c", show, env=environment(XDG_RUNTIME_DIR=str(directory)))
    assert result.out.decode().startswith(f"600 {directory}/"), result.out
    expect(os.listdir(directory), [])


@test
def _():
    """children of the program do not disturb its figures"""
    code = ("import os, subprocess, sys; block = bytearray(100 << 20)\n"
            "for i in range(3): subprocess.run(['true'], check=True)\n"
            "os.fork() or os._exit(0)\n"
            "os.wait()")
    result = run(sys.executable, "-c", code)
    peak = float(result.err.split()[3])
    assert result.has_summary and 100 <= peak < 200, result.err


@test
def _():
    """the tool waits for the program, not for what the program leaves running"""
    begin = time.monotonic()
    result = run("sh", "-c", "sleep 20 >/dev/null 2>&1 & exit 4")
    expect(result.status, 4)
    assert time.monotonic() - begin < 10


@test
def _():
    """programs that start after the end, or as another user, find no counters and say nothing"""
    wait = 'while [ -e "$HPALLOC_PUBLISH" ]; do sleep 0.1; done'
    late = f"({wait}; ls; echo end) >late 2>&1 &"
    expect(run("sh", "-c", late).status, 0)
    while not (WORK / "late").read_text().endswith("end\n"):
        time.sleep(0.1)
    assert "hpalloc:" not in (WORK / "late").read_text(), (WORK / "late").read_text()
    if os.getuid() == 0:
        # A copy: the build may stand where another user can't read it.
        readable = shutil.copy(LIBRARY, WORK / "readable.so")
        result = run("chroot", "--userspec=65534:65534", "/", "/bin/sh", "-c", "exit 0",
                     env=environment(HPALLOC_PRELOAD_LIBRARY=str(readable)))
        expect(result.err.count("\n"), 1, result.err)


@test
def _():
    """`hprun` is `hpalloc run`"""
    (WORK / "hprun").symlink_to(TOOL)
    result = subprocess.run([WORK / "hprun", "sh", "-c", "exit 5"], env=environment(), check=False,
                            stderr=subprocess.PIPE)
    expect(result.returncode, 5)
    assert result.stderr.startswith(b"hpalloc: peak heap "), result.stderr


@test
def _():
    """a script without #! is run by the shell"""
    result = run(script("plain", "echo shell $1\n"), "one")
    expect((result.status, result.out), (0, b"shell one\n"))


sys.exit(main())
