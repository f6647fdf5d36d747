"""Runs the points of the plan, and writes a row for each figure: see Row."""

import dataclasses

import rounds
import suite
import warm
from hardware import HUGEPAGE, KIB, MIB, size_text
from plan import ALLOCATION, BATCH_BYTES, FORK, PARTED, sizes_for
from results import SKIPPED

WORKLOAD = "memory"
WARM_SPARE_MB = 32
NO_PAGES = "75"  # MEMORY_NO_PAGES in memory.h
HUGE_ENOUGH = 0.9  # of a buffer of 2 MB and more that was to be on huge pages


@dataclasses.dataclass
class Row:
    size_kib: float  # of the buffer, or of a block
    pattern: str  # of reading; or a part: allocate, touch, free; fork, write
    threads: int
    sharing: str  # of the buffer, among the threads
    backing: str
    ns_per_access: float  # of one thread; per block, in the parts of the allocation; per fork, and
    # per 4 KB written after it; None: failed
    ns_least: float  # of the repeats, whose median is above
    ns_most: float
    hugetlb_share: float  # of the memory measured, by what the kernel says of it
    thp_share: float
    step_bytes: int  # between two reads; 0 where there is none
    round: int
    peak_kib: int  # of the process
    exit: str  # 0, or what went wrong

    @property
    def is_skipped(self):
        return self.exit.startswith(SKIPPED)


@dataclasses.dataclass(frozen=True)
class Effort:
    repeats: int
    milliseconds: int
    step: int


def name_of(series):
    if series.threads == 1:
        return series.pattern
    return f"{series.pattern}, {series.threads} threads, {series.sharing}"


class NoPool:
    """In the place of rounds.MachinePool: others may be at work on its pages."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    @staticmethod
    def set(_):
        return "--no-pool"


class Runner:
    """Measures by `launcher` the program `program`, in `folder`."""

    def __init__(self, launcher, program, folder, effort, writer, bar):
        self._launcher, self._program, self._folder = launcher, program, folder
        self._effort, self._writer, self._bar = effort, writer, bar
        self._told = set()

    def run(self, plan, count, may_set_pool):
        for number in range(1, count + 1):
            for series in plan.series:
                # Locked for one series only: the machine's tests want the pool, too.
                with rounds.MachinePool() if may_set_pool else NoPool() as machine:
                    self._run_series(series, number, machine)

    def _run_series(self, series, number, machine):
        for group in series.groups[::1 if number % 2 else -1]:
            hugepages = group.pool_mb * MIB // HUGEPAGE
            reason = machine.set(hugepages)
            if reason and any(backing.wants_pool or backing.is_strict
                              for backing in group.backings):
                self.tell(f"the pool is not as wanted, {hugepages} hugepages: {reason}")
            for place, size in enumerate(series.sizes):
                turn = (number + place) % len(group.backings)
                for backing in group.backings[turn:] + group.backings[:turn]:
                    if size in sizes_for(series, backing):
                        self._run_point(series, size, backing, number, reason)

    def _run_point(self, series, size, backing, number, reason):
        self._bar.step(f"round {number}: {name_of(series)}: {size_text(size)} on {backing.label}")
        patterns = PARTED.get(series.pattern, [series.pattern])
        if reason and backing.is_strict:
            for pattern in patterns:
                self._add(series, size, backing, number, pattern, {}, 0, f"{SKIPPED}: {reason}")
            return
        if series.pattern in (ALLOCATION, FORK):  # where first touches are measured
            warm.touch(max(2 * size, BATCH_BYTES) // MIB * series.threads + WARM_SPARE_MB)
        done = self._launcher.measure(self._case(series, size, backing), backing.mode)
        if done.exit == NO_PAGES:
            done.exit = f"{SKIPPED}: others took pages of the pool"
        values = {metric: value for metric, value, _ in done.values}
        for pattern in patterns:
            self._add(series, size, backing, number, pattern, values, done.peak_kib, done.exit)
        if done.exit.startswith(SKIPPED):
            self.tell(f"{backing.label}: {done.exit}")
        elif done.exit != "0":
            last = " ".join(done.messages.strip().splitlines()[-1:])
            self.tell(f"{name_of(series)}, {size_text(size)} on {backing.label}: failed, "
                      f"{done.exit}: {last}")
        else:
            self._tell_of_pages(backing, size, values, series)

    def _case(self, series, size, backing):
        options = {"pattern": series.pattern, "backing": backing.kind, "bytes": size,
                   "threads": series.threads, "sharing": series.sharing, "step": self._effort.step,
                   "repeats": self._effort.repeats, "ms": self._effort.milliseconds}
        command = (str(self._program), *(f"--{name}={value}" for name, value in options.items()))
        return suite.Case(WORKLOAD, name_of(series), command, self._folder, False, 0)

    def _add(self, series, size, backing, number, pattern, values, peak_kib, status):
        self._writer.add(Row(
            size / KIB, pattern, series.threads, series.sharing, backing.label,
            values.get(pattern), values.get(f"{pattern}.least"), values.get(f"{pattern}.most"),
            values.get(f"{pattern}.hugetlb"), values.get(f"{pattern}.thp"),
            self._effort.step if pattern == "sequential" else 0, number, peak_kib, status))

    def _tell_of_pages(self, backing, size, values, series):
        """What does not stand on what it is called after would be a wrong line in the picture."""
        pattern = PARTED.get(series.pattern, [series.pattern])[0]
        share = values.get(f"{pattern}.{backing.kind}", 1)
        if backing.kind in ("thp", "hugetlb") and size >= HUGEPAGE and share < HUGE_ENOUGH:
            self.tell(f"{backing.label}: of {size_text(size)} only {share:.0%} were on huge pages")

    def tell(self, text):
        if text not in self._told:
            self._told.add(text)
            self._bar.say(text)
