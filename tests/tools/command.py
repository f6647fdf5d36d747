"""Runs the command under test in a directory of the test's own."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

TOOL, LIBRARY = (os.path.abspath(path) for path in sys.argv[1:3])

_directory = tempfile.TemporaryDirectory(prefix="hp-tools-")
WORK = pathlib.Path(_directory.name)
WORK.chmod(0o755)

KIND = (r"(?:< 1|\d+) % (?:hugetlb|base pages|"
        r"transparent huge pages(?: \(the kernel made \d+ % of them\))?)")
SUMMARY = re.compile(rf"hpalloc: peak heap [\d.]+ [KM]B: {KIND}(?:, {KIND})*(?:; [^\n]+)?\n\Z")


_defaults = {"HPALLOC_BACKING": "thp"}


def use_pool():
    """From now on programs may take pages of the pool: for tests that hold its lock meanwhile."""
    _defaults.clear()


def heed_signals():
    """What is started from now on heeds them: under nohup, or behind `&` in a script, they are
    ignored, and so they would be in what is started here."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def environment(**changes):
    """Nothing is taken of the pool, which other tests may count, unless HPALLOC_BACKING is None."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("HPALLOC_") and name != "LD_PRELOAD"}
    wanted = {**clean, "HPALLOC_PRELOAD_LIBRARY": LIBRARY, **_defaults, **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def start(*arguments, env=None, tool=TOOL, **how):
    """hpalloc run ARGUMENTS, not waited for."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([tool, "run", *arguments], cwd=WORK, env=env or environment(),
                            **{**streams, **how})


class Result:
    def __init__(self, process, stdin):
        self.out, self.err = process.communicate(stdin, timeout=60)
        self.err = (self.err or b"").decode()
        self.status = process.returncode

    @property
    def has_summary(self):
        return bool(SUMMARY.search(self.err))


def run(*arguments, stdin=None, **how):
    if stdin is not None:
        how["stdin"] = subprocess.PIPE
    return Result(start(*arguments, **how), stdin)


def script(name, text, mode=0o755):
    path = WORK / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return f"./{name}"
