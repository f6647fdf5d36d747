"""What the figures say: tables, and sentences that claim no more than the medians show."""

import collections
import dataclasses

import allocators
import ratios
from hardware import KIB, MIB, size_text
from plan import ALONE, BACKINGS, FORK_PARTS, PARTS, READING
from tables import NOTHING, Table

GAIN = 0.90  # of the time on base pages: less is called a gain
FASTEST = 3  # so many are named
SUM = "sum"  # of the parts of the allocation
BLOCK_SIZES = [64, 4 * KIB, 64 * KIB, MIB]  # and the largest
HUGE = ["thp", "hugetlb", "hpalloc"]
HEAPS = ["malloc", "hpalloc"]  # it is theirs to say what a buffer stands on
PAGE_NAMES = {"hugetlb": "pages of the pool", "thp": "transparent huge pages", "base": "base pages"}


@dataclasses.dataclass(frozen=True)
class Line:
    """What a picture draws as one line."""
    pattern: str
    threads: int
    sharing: str
    backing: str


def _place(backing):
    """In the order of the plan, or of the allocators: ours first."""
    if backing in BACKINGS:
        return BACKINGS.index(backing), backing
    order = [allocators.OURS, *allocators.PEERS]
    name = backing.partition(":")[0]
    return len(BACKINGS) + (order.index(name) if name in order else len(order)), backing


def _pages(row):
    """What most of the memory stood on."""
    shares = {"hugetlb": row.hugetlb_share, "thp": row.thp_share}
    shares["base"] = 1 - sum(shares.values())
    return max(shares, key=shares.get)


class Figures:
    """The rounds by line and size: lines[Line][bytes] is a ratios.Spread. A point with a run that
    failed has none; rounds that had to leave it out do not count."""

    def __init__(self, rows):
        values = collections.defaultdict(list)
        failed = set()
        self.pages = collections.defaultdict(dict)  # [Line][bytes]: a key of PAGE_NAMES
        for row in rows:
            key = Line(row.pattern, row.threads, row.sharing, row.backing), row.size_kib * KIB
            if row.ns_per_access is None and not row.is_skipped:
                failed.add(key)
            elif not row.is_skipped:
                values[key].append(row.ns_per_access)
                self.pages[key[0]][key[1]] = _pages(row)
        self.lines = collections.defaultdict(dict)
        for (line, size), found in sorted(values.items(), key=lambda item: item[0][1]):
            if (line, size) not in failed:
                self.lines[line][size] = ratios.Spread(found, "ns")
        self._add_sums()
        self.backings = sorted({row.backing for row in rows}, key=_place)
        self.is_comparison = not set(self.backings) <= set(BACKINGS)
        plain = [label for label in self.backings if ":" not in label]
        self.base = "glibc" if "glibc" in plain else (plain + self.backings + [""])[0]
        self.skipped = [
            f"{backing}: {sum(row.is_skipped for row in own)} of {len(own)} rows {reason}"
            for backing in self.backings
            for own in [[row for row in rows if row.backing == backing]]
            for reason in [row.exit for row in own if row.is_skipped][:1]]
        self.failures = collections.Counter(
            (row.pattern, row.backing, row.exit) for row in rows
            if row.ns_per_access is None and not row.is_skipped)

    def _add_sums(self):
        """Of the medians: the parts of one repeat were not kept together."""
        for line in [line for line in self.lines if line.pattern == PARTS[0]]:
            parts = [self.lines.get(dataclasses.replace(line, pattern=part), {})
                     for part in PARTS]
            self.lines[dataclasses.replace(line, pattern=SUM)] = {
                size: ratios.Spread([sum(part[size].median for part in parts)], "ns")
                for size in parts[0] if all(size in part for part in parts)}

    def line(self, pattern, backing, threads=1, sharing=ALONE):
        """{bytes: Spread}, by size; empty if there is none."""
        return self.lines.get(Line(pattern, threads, sharing, backing), {})

    def patterns(self):
        return [pattern for pattern in READING
                if any(line.pattern == pattern and points for line, points in self.lines.items())]

    def threads(self, pattern):
        """(threads, sharing) of what was not measured alone."""
        return list(dict.fromkeys((line.threads, line.sharing) for line in self.lines
                                  if line.pattern == pattern and line.threads > 1))


