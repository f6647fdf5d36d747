"""What is measured: series of points, each one pattern with its threads, over sizes and backings.

For each size of a series all backings run one after the other, so that what else happens on the
machine hits them alike; which one is first changes from round to round.
"""

import dataclasses

import allocators
from hardware import HUGEPAGE, KIB, MIB

ALLOCATION = "allocation"
READING = ["sequential", "random", "chase", "page"]
FORK = "fork"
PATTERNS = [*READING, ALLOCATION, FORK]
BACKINGS = ["malloc", "hpalloc", "base", "thp", "hugetlb"]
SHARINGS = ["same", "offset", "separate"]
ALONE = "none"  # the sharing of one thread
PARTS = ["allocate", "touch", "free"]
FORK_PARTS = ["fork", "write"]
PARTED = {ALLOCATION: PARTS, FORK: FORK_PARTS}  # each part is a pattern in the results

LEAST_READ, LEAST_PAGES, LEAST_BLOCK, LEAST_MAPPING = KIB, 8 * KIB, 16, 4 * KIB
LINE = 64
CACHES_UNKNOWN = 32 * MIB  # the last one is taken for so large
MOST = 2 << 30  # unless it is asked for
WALK_FACTOR, QUICK_WALK_FACTOR = 32, 4  # times the last cache: reading with one thread
STREAM_FACTOR = 4  # the same, sequential or with several threads
BLOCK_MAX, QUICK_BLOCK_MAX = 64 * MIB, 16 * MIB
FORK_LEAST, FORK_MAX, QUICK_FORK_MAX = MIB, 256 * MIB, 64 * MIB
BATCH_BYTES = 32 * MIB  # allocation.c: what a thread holds at once, one block at least
HEAP_SPARE_MB = 64  # in the pool, for what a heap takes besides
THREADS_MAX = 64
SHARE_OF_MEMORY = 4  # a buffer is at most so small a part of what is available


@dataclasses.dataclass(frozen=True)
class Backing:
    label: str
    kind: str  # bench-memory --backing
    mode: allocators.Mode  # what is preloaded for it
    wants_pool: bool
    is_strict: bool  # nothing to measure, or nothing that is called so, in another pool


@dataclasses.dataclass(frozen=True)
class Group:
    """Backings that run while the pool has so much in it."""
    pool_mb: int
    backings: tuple


@dataclasses.dataclass(frozen=True)
class Series:
    pattern: str
    threads: int
    sharing: str
    sizes: tuple  # in bytes
    groups: tuple

    @property
    def points(self):
        return sum(len(sizes_for(self, backing)) for group in self.groups
                   for backing in group.backings)


