#!/usr/bin/python3
"""Measures libhpalloc against its peers: see README.md beside this. Run by `./dev bench` and
`hpalloc bench`."""

import argparse
import pathlib
import sys
import tempfile
import time

import allocators
import machine
import measure
import place
import progress
import ratios
import results
import rounds
import suite

ROUNDS, QUICK_ROUNDS = 5, 3
DOES = "Measures libhpalloc against its peers."
TIMEOUT_SECONDS, QUICK_TIMEOUT_SECONDS = 300, 60


def names(text):
    return text.split(",")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench", description=DOES)
    place.add_to(parser)
    parser.add_argument("--quick", action="store_true",
                        help="some minutes: less of everything, peers in their plain mode only")
    parser.add_argument("--only", type=names, default=[], metavar="NAMES",
                        help="these workloads or cases, with commas between")
    parser.add_argument("--allocators", type=names, default=[], metavar="NAMES",
                        help="these allocators or modes, e.g. hpalloc,glibc,mimalloc:thp")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="NAME=PATH",
                        help="one more to preload; behind it may stand ,VARIABLE=VALUE and ,filled "
                             "(also with a filled pool)")
    parser.add_argument("--plain", action="store_true", help="no peer on huge pages")
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS}; {QUICK_ROUNDS} with --quick")
    parser.add_argument("--output", type=pathlib.Path, metavar="DIRECTORY",
                        help="for the results; bench-results in the build directory, or here")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE",
                        help="write the tables there too")
    parser.add_argument("--again", action="store_true",
                        help="measure nothing: report on what is in the output directory")
    parser.add_argument("--list", action="store_true", help="name the cases and the modes")
    options = parser.parse_args(arguments)
    place.make_absolute(options)
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else ROUNDS
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    return options


def find_modes(options):
    modes = allocators.find(options.library, options.others, options.plain or options.quick)
    wanted = set(options.allocators)
    unknown = wanted - {mode.allocator for mode in modes} - {mode.label for mode in modes}
    if unknown:
        raise ValueError(f"no such allocator: {' '.join(sorted(unknown))}")
    if not wanted:
        return modes
    return [mode for mode in modes if wanted & {mode.allocator, mode.label}]


def measure_all(options, about):
    """Returns the rows. What cannot run is said first."""
    with tempfile.TemporaryDirectory(prefix="hp-bench-") as work:
        found = suite.Suite(options.programs, pathlib.Path(work), options.quick,
                            options.only)
        modes = find_modes(options)
        if options.list:
            print("\n".join([*(case.name for case in found.cases), "",
                             *(f"{mode.label}  {mode.missing}".rstrip() for mode in modes)]))
            sys.exit(0)
        able = sum(not mode.missing for mode in modes)
        bar = progress.Progress(len(found.cases) * (1 + options.rounds * able))
        left_out = [f"not measured: {line}" for line in found.missing]
        left_out += [f"not measured: {mode.label}: {mode.missing}" for mode in modes
                     if mode.missing]
        for line in left_out:
            bar.say(line)
        about += left_out
        found.prepare(bar.say)
        return measure_cases(options, found.cases, modes, bar)


def measure_cases(options, cases, modes, bar):
    launcher = measure.Launcher(options.programs / place.LAUNCHER,
                                QUICK_TIMEOUT_SECONDS if options.quick else TIMEOUT_SECONDS)
    options.output.mkdir(parents=True, exist_ok=True)
    writer = results.Writer(options.output / "results.csv")
    begin = time.monotonic()
    try:
        rounds.Rounds(launcher, modes, writer, bar).run(cases, options.rounds)
    except KeyboardInterrupt:
        bar.say("stopped: what was measured so far is reported")
    finally:
        bar.end()
        writer.close()
    bar.say(f"{len(cases)} cases, {options.rounds} rounds: {time.monotonic() - begin:.0f} s")
    return writer.rows


def report_all(options, rows, about):
    # Here, not above: what measures should not have loaded matplotlib.
    import report
    import tables

    found = ratios.Results(rows)
    report.write(options.output / "report.html", found, about)
    if options.markdown:
        report.write_markdown(options.markdown, found, about)
    for table in tables.for_people(found)[:4]:
        if table.rows:
            print(table.text() + "\n")
    print(f"{options.output}/report.html has the rest.")


def failures_of_ours(rows):
    """How many runs of the heap itself failed; they are named. Peers may fail: see the report."""
    failed = [row for row in rows
              if row.allocator == allocators.OURS and row.value is None and not row.is_skipped]
    for row in failed:
        print(f"bench: {row.case} on {row.label}, round {row.round}: {row.exit}", file=sys.stderr)
    return len(failed)


def main():
    options = parse(sys.argv[1:])
    try:
        if options.again:
            about = (options.output / "about.txt").read_text(encoding="utf-8").splitlines()
            rows = results.read(options.output / "results.csv")
        else:
            about = machine.describe([options.command, *place.users_arguments()])
            rows = measure_all(options, about)
            (options.output / "about.txt").write_text("\n".join(about) + "\n", encoding="utf-8")
    except (OSError, ValueError, suite.SuiteError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if not any(row.value is not None for row in rows):
        print("bench: nothing was measured", file=sys.stderr)
        return 1
    report_all(options, rows, about)
    return 1 if failures_of_ours(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
