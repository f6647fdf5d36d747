#!/usr/bin/python3
"""Tests the program of the memory benchmark, and its command by short runs.

Usage: selftest_runs.py BUILD TESTS_OF_TOOLS [OPTIONS OF THE RUNS...]
"""

import pathlib
import subprocess
import sys
import tempfile

import checks
from checks import HERE

import machine
import plan
import points
import results
from tap import Skip, expect, main, test

BUILD = pathlib.Path(sys.argv[1])
LIBRARY = BUILD / "src" / "libhpalloc-preload.so"
OPTIONS = sys.argv[3:]
PROGRAM = BUILD / "benchmarks" / "memory" / "bench-memory"
SECONDS = 300


def measured(*options):
    done = subprocess.run([str(PROGRAM), "--ms=1", "--repeats=3", *options], capture_output=True,
                          text=True, check=False, timeout=SECONDS)
    return done, {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}


@test
def program():
    """the program measures each pattern, with threads, and knows what its memory stands on"""
    for pattern in plan.READING:
        for options in ([], ["--threads=2", "--sharing=offset"],
                        ["--threads=3", "--sharing=separate", "--backing=base"]):
            done, values = measured(f"--pattern={pattern}", "--bytes=99968", *options)
            expect(done.returncode, 0, f"{pattern} {options}: {done.stderr}")
            assert 0 < values[f"{pattern}.least"] <= values[pattern] <= values[f"{pattern}.most"]
            expect((values[f"{pattern}.hugetlb"], values[f"{pattern}.thp"]), (0, 0))
    done, values = measured("--pattern=allocation", "--bytes=5000", "--threads=2")
    assert all(values[part] > 0 for part in plan.PARTS), done
    done, values = measured("--pattern=fork", "--bytes=1000000", "--backing=base")
    assert all(values[part] > 0 for part in plan.FORK_PARTS), done
    done, values = measured("--pattern=sequential", "--step=4096", "--bytes=1000000",
                            "--backing=thp")
    if has_thp():
        expect(values["sequential.thp"], 1)
    # A chain of which only a part were walked would be a cache's: it would be too fast by far.
    assert measured("--pattern=chase", "--bytes=4194304")[1]["chase"] > \
        2 * measured("--pattern=chase", "--bytes=4096")[1]["chase"]
    if pathlib.Path("/proc/sys/vm/nr_overcommit_hugepages").read_text() == "0\n":
        huge = str(1 << 46)  # no pool has it
        expect(measured("--backing=hugetlb", "--bytes", huge)[0].returncode, int(points.NO_PAGES))
    for wrong in ("--pattern=none", "--backing=none", "--bytes=64x", "--bytes=64", "--step=12"):
        assert measured(wrong)[0].returncode != 0, wrong


def has_thp():
    return machine.selected(machine.THP) in ("always", "madvise")


def run(folder, *options):
    done = subprocess.run(
        [sys.executable, HERE / "run.py", "./dev bench memory", BUILD / "benchmarks", LIBRARY,
         folder, *options, *OPTIONS],
        capture_output=True, text=True, check=False, timeout=SECONDS)
    expect(done.returncode, 0, done.stdout + done.stderr)
    return done


def check_pictures(output, wanted):
    checks.pictures_module()
    for name in wanted:
        checks.check_png((output / f"{name}.png").read_bytes())


def check_pages(rows):
    """A line is called after what it stands on. The kernel may lack a huge page now and then."""
    for one in rows:
        if one.backing == "hugetlb":
            expect(one.hugetlb_share, 1, one)
        if one.backing == "base":
            expect((one.hugetlb_share, one.thp_share), (0, 0), one)
    huge = [one.thp_share == 1 for one in rows if one.backing == "thp"]
    if has_thp():
        assert sum(huge) > len(huge) / 2, rows


@test
def short_run():
    """a short run leaves every figure of its plan, pictures, and words; the same once more"""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder)
        done = run(folder, "--quick", "--max", "64K", "--rounds", "1", "--ms", "1",
                   "--threads", "2", "--markdown", str(output / "found.md"))
        rows = results.read(output / "memory.csv", points.Row)
        seen = {(one.pattern, one.threads, one.sharing, one.backing, one.size_kib) for one in rows}
        expect(len(seen), len(rows), "rows of one round")
        wanted = {(pattern, 1, plan.ALONE, backing, 64.0)
                  for pattern in [*plan.READING, *plan.PARTS] for backing in plan.BACKINGS}
        wanted |= {(part, 1, plan.ALONE, backing, 1024.0)
                   for part in plan.FORK_PARTS for backing in plan.BACKINGS}
        wanted |= {("sequential", 2, sharing, backing, 64.0)
                   for sharing in plan.SHARINGS for backing in ("base", "thp")}
        assert wanted <= seen, wanted - seen
        expect(min(one.size_kib for one in rows if one.pattern == "chase"), 1.0)
        for one in rows:
            if one.is_skipped:
                expect(one.backing, "hugetlb", one)
                continue
            assert one.exit == "0" and one.peak_kib > 500, one
            assert 0 < one.ns_least <= one.ns_per_access <= one.ns_most, one
        check_pages([one for one in rows if not one.is_skipped])
        assert "gain" in done.stdout and "A block, allocated, touched, freed" in done.stdout
        assert "| chase, base |" in (output / "found.md").read_text(), "tables"
        check_pictures(output, ["patterns", "chase", "chase-linear", "threads-sequential",
                                "allocation", "allocation-parts-2-threads"])
        expect(run(folder, "--again").stdout, done.stdout)


@test
def accounting():
    """the pool is counted as doc/huge-pages.md says, line by line"""
    import rounds
    if "--no-pool" in OPTIONS:
        raise Skip("--no-pool")
    with rounds.MachinePool() as machine:
        reason = machine.set(16)
        if reason:
            raise Skip(reason)
        done = subprocess.run([sys.executable, str(HERE / "accounting.py")], capture_output=True,
                              text=True, check=False, timeout=SECONDS)
    expect(done.returncode, 0, done.stderr)
    said = (HERE.parent.parent / "doc" / "huge-pages.md").read_text(encoding="utf-8")
    for line in done.stdout.splitlines():
        assert line in said, f"not in the document: {line}"


@test
def short_comparison():
    """a comparison measures the allocators named, and any other library"""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder)
        run(folder, "--quick", "--max", "64K", "--rounds", "1", "--ms", "1", "--threads", "",
            "--allocators", "glibc", "--with", f"other={LIBRARY},HPALLOC_BACKING=base")
        rows = results.read(output / "allocators.csv", points.Row)
        expect({one.backing for one in rows}, {"glibc", "glibc:thp", "glibc:hugetlb", "other"})
        assert all(one.exit == "0" and one.ns_per_access > 0 for one in rows
                   if one.backing in ("glibc", "other")), rows
        check_pictures(output, ["allocators-allocation", "allocators-allocation-parts"])


sys.exit(main())