@dataclasses.dataclass(frozen=True)
class Limits:
    is_quick: bool
    last_cache: int
    most: int  # bytes that a buffer may have; 0: by the caches
    available: int
    step: int  # of sequential reading

    def _bounded(self, size_bytes, buffers=1):
        most = min(self.most or min(size_bytes, MOST),
                   self.available // SHARE_OF_MEMORY // buffers)
        return max(LEAST_PAGES, most // HUGEPAGE * HUGEPAGE if most > HUGEPAGE else most)

    def walk(self):
        factor = QUICK_WALK_FACTOR if self.is_quick else WALK_FACTOR
        return self._bounded(factor * (self.last_cache or CACHES_UNKNOWN))

    def stream(self, buffers=1):
        return self._bounded(STREAM_FACTOR * (self.last_cache or CACHES_UNKNOWN), buffers)

    def fork(self):
        largest = QUICK_FORK_MAX if self.is_quick else FORK_MAX
        return max(FORK_LEAST, min(largest, self._bounded(largest)))

    def block(self):
        largest = QUICK_BLOCK_MAX if self.is_quick else BLOCK_MAX
        return min(largest, self._bounded(largest))


def powers(least, most, factor=2):
    """least, least * factor, ... and at last `most`."""
    sizes = []
    while least < most:
        sizes.append(least)
        least *= factor
    return [*sizes, most]


def with_halves(sizes):
    """The same, and what lies half way between two."""
    between = [(low + high) // 2 // LINE * LINE for low, high in zip(sizes, sizes[1:])]
    return sorted({*sizes, *between})


def thread_counts(processors, is_quick):
    """More than one: 2, 4, ... and all; with --quick all."""
    most = min(processors, THREADS_MAX)
    if most < 2:
        return []
    return [most] if is_quick else powers(2, most)


def backings_of_course(ours, may_use_pool=True):
    plain = allocators.Mode("malloc", allocators.PLAIN)
    heap = allocators.Mode("hpalloc", allocators.FILLED, str(ours),
                           () if may_use_pool else ("HPALLOC_BACKING=thp",))
    return [Backing(name, "malloc" if name == "hpalloc" else name,
                    heap if name == "hpalloc" else plain, name in ("hpalloc", "hugetlb"),
                    name == "hugetlb")
            for name in BACKINGS]


def backings_of_modes(modes):
    return [Backing(mode.label, "malloc", mode, mode.needs_pool, mode.needs_pool or mode.is_ours)
            for mode in modes if not mode.missing]


def sizes_for(series, backing):
    """A mapping has a page at least, so there is nothing to learn from smaller blocks of it."""
    if series.pattern == ALLOCATION and backing.kind != "malloc":
        return [size for size in series.sizes if size >= LEAST_MAPPING]
    return list(series.sizes)


def pool_mb(pattern, threads, sharing, largest):
    buffers = threads if sharing == "separate" or pattern == ALLOCATION else 1
    if pattern == FORK:
        buffers = 2  # the pages that are written to are copied
    if pattern == ALLOCATION:
        largest = max(largest, BATCH_BYTES)
    rounded = -(-largest // HUGEPAGE) * HUGEPAGE
    return buffers * rounded // MIB + HEAP_SPARE_MB


class Plan:
    def __init__(self, limits, patterns, backings, threads, is_comparison=False):
        self._limits, self._backings = limits, backings
        self._is_comparison = is_comparison
        self.series = []
        for pattern in patterns:
            if pattern == ALLOCATION:
                self._add_allocation([1, *threads])
            elif pattern == FORK:
                self._add(FORK, 1, ALONE, powers(FORK_LEAST, limits.fork(), 4), backings)
            else:
                self._add_reading(pattern, threads)

    @property
    def points(self):
        return sum(series.points for series in self.series)

    def _add_reading(self, pattern, threads):
        limits = self._limits
        least = max(LEAST_PAGES if pattern == "page" else LEAST_READ, 2 * limits.step)
        most = limits.stream() if pattern == "sequential" else limits.walk()
        if limits.is_quick:
            low = min(256 * KIB, most)
            sizes = sorted({*powers(least, low, 4), *powers(low, most)})
        else:
            sizes = with_halves(powers(least, most))
        self._add(pattern, 1, ALONE, sizes, self._backings)
        for count in threads if pattern in self._patterns_of_threads() else []:
            for sharing in SHARINGS:
                most = limits.stream(count if sharing == "separate" else 1)
                sizes = powers(least, most, 4 if limits.is_quick else 2)
                self._add(pattern, count, sharing, sizes, self._backings_of_threads())

    def _patterns_of_threads(self):
        return ["sequential"] if self._limits.is_quick else ["sequential", "chase"]

    def _backings_of_threads(self):
        if not self._limits.is_quick:
            return self._backings
        return [backing for backing in self._backings if backing.label in ("base", "thp")]

    def _add_allocation(self, threads):
        factor = 4 if self._limits.is_quick else 2
        for count in threads:
            sizes = powers(LEAST_BLOCK, self._limits.block(), factor)
            self._add(ALLOCATION, count, ALONE if count == 1 else "separate", sizes,
                      self._backings)

    def _add(self, pattern, threads, sharing, sizes, backings):
        filled = pool_mb(pattern, threads, sharing, sizes[-1])
        wanting = tuple(backing for backing in backings if backing.wants_pool)
        others = tuple(backing for backing in backings if not backing.wants_pool)
        # Where it makes no difference to the others, all run together.
        groups = [Group(0, others), Group(filled, wanting)] if self._is_comparison \
            else [Group(filled if wanting else 0, tuple(backings))]
        groups = tuple(group for group in groups if group.backings)
        if groups:
            self.series.append(Series(pattern, threads, sharing, tuple(sizes), groups))
