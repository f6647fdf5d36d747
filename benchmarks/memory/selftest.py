#!/usr/bin/python3
"""Tests the memory benchmark on made-up figures: its plan, its words, its pictures.

Usage: selftest.py BUILD TESTS_OF_TOOLS
"""

import pathlib
import sys
import tempfile

from checks import check_png, pictures_module

import answers
import hardware
import plan
import points
import results
from hardware import KIB, MIB, Hardware, Mark, Tlb
from tap import expect, main, test

COLOUR_PIXELS = 200  # of a line that is to be seen
MACHINE = Hardware((Mark("L1", 32 * KIB), Mark("L2", MIB), Mark("L3", 8 * MIB)),
                   (Tlb(1, 4 * KIB, 64), Tlb(2, 4 * KIB, 1024), Tlb(1, 2 * MIB, 32)))


def row(pattern, size, backing, ns, number=1, threads=1, sharing=plan.ALONE, status="0"):
    return points.Row(size / KIB, pattern, threads, sharing, backing, ns, ns, ns, 0.0, 0.0, 0,
                      number, 1024, status)


def rows_of(pattern, backing, values, **more):
    """{bytes: values of the rounds} as rows."""
    return [row(pattern, size, backing, ns, number, **more) for size, found in values.items()
            for number, ns in enumerate(found, 1)]


@test
def sizes():
    """sizes go up to the most, by twos or fours, and half way between"""
    expect(plan.powers(KIB, 8 * KIB), [KIB, 2 * KIB, 4 * KIB, 8 * KIB])
    expect(plan.powers(KIB, 5 * KIB, 4), [KIB, 4 * KIB, 5 * KIB])
    expect(plan.with_halves([KIB, 2 * KIB, 4 * KIB]), [1024, 1536, 2048, 3072, 4096])
    limits = plan.Limits(False, 32 * MIB, 0, 24 << 30, 64)
    expect((limits.walk(), limits.stream(), limits.block()), (1 << 30, 128 * MIB, 64 * MIB))
    large = plan.Limits(False, 32 * MIB, 1 << 30, 24 << 30, 64)
    expect((large.walk(), large.stream(), large.block(), large.fork()),
           (1 << 30, 1 << 30, 64 * MIB, 256 * MIB))
    small = plan.Limits(True, 32 * MIB, 0, 256 * MIB, 64)
    expect((small.walk(), small.stream(2), small.block()), (64 * MIB, 32 * MIB, 16 * MIB))
    expect(plan.Limits(True, 0, 64 * KIB, 24 << 30, 64).walk(), 64 * KIB)
    expect([plan.thread_counts(*what) for what in ((1, False), (2, True), (6, False), (6, True))],
           [[], [2], [2, 4, 6], [6]])
    expect([hardware.parse_size(text) for text in ("64", "1K", "128M", "1g")],
           [64, KIB, 128 * MIB, 1 << 30])
    expect([hardware.size_text(size) for size in (64, 1536, 32 * MIB)], ["64 B", "1.5 KB", "32 MB"])


@test
def plan_of_the_course():
    """every pattern on every backing, alone; threads in each sharing; the pool holds it"""
    limits = plan.Limits(False, 8 * MIB, 0, 24 << 30, 64)
    found = plan.Plan(limits, plan.PATTERNS, plan.backings_of_course("x.so"), [2])
    alone = [series for series in found.series if series.threads == 1]
    expect([series.pattern for series in alone], plan.PATTERNS)
    for series in found.series:
        expect([backing.label for group in series.groups for backing in group.backings],
               plan.BACKINGS)
        holds = series.groups[0].pool_mb * MIB
        buffers = series.threads if series.sharing == "separate" else 1
        assert holds > buffers * max(series.sizes), series
    expect([(series.pattern, series.sharing) for series in found.series if series.threads == 2],
           [(pattern, sharing) for pattern in ("sequential", "chase") for sharing in plan.SHARINGS]
           + [(plan.ALLOCATION, "separate")])
    mapped = next(backing for backing in plan.backings_of_course("x.so") if backing.kind == "thp")
    allocation, fork = alone[-2:]
    expect(min(plan.sizes_for(allocation, mapped)), plan.LEAST_MAPPING)
    assert fork.groups[0].pool_mb * MIB > 2 * max(fork.sizes), "what is written is copied"


