#!/usr/bin/python3
"""Runs a scenario plain and under the preload library; output and exit status must be the same.

A scenario is an executable script that gets one argument, "quick" or "full", starts in an empty
directory and prints the same text each time. Its opening comment says what it needs:
    program: NAME...    must be installed; the first one is what the scenario is about
    heap: QUICK FULL    MB that the heap of its largest process reaches at least; none: it is
                        small; "unseen" behind it: in processes that end by _exit(), of which
                        the witness does not hear
    others: QUICK FULL  MB that other users of the pool take: its own, of another kind
    replaced: by TOOL   the tool puts another malloc in the place of ours

TAP, one test point a state of the hugetlb pool: empty; full, more than the heap needs; dry, which
the heap exhausts half way. The witness (witness.c) tells that the first program really ran on the
library, and on which pages.
"""

import argparse
import dataclasses
import difflib
import os
import pathlib
import re
import shutil
import sys
import tempfile

from pool import Pool, PoolError
from runner import Runner

TIMEOUT_SECONDS = {"quick": 120, "full": 900}
SPARE_HUGEPAGES = 64  # in the full pool, for the program's other processes
LINES_SHOWN = 60
PEER_NOTE = "not libhpalloc: neither its presence nor its pages are checked"


@dataclasses.dataclass
class Header:
    programs: dict  # path by name, None where it is not installed
    heap_mb: int
    is_heap_seen: bool
    others_mb: int
    is_replaced: bool

    @classmethod
    def read(cls, scenario, size):
        text = scenario.read_text()
        names = re.search(r"^\W*program: (.*)$", text, re.M)[1].split()
        heap = re.search(r"^\W*heap: (\d+) (\d+)( unseen)?$", text, re.M)
        others = re.search(r"^\W*others: (\d+) (\d+)$", text, re.M)
        heap_mb, others_mb = (int(found[1 if size == "quick" else 2]) if found else 0
                              for found in (heap, others))
        return cls({name: shutil.which(name, path=Runner.PATH) for name in names}, heap_mb,
                   bool(heap) and not heap[3], others_mb,
                   bool(re.search(r"^\W*replaced: by ", text, re.M)))

    def program(self):
        return next(iter(self.programs.values()))

    def missing(self):
        return [name for name, path in self.programs.items() if not path]


def pool_states(header):
    """Hugepages in the pool by state; a small heap has a pool that is dry after one page."""
    heap_pages, others_pages = header.heap_mb // 2, header.others_mb // 2
    return {"empty": 0, "full": 2 * heap_pages + others_pages + SPARE_HUGEPAGES,
            "dry": others_pages + (heap_pages // 3 or 1)}


def diff(name, plain, preloaded):
    lines = difflib.unified_diff(
        plain.decode(errors="backslashreplace").splitlines(),
        preloaded.decode(errors="backslashreplace").splitlines(),
        f"{name}, plain", f"{name}, preloaded", n=1, lineterm="")
    return list(lines)


def faults_in_behaviour(plain, preloaded):
    """What the preloaded run did that the plain one did not, as lines of text."""
    faults = []
    if preloaded.hang:
        faults += ["it did not end in time; left were:"] + preloaded.hang
    elif preloaded.status != plain.status:
        faults.append(f"its status is {preloaded.status}")
    faults += diff("output", plain.out, preloaded.out)
    faults += diff("errors", plain.err, preloaded.err)
    return faults


def faults_in_pages(state, header, witness):
    """What contradicts that the heap met the pool in this state."""
    if witness.hugetlb_bytes and state == "empty":
        return ["huge pages came out of an empty pool"]
    if not header.is_heap_seen or state == "empty":
        return []
    if not witness.hugetlb_bytes:
        return [f"no page came out of the pool, with a heap of {witness.peak_bytes >> 20} MB"]
    if witness.pool_dry and state == "full":
        return ["the full pool ran out: the header's heap is too small"]
    if not witness.pool_dry and state == "dry":
        return ["the pool never ran dry: the header's heap is too large"]
    return []


def faults_in_witness(state, header, preloaded):
    witness = preloaded.witness
    if header.is_replaced:
        owned = witness.saw(header.program())
        return [f"{header.program()} ran on the library, which was to be replaced"] if owned else []
    if not witness.saw(header.program()):
        return [f"{header.program()} did not run on the library; preloaded were: {witness.seen()}"]
    return [] if preloaded.hang else faults_in_pages(state, header, witness)


def describe(plain, preloaded, peer):
    witness = preloaded.witness
    pages = PEER_NOTE if peer else (f"largest heap {witness.peak_bytes >> 20} MB, "
                                    f"{witness.hugetlb_bytes >> 20} MB taken from the pool")
    return (f"{witness.processes()} processes, {preloaded.seconds:.1f} s, "
            f"plain {plain.seconds:.1f} s; {pages}")


def print_point(number, name, faults, note):
    print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    for line in [*faults[:LINES_SHOWN], note]:
        print(f"# {line}")
    sys.stdout.flush()


def print_failure_of_plain(runner, plain):
    print("1..1")
    text = plain.out.decode(errors="replace") + plain.err.decode(errors="replace")
    print_point(1, f"{runner.name}, plain", plain.hang + text.splitlines(),
                f"the scenario fails by itself, with status {plain.status}")


def compare(runner, header, peer):
    """Prints the test points; returns how many failed."""
    # Plain, only users of huge pages of their own have to do with the pool: others wait less.
    plain = None if header.others_mb else runner.run_plain()
    with Pool() as pool:
        plain = plain or runner.run_plain()
        if plain.status or plain.hang:
            print_failure_of_plain(runner, plain)
            return 1

        states = pool_states(header)
        print(f"1..{len(states)}")
        failed = 0
        for number, (state, hugepages) in enumerate(states.items(), 1):
            name = f"{runner.name}, {state} pool"
            try:
                pool.set(hugepages)
            except PoolError as reason:
                print(f"ok {number} - {name} # SKIP {reason}", flush=True)
                continue
            preloaded = runner.run_preloaded()
            faults = faults_in_behaviour(plain, preloaded)
            if not peer:
                faults += faults_in_witness(state, header, preloaded)
            print_point(number, name, faults, describe(plain, preloaded, peer))
            failed += bool(faults)
        return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", type=pathlib.Path)
    parser.add_argument("--library", type=pathlib.Path, required=True, help="what to preload")
    parser.add_argument("--witness", type=pathlib.Path, required=True, help="libhp-witness.so")
    parser.add_argument("--size", choices=TIMEOUT_SECONDS, default="quick")
    parser.add_argument("--peer", action="store_true",
                        help="the library is another malloc: is the scenario itself sound?")
    options = parser.parse_args()

    header = Header.read(options.scenario, options.size)
    if header.missing():
        print(f"1..0 # SKIP not installed: {' '.join(header.missing())} "
              "(see tests/preload/packages.txt)")
        return 0
    with tempfile.TemporaryDirectory(prefix="hp-preload-") as directory:
        os.chmod(directory, 0o755)  # servers change their user
        runner = Runner(options, pathlib.Path(directory), TIMEOUT_SECONDS[options.size])
        return 1 if compare(runner, header, options.peer) else 0


if __name__ == "__main__":
    sys.exit(main())
