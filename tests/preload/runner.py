"""Runs one scenario in a fresh directory, plain or preloaded, and keeps what came of it."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import time


class Witness:
    """The lines of witness.c: "start PROGRAM OWNED" and "end PROGRAM PEAK HUGETLB POOL_DRY"."""

    def __init__(self, text):
        lines = [line.split() for line in text.splitlines()]
        self._started = [(line[1], line[2]) for line in lines if line[0] == "start"]
        ends = [[int(field) for field in line[2:5]] for line in lines if line[0] == "end"]
        self.peak_bytes, self.hugetlb_bytes, self.pool_dry = map(
            max, zip([0, 0, 0], *ends))

    def saw(self, program):
        """Whether the program was started with the library, and a block of malloc was its."""
        return (os.path.realpath(program), "1") in self._started

    def seen(self):
        return ", ".join(sorted({program for program, owned in self._started})) or "none"

    def processes(self):
        return len(self._started)


@dataclasses.dataclass
class Result:
    status: int
    out: bytes
    err: bytes
    seconds: float
    hang: list  # the processes left when time was up
    witness: Witness


def session_processes(session):
    """A line for each process of the session: pid, name, state, where it waits."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            head, _, rest = (entry / "stat").read_text().rpartition(")")
            fields = rest.split()
            if int(fields[3]) == session and fields[0] != "Z":
                waits = (entry / "wchan").read_text()
                found.append(f"{entry.name} {head.partition('(')[2]} {fields[0]} {waits}")
        except OSError:
            continue  # it has ended meanwhile
    return found


class Runner:
    PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

    def __init__(self, options, directory, timeout_seconds):
        self.name = options.scenario.stem
        self._command = [str(options.scenario.resolve()), options.size]
        # Copies: the build may stand where a server's user can't read it.
        self._library, self._witness = (pathlib.Path(shutil.copy(path.resolve(), directory))
                                        for path in (options.library, options.witness))
        self._directory = directory
        self._timeout_seconds = timeout_seconds

    def run_plain(self):
        return self._run({})

    def run_preloaded(self):
        return self._run({"LD_PRELOAD": f"{self._library}:{self._witness}",
                          "HP_WITNESS": str(self._directory / "witness")})

    def _run(self, preload):
        # The same path each time, so that a program that prints its directory does not differ.
        work = self._directory / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        witness = self._directory / "witness"
        witness.write_text("")
        witness.chmod(0o666)  # servers change their user
        environment = {"PATH": self.PATH, "HOME": str(work), "TMPDIR": str(work),
                       "LC_ALL": "C.UTF-8", **preload}
        environment.update({name: value for name, value in os.environ.items()
                            if name.startswith("HPALLOC_")})
        out, err = self._directory / "out", self._directory / "err"
        with out.open("wb") as out_file, err.open("wb") as err_file:
            start = time.monotonic()
            process = subprocess.Popen(self._command, cwd=work, env=environment,
                                       stdin=subprocess.DEVNULL, stdout=out_file,
                                       stderr=err_file, start_new_session=True)
            hang = self._wait(process)
            seconds = time.monotonic() - start
        return Result(process.returncode, out.read_bytes(), err.read_bytes(), seconds, hang,
                      Witness(witness.read_text()))

    def _wait(self, process):
        """Returns the processes that had to be killed, all of the scenario's own session."""
        hang = []
        try:
            process.wait(self._timeout_seconds)
        except subprocess.TimeoutExpired:
            hang = session_processes(process.pid)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        return hang