@test
def plan_of_a_comparison():
    """allocators that want the pool run while it is filled, the others while it is empty"""
    import allocators
    modes = [allocators.Mode("hpalloc", "empty", "x.so"), allocators.Mode("tbb", "hugetlb", "y.so"),
             allocators.Mode("tbb", "plain", "y.so"), allocators.Mode("no", "plain", missing="!")]
    limits = plan.Limits(True, 8 * MIB, 0, 24 << 30, 64)
    found = plan.Plan(limits, [plan.ALLOCATION], plan.backings_of_modes(modes), [2], True)
    for series in found.series:
        empty, filled = series.groups
        expect([backing.label for backing in empty.backings], ["hpalloc:empty", "tbb"])
        expect([backing.label for backing in filled.backings], ["tbb:hugetlb"])
        expect((empty.pool_mb, filled.pool_mb >= 64), (0, True))


@test
def translations():
    """what AMD and Intel say of their TLB; caches as the kernel lists them"""
    amd = ("cpuid 80000005 0 ff48ff40 ff48ff40 20080140 20080140\n"
           "cpuid 80000006 0 5c002200 6c004200 4006140 a009140")
    expect([(tlb.level, tlb.page_bytes, tlb.entries) for tlb in hardware.tlbs(amd)],
           [(1, 4096, 72), (2, 4096, 3072), (1, 2 * MIB, 72), (2, 2 * MIB, 3072)])
    intel = ("cpuid 18 0 8 0 0 0\n"
             "cpuid 18 1 0 40001 10 21\n"  # data, level 1, 4 ways, 16 sets, 4 KB
             "cpuid 18 2 0 40002 8 22\n"  # instructions
             "cpuid 18 3 0 10003 10 25\n"  # stores only
             "cpuid 18 4 0 c0003 80 43\n"  # unified, level 2, 12 ways, 128 sets, 4 KB and 2 MB
             "cpuid 80000005 0 0 0 0 0\ncpuid 80000006 0 0 0 1006040 0")
    expect([(tlb.level, tlb.page_bytes, tlb.entries) for tlb in hardware.tlbs(intel)],
           [(1, 4096, 64), (2, 4096, 1536), (2, 2 * MIB, 1536)])
    expect(hardware.tlbs(""), ())
    with tempfile.TemporaryDirectory() as folder:
        for number, (level, kind, size) in enumerate(
                [("1", "Data", "32K"), ("1", "Instruction", "32K"), ("3", "Unified", "8192K")]):
            index = pathlib.Path(folder, f"index{number}")
            index.mkdir()
            for name, text in (("level", level), ("type", kind), ("size", size)):
                (index / name).write_text(text + "\n")
        expect(hardware.caches(pathlib.Path(folder)), (Mark("L1", 32 * KIB), Mark("L3", 8 * MIB)))


@test
def gains():
    """a gain is claimed from where it lasts to the end, and not for what the rounds do not hold"""
    base = {MIB: [10, 10, 10], 2 * MIB: [20, 20, 20], 4 * MIB: [40, 40, 40], 8 * MIB: [80, 80, 80]}
    cases = {
        "from 4 MB on; at 8 MB 40 ns instead of 80 ns, 50% less": [10, 19, 30, 40],
        "at every size; at 8 MB": [8, 15, 30, 40],
        "gains at some sizes, the most at 2 MB (50% less), but not to the end": [10, 10, 40, 79],
        "gains a tenth at no size; at 8 MB 88 ns instead of 80 ns, 10% more": [10, 20, 40, 88],
    }
    for words, medians in cases.items():
        other = {size: [ns] * 3 for size, ns in zip(base, medians)}
        figures = answers.Figures(rows_of("chase", "base", base) + rows_of("chase", "thp", other))
        sentence, = answers.gains(figures)
        assert words in sentence, sentence
    wild = {size: [5, 5, 200] for size in base}  # the median is a gain, its quartiles are not
    figures = answers.Figures(rows_of("chase", "base", base) + rows_of("chase", "thp", wild))
    assert "at no size" in answers.gains(figures)[0], answers.gains(figures)


@test
def figures_of_rows():
    """a point that failed in one round has no figure; parts add up; what was left out is said"""
    rows = rows_of("chase", "base", {KIB: [1, 2, 9], 2 * KIB: [1, 1, None]})
    rows += [row("chase", KIB, "hugetlb", None, status="skipped: no root")]
    for part, ns in zip(plan.PARTS, (1.0, 10.0, 100.0)):
        rows += rows_of(part, "malloc", {64: [ns] * 3})
    figures = answers.Figures(rows)
    expect({size: point.median for size, point in figures.line("chase", "base").items()}, {KIB: 2})
    expect(figures.line(answers.SUM, "malloc")[64].median, 111)
    expect(figures.backings, ["malloc", "base", "hugetlb"])
    said = " ".join(answers.sentences(figures))
    assert "left out: hugetlb: 1 of 1 rows skipped: no root" in said and "failed" in said, said
    table = answers.allocation_table(figures, 1, plan.ALONE)
    expect(table.rows, [["64 B", "111 ns", "–", "–"]])


