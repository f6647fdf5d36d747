"""What is measured: the workloads in workloads/, built as bench-NAME, and programs/*.sh.

Both list their cases and run one by its name, so that to the runner they are the same.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
WORKLOADS = ["aligned", "batches", "calloc", "fork", "growth", "large", "latency", "lifo",
             "locality", "mixed", "phases", "queues", "random_sizes", "scaling", "server",
             "sharing", "threads", "tlb"]

# What is in a filled pool, in MB; and where a heap needs more.
POOL_MB, QUICK_POOL_MB = 1024, 512
LARGE_POOLS_MB = {"tlb-2048m": 3072, "growth-buffer": 1536, "redis-512m": 1280,
                  "fork-exec-2048m": 2304, "fork-readers-2048m": 2304, "fork-write-2048m": 2304}

# Cases that --quick leaves out: those that need GBs, those that only wait, and variants of others.
NOT_QUICK = {
    "tlb-2048m", "tlb-512m", "phases-pause", "lifo-16", "lifo-256", "lifo-1024", "batches-reverse",
    "batches-64-in-order", "batches-64-reverse", "aligned-32", "growth-vectors-2x", "mixed-2t",
    "random-sizes-2t", "growth-buffer", "fork-exec-2048m", "fork-readers-256m",
    "fork-readers-2048m", "fork-write-256m", "fork-write-2048m",
}


@dataclasses.dataclass(frozen=True)
class Case:
    workload: str
    name: str
    command: tuple
    folder: pathlib.Path  # where it runs
    is_program: bool  # starts the launcher by itself, for what is to be measured
    pool_mb: int


class SuiteError(Exception):
    """A workload cannot be listed or prepared."""


def _output_of(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                          env={"PATH": PATH, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SuiteError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class Suite:
    """Finds the cases; `missing` then has a line for each workload that cannot run here."""

    def __init__(self, programs, work, is_quick, only):
        self._work = work
        self._quick = ["--quick"] if is_quick else []
        self._only = set(only)
        self.missing = []
        self.cases = []
        for name in WORKLOADS:
            self._add(name, programs / f"bench-{name}", False)
        for script in sorted((HERE / "programs").glob("*.sh")):
            if script.stem != "common":
                self._add(script.stem, script, True)
        self._check_only()

    def _add(self, workload, program, is_program):
        if not program.is_file():
            self.missing.append(f"{workload}: {program.name} is not built")
            return
        folder = self._work / workload
        folder.mkdir()
        names = _output_of([program, *self._quick, "--list"], folder).split()
        names = [name for name in names if self._is_wanted(workload, name)]
        needed = re.search(r"^# program: (.*)$", program.read_text(), re.M) if is_program else None
        absent = [name for name in needed[1].split() if not shutil.which(name, path=PATH)] \
            if needed else []
        if names and absent:
            self.missing.append(f"{workload}: not installed: {' '.join(absent)}")
            return
        for name in names:
            self.cases.append(Case(workload, name, (str(program), *self._quick, name), folder,
                                   is_program, self._pool_mb(name)))

    def _is_wanted(self, workload, name):
        if self._only:
            return workload in self._only or name in self._only
        return not (self._quick and name in NOT_QUICK)

    def _pool_mb(self, name):
        return QUICK_POOL_MB if self._quick else LARGE_POOLS_MB.get(name, POOL_MB)

    def _check_only(self):
        found = {case.workload for case in self.cases} | {case.name for case in self.cases}
        unknown = sorted(self._only - found)
        if unknown:
            raise SuiteError(f"no such workload or case here: {' '.join(unknown)}"
                             + "".join(f"\n{line}" for line in self.missing))

    def prepare(self, say):
        """Lets each program make its inputs."""
        for workload in dict.fromkeys(case.workload for case in self.cases if case.is_program):
            say(f"preparing {workload}")
            _output_of([HERE / "programs" / f"{workload}.sh", *self._quick, "--prepare"],
                       self._work / workload)
