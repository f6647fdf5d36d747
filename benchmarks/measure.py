"""Runs one case on one allocator, and takes its results, its peak of memory, and how it ended.

The measured command is started by launch.c, which see for what the peak is: RSS plus HugetlbPages
of the command and its children. The harness, this program included, is not in it.
"""

import dataclasses
import os
import signal
import subprocess

import suite

OK = "0"
TIME_OUT = "timeout"
NO_RESULT = "no result"
NOT_PRELOADED = "not preloaded"
LINKER_COMPLAINT = "cannot be preloaded"  # and goes on without


@dataclasses.dataclass
class Measured:
    exit: str  # OK, another exit status, or one of the words above
    values: list  # of (metric, value, unit)
    peak_kib: int  # 0: unknown
    messages: str  # the end of what it wrote to standard error


class Launcher:
    def __init__(self, program, timeout_seconds):
        self._program = str(program)
        self._timeout_seconds = timeout_seconds

    def measure(self, case, mode):
        report = case.folder / "report"
        report.write_text("")
        environment = {
            "PATH": suite.PATH, "HOME": str(case.folder), "TMPDIR": str(case.folder),
            "LC_ALL": "C.UTF-8", "BENCH_LAUNCH": self._program, "BENCH_REPORT": str(report),
            "BENCH_PRELOAD": mode.library, "BENCH_SET": "\n".join(mode.environment),
            # for trying out our own options
            **{name: value for name, value in os.environ.items() if name.startswith("HPALLOC_")}}
        prefix = [] if case.is_program else [self._program]
        status, out, err = self._run([*prefix, *case.command], case.folder, environment)
        facts = dict(line.split() for line in report.read_text().splitlines())
        values = [] if status != OK else list(_values(out))
        if LINKER_COMPLAINT in err:
            status, values = NOT_PRELOADED, []
        elif status == OK and not values:
            status = NO_RESULT
        return Measured(status, values, int(facts.get("peak_kib", 0)), err[-500:])

    def _run(self, command, folder, environment):
        """Returns its status, standard output and standard error. No process is left."""
        with open(folder / "errors", "w+", errors="replace") as errors:
            process = subprocess.Popen(command, cwd=folder, env=environment, text=True,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=errors, start_new_session=True)
            try:
                out, _ = process.communicate(timeout=self._timeout_seconds)
                status = str(process.returncode)
            except subprocess.TimeoutExpired:
                status, out = TIME_OUT, ""
            finally:
                _kill_session(process.pid)
                process.wait()
            errors.seek(0)
            return status, out, errors.read()


def _kill_session(leader):
    """Also what a script left behind when it failed, a server for example."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _values(text):
    """(metric, value, unit) of each line; nothing at all if one of them is something else."""
    values = []
    for line in text.splitlines():
        fields = line.split()
        try:
            values.append((fields[0], float(fields[1]), fields[2]))
        except (IndexError, ValueError):
            return []
    return values