@test
def compared_allocators():
    """of allocators the fastest are named, and ours; pictures are of ratios"""
    rows = []
    for place, label in enumerate(["tbb", "mine", "glibc", "hpalloc:empty", "tcmalloc"], 1):
        for part in plan.PARTS:
            rows += rows_of(part, label, {64: [place] * 2, 2 * MIB: [place * 1e5] * 2})
    figures = answers.Figures(rows)
    expect(figures.backings, ["hpalloc:empty", "glibc", "tcmalloc", "tbb", "mine"])
    expect(answers.fastest(figures)[0], "a block of 64 B: 1. tbb 3 ns, 2. mine 6 ns, "
           "3. glibc 9 ns, 4. hpalloc:empty 12 ns, of 5.")
    for png in pictures_module().all_of(figures, MACHINE).values():
        check_png(png)


@test
def pages_of_heaps():
    """what a heap's buffers stood on is said by size"""
    rows = [row("chase", size, "hpalloc", 1.0) for size in (KIB, 2 * KIB, MIB, 64 * MIB)]
    for one, (hugetlb, thp) in zip(rows, ((0.0, 0.0), (0.0, 0.1), (0.9, 0.1), (0.2, 0.8))):
        one.hugetlb_share, one.thp_share = hugetlb, thp
    expect(answers.heaps(answers.Figures(rows)),
           ["hpalloc put buffers on base pages from 1 KB on, pages of the pool from 1 MB on, "
            "transparent huge pages from 64 MB on."])


@test
def threads():
    """what threads cost each other is a ratio to one alone"""
    figures = answers.Figures(rows_of("sequential", "base", {MIB: [2, 2]}) + rows_of(
        "sequential", "base", {MIB: [3, 3]}, threads=2, sharing="separate"))
    sentence, = answers.threads(figures)
    assert "1.50 times as long as alone" in sentence and "1.33 times as fast" in sentence, sentence


def made_up_rows():
    rows = []
    for number, backing in enumerate(plan.BACKINGS, 1):
        values = {size: [size / KIB * number, size / KIB * number + 1, size / KIB * number]
                  for size in plan.powers(4 * KIB, 64 * MIB)}
        for pattern in [*plan.READING, *plan.PARTS, *plan.FORK_PARTS]:
            rows += rows_of(pattern, backing, values)
        for sharing in plan.SHARINGS:
            rows += rows_of("sequential", backing, values, threads=2, sharing=sharing)
    return rows


@test
def pictures_show_the_lines():
    """each picture is a valid PNG; the lines of all backings and the marks are to be seen"""
    pictures = pictures_module()
    import io
    import matplotlib.colors
    import matplotlib.image
    figures = answers.Figures(made_up_rows())
    found = pictures.all_of(figures, MACHINE)
    expect(sorted(found), sorted(
        ["patterns", "threads-sequential", "allocation", "allocation-parts", "fork", *plan.READING,
         *(f"{pattern}-linear" for pattern in plan.READING)]))
    for png in found.values():
        check_png(png)
    for name in ("chase", "chase-linear", "allocation", "allocation-parts", "fork"):
        shown = matplotlib.image.imread(io.BytesIO(found[name]))[:, :, :3]
        for backing in plan.BACKINGS:
            colour = matplotlib.colors.to_rgb(pictures.COLOURS[backing])
            count = (abs(shown - colour).max(axis=2) < 0.02).sum()
            assert count > COLOUR_PIXELS, f"{name}: {count} pixels of {backing}"
    without = pictures.reading(figures, Hardware((), ()), "chase", True)
    assert without != found["chase"] != found["chase-linear"], "marks, and two scales"
    assert pictures.reading(answers.Figures([]), MACHINE, "chase", True) is None, "nothing to draw"


@test
def written_rows():
    """what is written as CSV is read again, to the six digits that are written"""
    rows = [row("chase", 16, "thp", 0.125), row("page", 1536 * MIB, "base", None, status="-7")]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "memory.csv")
        writer = results.Writer(path, points.Row)
        for one in rows:
            writer.add(one)
        writer.close()
        assert path.read_text().startswith("size_kib,pattern,threads,sharing,backing,ns_per_access")
        expect(results.read(path, points.Row), rows)


sys.exit(main())