def is_gain(base, other):
    """At most GAIN of the time, and where there are rounds their quartiles do not meet."""
    is_single = min(len(base.values), len(other.values)) == 1
    return other.median <= GAIN * base.median and (is_single or base.is_above(other))


def gains_from(base, other):
    """The size from which on, to the end, `other` gains; None: from none."""
    found = None
    for size in sorted(base.keys() & other.keys(), reverse=True):
        if not is_gain(base[size], other[size]):
            break
        found = size
    return found


def _ns(value):
    return f"{value:.3g} ns" if value < 1000 else f"{value / 1000:.3g} µs" if value < 1e6 \
        else f"{value / 1e6:.3g} ms"


def _less(base, other, size):
    """The ratio as people say it."""
    ratio = other[size].median / base[size].median
    if ratio > 1:
        return f"{ratio - 1:.0%} more"
    return f"{1 - ratio:.0%} less"


def sentence_of_gain(pattern, backing, base, other):
    sizes = sorted(base.keys() & other.keys())
    if not sizes:
        return ""
    last, start = sizes[-1], gains_from(base, other)
    at_last = (f"at {size_text(last)} {_ns(other[last].median)} instead of "
               f"{_ns(base[last].median)}, {_less(base, other, last)}")
    if start is not None:
        where = "at every size" if start == sizes[0] else f"from {size_text(start)} on"
        return f"{pattern}: {backing} gains over base pages {where}; {at_last}."
    some = [size for size in sizes if is_gain(base[size], other[size])]
    if some:
        best = min(some, key=lambda size: other[size].median / base[size].median)
        return (f"{pattern}: {backing} gains at some sizes, the most at {size_text(best)} "
                f"({_less(base, other, best)}), but not to the end; {at_last}.")
    return f"{pattern}: {backing} gains a tenth at no size; {at_last}."


def gains(figures):
    """A sentence for each pattern and each backing with huge pages."""
    found = [sentence_of_gain(pattern, backing, figures.line(pattern, "base"),
                              figures.line(pattern, backing))
             for pattern in figures.patterns() for backing in HUGE if backing in figures.backings]
    return [sentence for sentence in found if sentence]


def threads(figures):
    """How long an access takes when others read, at the largest size, against one thread alone."""
    found = []
    for pattern in figures.patterns():
        for count, sharing in figures.threads(pattern):
            backing = "base" if "base" in figures.backings else figures.backings[0]
            alone, many = figures.line(pattern, backing), figures.line(pattern, backing, count,
                                                                       sharing)
            sizes = sorted(alone.keys() & many.keys())
            if not sizes:
                continue
            ratio = many[sizes[-1]].median / alone[sizes[-1]].median
            buffers = {"same": "one buffer of", "offset": "one buffer, each elsewhere, of",
                       "separate": "a buffer each of"}[sharing]
            found.append(f"{pattern}: {count} threads on {buffers} {size_text(sizes[-1])} "
                         f"({backing}): an access takes {ratio:.2f} times as long as alone, so "
                         f"together they read {count / ratio:.2f} times as fast.")
    return found


def heaps(figures):
    """On which pages a heap put the buffers that it was asked for."""
    found = []
    for pattern in figures.patterns()[-1:]:
        for backing in HEAPS:
            pages = sorted(figures.pages.get(Line(pattern, 1, ALONE, backing), {}).items())
            starts = [(size, kind) for number, (size, kind) in enumerate(pages)
                      if number == 0 or pages[number - 1][1] != kind]
            words = [f"{PAGE_NAMES[kind]} from {size_text(size)} on" for size, kind in starts]
            if words:
                found.append(f"{backing} put buffers on {', '.join(words)}.")
    return found


