#!/usr/bin/python3
"""Measures what reading and allocating memory costs, by size and by the pages that it stands on.

README.md beside this says what is measured. Run by `./dev bench memory` and `hpalloc bench memory`;
with --allocators or --with it compares allocators on the allocation benchmark.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import answers  # noqa: E402
import hardware  # noqa: E402
import plan  # noqa: E402
import points  # noqa: E402

import allocators  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import place  # noqa: E402
import progress  # noqa: E402
import results  # noqa: E402
import warm  # noqa: E402

ROUNDS, MILLISECONDS, REPEATS = 3, 15, 3
QUICK_MILLISECONDS = 8
TIMEOUT_SECONDS = 120
LAST_STEP = 4096
PROGRAM = pathlib.Path("memory") / "bench-memory"  # of the programs


def names(text):
    return text.split(",")


def size(text):
    try:
        return hardware.parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: not a size such as 512K, 64M or 1G") from error


def counts(text):
    return [int(word) for word in text.split(",") if word]


def parser():
    found = argparse.ArgumentParser(prog="bench memory", description=__doc__.split("\n\n")[0])
    add = found.add_argument
    place.add_to(found)
    add("--quick", action="store_true", help="less than two minutes: fewer sizes, smaller ones")
    add("--max", type=size, default=0, metavar="SIZE",
        help=f"of a buffer that is read; {plan.WALK_FACTOR} times the last cache, sequential and "
             f"with threads {plan.STREAM_FACTOR} times, as all with --quick")
    add("--patterns", type=names, default=plan.PATTERNS, metavar="NAMES",
        help=f"of {','.join(plan.PATTERNS)}")
    add("--backings", type=names, default=plan.BACKINGS, metavar="NAMES",
        help=f"of {','.join(plan.BACKINGS)}")
    add("--threads", type=counts, metavar="NUMBERS",
        help="besides one: 2, 4, ... and all processors; an empty list for none")
    add("--step", type=int, default=plan.LINE, metavar="BYTES", help="of sequential reading: 64")
    add("--allocators", type=names, default=[], metavar="NAMES",
        help="compare these on the allocation benchmark: all, or e.g. hpalloc,glibc,mimalloc:thp")
    add("--with", dest="others", action="append", default=[], metavar="NAME=PATH",
        help="one more to compare; behind it may stand ,VARIABLE=VALUE and ,filled")
    add("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS}")
    add("--ms", type=int, metavar="N",
        help=f"of one repeat, {REPEATS} a round: {MILLISECONDS}; {QUICK_MILLISECONDS} with --quick")
    add("--no-pool", action="store_true",
        help="leave the machine's pool of hugepages alone, and hugetlb out")
    add("--output", type=pathlib.Path, metavar="DIRECTORY",
        help="for CSV and pictures; bench-memory in the build directory, or here")
    add("--markdown", type=pathlib.Path, metavar="FILE", help="write tables and findings there too")
    add("--again", action="store_true", help="measure nothing: report what is in the output")
    return found


def parse(arguments):
    command = parser()
    options = command.parse_args(arguments)
    for what, chosen, known in (("pattern", options.patterns, plan.PATTERNS),
                                ("backing", options.backings, plan.BACKINGS)):
        unknown = sorted(set(chosen) - set(known))
        if unknown:
            command.error(f"no such {what}: {' '.join(unknown)}; there are {' '.join(known)}")
    if not 8 <= options.step <= LAST_STEP or options.step % 8:
        command.error(f"--step: a multiple of 8 up to {LAST_STEP}")
    if options.rounds < 1 or (options.ms is not None and options.ms < 1):
        command.error("--rounds, --ms: at least 1")
    if options.threads and not all(1 < count <= plan.THREADS_MAX for count in options.threads):
        command.error(f"--threads: 2 to {plan.THREADS_MAX}")
    place.make_absolute(options)
    if options.ms is None:
        options.ms = QUICK_MILLISECONDS if options.quick else MILLISECONDS
    if options.threads is None:
        options.threads = plan.thread_counts(len(os.sched_getaffinity(0)), options.quick)
    return options


def is_comparison(options):
    return bool(options.allocators or options.others)


def csv_of(options):
    return options.output / ("allocators.csv" if is_comparison(options) else "memory.csv")


def find_backings(options, say):
    ours = options.library
    if not is_comparison(options):
        if not ours.is_file():
            raise ValueError(f"{ours} is not built")
        return [backing for backing in plan.backings_of_course(ours, not options.no_pool)
                if backing.label in options.backings]
    modes = allocators.find(ours, options.others)
    wanted = set(options.allocators) - {"all"}
    others = {text.partition("=")[0] for text in options.others}
    unknown = wanted - {mode.allocator for mode in modes} - {mode.label for mode in modes}
    if unknown:
        raise ValueError(f"no such allocator: {' '.join(sorted(unknown))}")
    if wanted:
        wanted |= others
        modes = [mode for mode in modes if wanted & {mode.allocator, mode.label}]
    for mode in modes:
        if mode.missing:
            say(f"not measured: {mode.label}: {mode.missing}")
    return plan.backings_of_modes(modes)


def plan_of(options, found, say):
    limits = plan.Limits(options.quick, found.last_cache_bytes, options.max,
                         warm.available_mb() << 20, options.step)
    backings = find_backings(options, say)
    patterns = [plan.ALLOCATION] if is_comparison(options) else options.patterns
    return plan.Plan(limits, patterns, backings, options.threads, is_comparison(options))


def measure_all(options, found):
    """Returns the rows."""
    bar = progress.Progress(0)
    planned = plan_of(options, found, bar.say)
    options.output.mkdir(parents=True, exist_ok=True)
    bar = progress.Progress(planned.points * options.rounds)
    writer = results.Writer(csv_of(options), points.Row)
    launcher = measure.Launcher(options.programs / place.LAUNCHER, TIMEOUT_SECONDS)
    effort = points.Effort(REPEATS, options.ms, options.step)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hp-memory-") as folder:
        runner = points.Runner(launcher, options.programs / PROGRAM, pathlib.Path(folder), effort,
                               writer, bar)
        try:
            runner.run(planned, options.rounds, not options.no_pool)
        except KeyboardInterrupt:
            bar.say("stopped: what was measured so far is reported")
        finally:
            bar.end()
            writer.close()
    bar.say(f"{len(writer.rows)} figures, {options.rounds} rounds: "
            f"{time.monotonic() - begin:.0f} s")
    return writer.rows


def draw(options, figures, found):
    """Returns the paths of the pictures."""
    try:
        import pictures  # here: what measures should not have loaded matplotlib
    except ImportError as error:
        print(f"bench memory: no pictures: {error}", file=sys.stderr)
        return []
    paths = []
    prefix = "allocators-" if is_comparison(options) else ""
    for name, png in pictures.all_of(figures, found).items():
        path = options.output / f"{prefix}{name}.png"
        path.write_bytes(png)
        paths.append(path)
    return paths


def report(options, rows, found, about):
    figures = answers.Figures(rows)
    tables = answers.tables_of(figures, found)
    sentences = answers.sentences(figures)
    for table in tables:
        print(table.text() + "\n")
    print("\n".join(sentences) + "\n")
    if options.markdown:
        lines = [*(f"- {line}" for line in about), "", *(table.markdown() for table in tables),
                 *(f"- {sentence}" for sentence in sentences), ""]
        options.markdown.write_text("\n".join(lines), encoding="utf-8")
    paths = draw(options, figures, found)
    print(f"{csv_of(options)}")
    print("\n".join(map(str, paths)))


def failures_of_ours(rows):
    """Runs that failed on what is not an allocator of others."""
    return sum(row.ns_per_access is None and not row.is_skipped
               and (row.backing in plan.BACKINGS or row.backing.startswith(allocators.OURS))
               for row in rows)


def main():
    options = parse(sys.argv[1:])
    about_file = csv_of(options).with_suffix(".txt")
    try:
        found = hardware.find(options.programs / PROGRAM)
        if options.again:
            rows = results.read(csv_of(options), points.Row)
            about = about_file.read_text(encoding="utf-8").splitlines()
        else:
            about = machine.describe([options.command, *place.users_arguments()]) + found.lines()
            rows = measure_all(options, found)
            about_file.write_text("\n".join(about) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"bench memory: {error}", file=sys.stderr)
        return 1
    if not any(row.ns_per_access is not None for row in rows):
        print("bench memory: nothing was measured", file=sys.stderr)
        return 1
    report(options, rows, found, about)
    return 1 if failures_of_ours(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
