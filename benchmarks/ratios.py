"""The statistics: medians and quartiles of the rounds, ratios, geometric means, the best peer.

A figure is what one case or metric came to, on each allocator that can be compared: a mode with a
run that failed has no figure for that case. Smaller is better, whatever the unit.

The geometric mean is one of workloads: first over the figures of a workload, then over those means,
so that a workload does not count for more because it has more cases.
"""

import collections
import dataclasses
import math
import statistics

import allocators

TIME_UNITS = {"ns", "us", "ms", "s"}
MEMORY_UNITS = {"MB"}


def quartiles(values):
    """The values at a quarter and at three quarters, between neighbours in proportion."""
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


@dataclasses.dataclass
class Spread:
    """The rounds of one figure on one allocator."""
    values: list
    unit: str

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def quartiles(self):
        return quartiles(self.values)

    def is_above(self, other):
        """The intervals between the quartiles do not meet. One run has no interval."""
        return self._have_intervals(other) and self.quartiles[0] > other.quartiles[1]

    def is_all_above(self, other):
        """No run of this is as small as any of the other: by chance once in 252, of 5 and 5."""
        return self._have_intervals(other) and min(self.values) > max(other.values)

    def _have_intervals(self, other):
        return min(len(self.values), len(other.values)) > 1


@dataclasses.dataclass(frozen=True)
class Key:
    workload: str
    case: str
    metric: str


def geometric_mean(values):
    """Of positive values; NaN of none."""
    values = list(values)
    if not values:
        return math.nan
    return math.exp(sum(map(math.log, values)) / len(values))


def mean_of_workloads(by_key):
    """The geometric mean of {Key: ratio}, each workload counted once."""
    groups = collections.defaultdict(list)
    for key, ratio in by_key.items():
        groups[key.workload].append(ratio)
    return geometric_mean(map(geometric_mean, groups.values()))


def best(spreads, labels):
    """The label with the smallest median among these; None if none of them has a figure."""
    found = [label for label in labels if label in spreads]
    return min(found, key=lambda label: spreads[label].median, default=None)


def ratios(figures, label, base):
    """{Key: median of label / median of base}, where both have one. Base: a label, or a function
    of the spreads that gives one, or the value itself."""
    found = {}
    for key, spreads in figures.items():
        against = base(spreads) if callable(base) else base
        if isinstance(against, str):
            against = spreads[against].median if against in spreads else None
        if label in spreads and against and spreads[label].median > 0:
            found[key] = spreads[label].median / against
    return found


def best_of(labels):
    return lambda spreads: best(spreads, labels)


def median_of(labels):
    def base(spreads):
        medians = [spreads[label].median for label in labels if label in spreads]
        return statistics.median(medians) if medians else None
    return base


@dataclasses.dataclass
class Loss:
    key: Key
    peer: str
    ratio: float
    is_separate: bool  # by quartiles
    is_all_separate: bool  # by all runs


def losses(figures, ours, peers, limit):
    """Where ours needs more than limit times what the best of the peers needs; worst first."""
    found = []
    for key, ratio in ratios(figures, ours, best_of(peers)).items():
        if ratio > limit:
            peer = best(figures[key], peers)
            mine, other = figures[key][ours], figures[key][peer]
            found.append(Loss(key, peer, ratio, mine.is_above(other), mine.is_all_above(other)))
    return sorted(found, key=lambda loss: -loss.ratio)


class Results:
    """What the rows come to.

    times, held, others and peaks are {Key: {label: Spread}}: results in units of time, of memory,
    of something else, and the peak of memory in MB of each case.
    """

    def __init__(self, rows):
        self.times, self.held, self.others, self.peaks = {}, {}, {}, {}
        self.failures = collections.Counter((row.case, row.label, row.exit) for row in rows
                                            if row.exit != "0" and not row.is_skipped)
        self.skipped = {row.label: row.exit for row in rows if row.is_skipped}
        by_allocator = list(dict.fromkeys([allocators.OURS, *(row.allocator for row in rows)]))
        self.labels = list(dict.fromkeys(row.label for row in sorted(
            rows, key=lambda row: by_allocator.index(row.allocator))))
        self.rounds = max((row.round for row in rows), default=0)
        self._modes = {row.label: (row.allocator, row.mode) for row in rows}
        failed = {(case, label) for case, label, _ in self.failures}
        peaks = {}
        for row in rows:
            if row.value is None or (row.case, row.label) in failed:
                continue
            key = Key(row.workload, row.case, row.metric)
            _spread(self._table_of(row.unit), key, row.label, row.unit).values.append(row.value)
            peaks[Key(row.workload, row.case, row.case), row.label, row.round] = row.peak_kib
        for (key, label, _), kib in peaks.items():
            if kib:
                _spread(self.peaks, key, label, "MB").values.append(kib / 1024)

    def _table_of(self, unit):
        if unit in TIME_UNITS:
            return self.times
        return self.held if unit in MEMORY_UNITS else self.others

    def ours(self):
        return [label for label in self.labels if self._modes[label][0] == allocators.OURS]

    def peers(self):
        return [label for label in self.labels if self._modes[label][0] != allocators.OURS]

    def plain_peers(self):
        return [label for label in self.peers() if self._modes[label][1] == allocators.PLAIN]

    def rivals(self, ours):
        """The peers' modes that had the same pool as this mode of ours: any, if it was filled."""
        if self._modes[ours][1] in allocators.POOL_MODES:
            return self.peers()
        return [label for label in self.peers()
                if self._modes[label][1] not in allocators.POOL_MODES]

    def base(self):
        """What ratios are shown against."""
        return "glibc" if "glibc" in self.labels else self.labels[0]


def _spread(table, key, label, unit):
    return table.setdefault(key, {}).setdefault(label, Spread([], unit))