def reading_table(figures, hardware):
    """Each pattern on each backing: within the caches, and at the end."""
    levels = [(f"{cache.name}", cache.size_bytes // 2) for cache in hardware.caches]
    rows = []
    for pattern in figures.patterns():
        base = figures.line(pattern, "base")
        for backing in figures.backings:
            points = figures.line(pattern, backing)
            if not points:
                continue
            cells = [_cell(points, size) for _, size in levels]
            last = max(points)
            start = gains_from(base, points) if backing in HUGE else None
            rows.append([f"{pattern}, {backing}", *cells, f"{_ns(points[last].median)}",
                         size_text(last), size_text(start) if start else NOTHING])
    return Table("An access in ns, one thread", "Medians. The caches: at half of their size. Gain: "
                 "from where on a backing takes at most nine tenths of the time on base pages.",
                 ["", *(f"in {name}" for name, _ in levels), "largest", "size", "gain from"], rows)


def _cell(points, size):
    """At the largest size measured that is not above."""
    below = [found for found in points if found <= size]
    return f"{points[max(below)].median:.3g}" if below else NOTHING


def allocation_table(figures, count, sharing):
    """A block of some sizes: allocated, touched and freed."""
    lines = {backing: figures.line(SUM, backing, count, sharing) for backing in figures.backings}
    sizes = sorted({size for points in lines.values() for size in points})
    shown = [size for size in sizes if size in BLOCK_SIZES or size == sizes[-1]]
    rows = [[size_text(size)] + [_ns(points[size].median) if size in points else NOTHING
                                 for points in lines.values()] for size in shown]
    who = "one thread" if count == 1 else f"{count} threads"
    return Table(f"A block, allocated, touched, freed; {who}",
                 "Sum of the medians of the three parts, per block.", ["block", *lines], rows)


def allocations(figures):
    """What of a large block's time is the touch, for each backing."""
    found = []
    for backing in figures.backings:
        total, touch = figures.line(SUM, backing), figures.line(PARTS[1], backing)
        sizes = sorted(total.keys() & touch.keys())
        if sizes:
            last = sizes[-1]
            share = touch[last].median / total[last].median
            found.append(f"a block of {size_text(last)} on {backing}: {_ns(total[last].median)}, "
                         f"{share:.0%} of it for the first touch of its pages.")
    return found


def fork_table(figures):
    """How long forks take, and what a write costs then, by 4 KB of the buffer."""
    rows = []
    for part, words in zip(FORK_PARTS, ("fork with", "write to 4 KB of")):
        lines = [figures.line(part, backing) for backing in figures.backings]
        for size in sorted({size for points in lines for size in points}):
            rows.append([f"{words} {size_text(size)}"]
                        + [_ns(points[size].median) if size in points else NOTHING
                           for points in lines])
    return Table("Fork, and then a write of the parent to each 4 KB", "Medians; what is written to "
                 "is shared with a child that waits.", ["", *figures.backings], rows)


def fastest(figures):
    """The three fastest allocators at some sizes, and where ours is."""
    found = []
    totals = {label: figures.line(SUM, label) for label in figures.backings}
    largest = max((max(points, default=0) for points in totals.values()), default=0)
    for size in dict.fromkeys([*BLOCK_SIZES, largest]):
        order = sorted((label for label in totals if size in totals[label]),
                       key=lambda label: totals[label][size].median)
        shown = [label for place, label in enumerate(order)
                 if place < FASTEST or label.startswith(allocators.OURS)]
        if shown:
            words = (f"{order.index(label) + 1}. {label} {_ns(totals[label][size].median)}"
                     for label in shown)
            found.append(f"a block of {size_text(size)}: {', '.join(words)}, of {len(order)}.")
    return found


def tables_of(figures, hardware):
    found = [reading_table(figures, hardware)]
    found += [allocation_table(figures, count, sharing)
              for count, sharing in [(1, ALONE), *figures.threads(SUM)]]
    found.append(fork_table(figures))
    return [table for table in found if table.rows]


def sentences(figures):
    found = gains(figures) + heaps(figures) + threads(figures)
    found += fastest(figures) if figures.is_comparison else allocations(figures)
    found += [f"left out: {text}" for text in figures.skipped]
    found += [f"{pattern} on {backing}: {count} runs failed: {status}"
              for (pattern, backing, status), count in figures.failures.items()]
    return found
