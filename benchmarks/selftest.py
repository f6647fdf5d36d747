#!/usr/bin/python3
"""Tests the runner: its statistics on made-up results, and one short run.

Usage: selftest.py BUILD TESTS_OF_TOOLS
"""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.append(sys.argv[2])

import ratios
import results
import suite
import tables
from tap import Skip, expect, main, test

RUNNER = pathlib.Path(__file__).resolve().parent / "run.py"
BUILD = pathlib.Path(sys.argv[1])
PLACE = ["./dev bench", BUILD / "benchmarks", BUILD / "src" / "libhpalloc-preload.so", BUILD]
SECONDS = 300


def row(case, mode, number, value, unit="ns", **changes):
    """A row of the workload `w`, or of what stands before a `/` in the name of the case."""
    workload, _, name = case.rpartition("/")
    allocator, _, mode = mode.partition(":")
    fields = {"workload": workload or "w", "case": name, "metric": name, "peak_kib": 1024,
              "exit": "0", **changes}
    return results.Row(allocator=allocator, mode=mode or "plain", round=number, value=value,
                       unit=unit, **fields)


def results_of(medians):
    """{(case, label): values of the rounds} as Results."""
    return ratios.Results([row(case, label, number, value)
                           for (case, label), values in medians.items()
                           for number, value in enumerate(values, 1)])


def expect_near(value, expected):
    assert abs(value - expected) < 1e-9, f"got {value}, expected {expected}"


@test
def geometric_means():
    """the geometric mean is one of workloads, each counted once"""
    expect_near(ratios.geometric_mean([2, 8]), 4)
    assert ratios.geometric_mean([]) != ratios.geometric_mean([]), "NaN of nothing"
    found = results_of({("a/one", "hpalloc:empty"): [4], ("a/one", "glibc"): [1],
                        ("a/two", "hpalloc:empty"): [4], ("a/two", "glibc"): [1],
                        ("b/three", "hpalloc:empty"): [1], ("b/three", "glibc"): [1]})
    by_key = ratios.ratios(found.times, "hpalloc:empty", "glibc")
    expect(sorted(by_key.values()), [1, 4, 4])
    expect_near(ratios.mean_of_workloads(by_key), 2)


@test
def intervals():
    """quartiles, and whether two intervals are separate"""
    expect(ratios.quartiles([5, 1, 2, 4, 3]), (2, 4))
    expect(ratios.quartiles([7]), (7, 7))
    low = ratios.Spread([1, 2, 3, 4, 5], "ns")
    high = ratios.Spread([4.5, 5.5, 6, 7, 8], "ns")
    expect((high.is_above(low), high.is_all_above(low), low.is_above(high)), (True, False, False))
    higher = ratios.Spread([6, 7, 8, 9, 10], "ns")
    expect(higher.is_all_above(low), True)
    expect(ratios.Spread([9], "ns").is_above(ratios.Spread([1], "ns")), False)


@test
def oracle():
    """the best peer of each figure, and the losses to it, worst first"""
    found = results_of({("one", "hpalloc:empty"): [3, 3, 3], ("one", "glibc"): [2, 2, 2],
                        ("one", "tbb"): [9, 9, 9],
                        ("two", "hpalloc:empty"): [6, 6, 6], ("two", "glibc"): [5, 5, 5],
                        ("two", "tbb"): [3, 3, 3],
                        ("three", "hpalloc:empty"): [1], ("three", "tbb"): [1]})
    found_losses = ratios.losses(found.times, "hpalloc:empty", found.peers(), 1.1)
    expect([(loss.key.case, loss.peer, loss.ratio, loss.is_all_separate)
            for loss in found_losses], [("two", "tbb", 2, True), ("one", "glibc", 1.5, True)])
    base = ratios.median_of(["glibc", "tbb", "absent"])
    expect(sorted(ratios.ratios(found.times, "hpalloc:empty", base).values()),
           [3 / 5.5, 1, 6 / 4])


@test
def rivals():
    """an empty pool is compared with modes that need none"""
    found = results_of({("one", label): [1] for label in
                        ("hpalloc:empty", "hpalloc:filled", "glibc", "glibc:thp", "tbb:hugetlb")})
    expect(found.rivals("hpalloc:empty"), ["glibc", "glibc:thp"])
    expect(found.rivals("hpalloc:filled"), ["glibc", "glibc:thp", "tbb:hugetlb"])
    expect(found.plain_peers(), ["glibc"])


@test
def failed_runs():
    """a mode that failed once has no figure for the case, and is shown"""
    found = ratios.Results([row("one", "tbb", 1, 5.0), row("one", "glibc", 1, 5.0),
                            row("one", "tbb", 2, None, "", metric="", exit="139"),
                            row("one", "hpalloc:filled", 1, None, "", exit="skipped: no root")])
    expect([list(spreads) for spreads in found.times.values()], [["glibc"]])
    expect(tables.failures(found).rows,
           [["one", "tbb", "139", "1"], ["all", "hpalloc:filled", "skipped: no root", "–"]])
    expect(tables.with_all_figures(found)[0].rows[0][1:], ["–", "failed", "5 ±0%"])


@test
def units():
    """times, memory and what is neither are apart"""
    found = ratios.Results([row("one", "glibc", 1, 5.0, "ms"), row("two", "glibc", 1, 5.0, "MB"),
                            row("three", "glibc", 1, 5.0, "threads")])
    cases = [[key.case for key in table] for table in (found.times, found.held, found.others)]
    expect(cases, [["one"], ["two"], ["three"]])


@test
def written_rows():
    """what is written as CSV is read again"""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "results.csv")
        writer = results.Writer(path)
        for one in (row("one", "tbb", 1, 0.125), row("two", "tbb:thp", 2, None, exit="timeout")):
            writer.add(one)
        writer.close()
        expect(results.read(path), writer.rows)


@test
def all_workloads():
    """each workload that there is, is measured"""
    sources = {path.stem for path in (RUNNER.parent / "workloads").glob("*.c")}
    expect(sources - {"main", "workload"}, set(suite.WORKLOADS))


@test
def short_run():
    """a run of one workload leaves rows, tables, and a page with plots"""
    try:
        import matplotlib  # noqa: F401
    except ImportError as reason:
        raise Skip(reason) from reason
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder)
        done = subprocess.run(
            [sys.executable, RUNNER, *PLACE, "--quick", "--only", "lifo", "--rounds", "1",
             "--output", folder, "--markdown", str(output / "tables.md")],
            capture_output=True, text=True, check=False, timeout=SECONDS)
        expect(done.returncode, 0, done.stderr)
        rows = results.read(output / "results.csv")
        measured = {one.label for one in rows if one.value is not None}
        assert {"glibc", "hpalloc:empty"} <= measured or any(one.is_skipped for one in rows), rows
        for one in rows:
            assert one.is_skipped or (one.exit == "0" and one.value > 0 and one.unit == "ns"
                                      and one.peak_kib > 500), one
        page = (output / "report.html").read_text()
        assert len(re.findall(r'src="data:image/png;base64,iVBOR', page)) >= 3, "plots"
        assert not re.search(r'(src|href)="(?!data:)', page), "the page needs another file"
        assert "| lifo-64 |" in (output / "tables.md").read_text(), "tables"
        assert "Ours against each peer" in done.stdout, done.stdout


sys.exit(main())
