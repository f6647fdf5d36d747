"""The order of the runs: in each round each case on every allocator in turn, before the next case.

So what changes on the machine in the course of an hour hits all allocators alike; and the order is
rotated from round to round, so that none has always the same predecessor. The modes of a case that
want the pool run together, while it is filled, the others while it is empty; which of the two comes
first alternates. The machine's pool is locked meanwhile and put back after each case.
"""

import pathlib
import sys

import allocators
import warm
from results import SKIPPED, Row

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "preload"))
import pool  # noqa: E402

HUGEPAGE_MB = 2
WARM_LEAST_MB = 64
WARM_FACTOR = 1.25  # of the most memory that the case has held so far


class Rounds:
    def __init__(self, launcher, modes, writer, progress):
        self._launcher, self._writer, self._progress = launcher, writer, progress
        self._modes = [mode for mode in modes if not mode.missing]
        self._peak_mb = {}  # by case
        self._told = set()  # what was said already

    def run(self, cases, count):
        self._rehearse(cases)
        for number in range(1, count + 1):
            for case in cases:
                self._run_case(case, number)

    def _rehearse(self, cases):
        """One run of each that does not count: it reads the files, and shows the heap's size."""
        glibc = allocators.Mode("glibc", allocators.PLAIN)
        for case in cases:
            self._progress.step(f"rehearsal: {case.name}")
            done = self._launcher.measure(case, glibc)
            self._peak_mb[case] = done.peak_kib // 1024
            if done.exit != "0":
                self._tell(f"{case.name} fails without any library: {done.exit} {done.messages}")

    def _run_case(self, case, number):
        plain = [mode for mode in self._modes if not mode.needs_pool]
        wanting = [mode for mode in self._modes if mode.needs_pool]
        groups = [(0, plain), (case.pool_mb // HUGEPAGE_MB, wanting)]
        with MachinePool() as machine:
            for hugepages, modes in groups if number % 2 else reversed(groups):
                self._run_group(case, number, modes, hugepages, machine)

    def _run_group(self, case, number, modes, hugepages, machine):
        if not modes:
            return
        reason = machine.set(hugepages)
        turn = number % len(modes)
        for mode in modes[turn:] + modes[:turn]:
            self._progress.step(f"round {number}: {case.name} on {mode.label}")
            # In a pool that is not empty, peers on normal pages are measured as well as ever.
            if reason and (mode.is_ours or mode.needs_pool):
                self._skip(case, number, mode, reason)
            else:
                warm.touch(max(WARM_LEAST_MB, int(WARM_FACTOR * self._peak_mb[case])))
                self._measure(case, number, mode)

    def _measure(self, case, number, mode):
        done = self._launcher.measure(case, mode)
        self._peak_mb[case] = max(self._peak_mb[case], done.peak_kib // 1024)
        for metric, value, unit in done.values or [("", None, "")]:
            self._writer.add(Row(case.workload, case.name, metric, mode.allocator, mode.name,
                                 number, value, unit, done.peak_kib, done.exit))
        if done.exit != "0":
            last = done.messages.strip().splitlines()[-1:]
            self._tell(f"{case.name} on {mode.label}: failed, {done.exit}: {' '.join(last)}")

    def _skip(self, case, number, mode, reason):
        self._writer.add(Row(case.workload, case.name, "", mode.allocator, mode.name, number, None,
                             "", 0, f"{SKIPPED}: {reason}"))
        self._tell(f"{mode.label} skipped: {reason}")

    def _tell(self, text):
        if text not in self._told:
            self._told.add(text)
            self._progress.say(text)


class MachinePool:
    """The pool of hugepages, if it can be had; else as it is found."""

    def __init__(self):
        self._pool, self._is_locked = pool.Pool(), False

    def __enter__(self):
        try:
            self._pool.__enter__()
            self._is_locked = True
        except OSError:
            pass  # not root: perhaps it suits as it is
        return self

    def __exit__(self, *exception):
        if self._is_locked:
            self._pool.__exit__(*exception)

    def set(self, hugepages):
        """Makes so many pages free and warm; returns why not, or ""."""
        if hugepages and warm.available_mb() - warm.SPARE_MB < 2 * hugepages * HUGEPAGE_MB:
            return f"not enough memory for a pool of {hugepages} hugepages"
        try:
            if self._is_locked and pool.can_be_set():
                warm.touch(hugepages * HUGEPAGE_MB)
                self._pool.set(hugepages)
            elif not _suits(hugepages):
                return f"root is needed to set the pool to {hugepages} hugepages"
            warm.touch_pool(hugepages)
        except (pool.PoolError, OSError) as error:
            return str(error)
        return ""


def _suits(hugepages):
    """The pool as it is found is empty, or has so many free pages, as is wanted."""
    def read(name):
        try:
            return int((pool.DIRECTORY / name).read_text())
        except OSError:
            return 0  # a kernel without hugepages
    if hugepages:
        return read("free_hugepages") >= hugepages
    return read("nr_hugepages") == read("nr_overcommit_hugepages") == 0
