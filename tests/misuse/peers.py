#!/usr/bin/python3
"""Runs the programs of this folder under any malloc, and prints what came of each as a table.

Usage: peers.py BUILD [--runs N] [--only PATTERN]... [--said]
                [--with NAME=PATH[,VARIABLE=VALUE...]]...

BUILD has the programs (`ninja -C BUILD misuse-programs`). Each --with is a column: a library to
preload, no PATH for the C library's own malloc, and the environment it is to read. Without any the
columns are this library, plain and with HPALLOC_HARDEN=1.

    at once      the process was ended before its main was over
    later        ... after that, while it went on using the heap
    at exit      ... after that
    fault        the program's own touch of memory was SIGSEGV
    crash        the malloc itself was SIGSEGV: a broken heap, not a check
    said         the malloc wrote a line, and the program went on
    no           nothing of these
    -            the malloc has no such function

Where a source says "ends with: STATUS WORD, ...", the word stands for "no". Of several runs that
differ each outcome is counted.
"""

import argparse
import collections
import dataclasses
import fnmatch
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

SOURCES = pathlib.Path(__file__).resolve().parent / "programs"
ONLOOKER = "tests/misuse/libmisuse-onlooker.so"
SECONDS = 60
ENDS = re.compile(r"/\* ends with: (.*?) \*/", re.DOTALL)
# Under the library alone, with a block in a place of its own.
LEFT_OUT = "guarded_"
NOTICED = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL}
FAULTS = {signal.SIGSEGV, signal.SIGBUS}


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    library: str  # "" for the C library
    environment: dict


@dataclasses.dataclass(frozen=True)
class Outcome:
    word: str
    said: str


def peer_of(text):
    """NAME=PATH[,VARIABLE=VALUE...] as a Peer."""
    name, equals, rest = text.partition("=")
    path, *settings = rest.split(",")
    if not (name and equals and all("=" in setting for setting in settings)):
        raise argparse.ArgumentTypeError(f"{text}: not NAME=PATH[,VARIABLE=VALUE...]")
    if path and not os.path.isfile(path):
        raise argparse.ArgumentTypeError(f"{path} is no file")
    environment = dict(setting.split("=", 1) for setting in settings)
    return Peer(name, os.path.realpath(path) if path else "", environment)


def ours(build):
    library = str(build / "src/libhpalloc-preload.so")
    plain = {"HPALLOC_BACKING": "thp"}
    return [Peer("always", library, plain),
            Peer("hardened", library, {**plain, "HPALLOC_HARDEN": "1"})]


def words_of(source):
    """What the program's exit statuses mean, {status: word}."""
    found = ENDS.search(source.read_text())
    if not found:
        return {}
    pairs = (part.split(None, 1) for part in found[1].replace("\n * ", " ").split(", "))
    return {int(status): word for status, word in pairs}


def how_far(marks):
    """How many of the onlooker's two marks were reached."""
    return ("main is over" in marks) + ("went on" in marks)


def outcome_of(status, stderr, peer, words):
    lines = stderr.decode(errors="replace").splitlines()
    marks = [line.partition(": ")[2] for line in lines if line.startswith("onlooker: ")]
    said = " / ".join(line for line in lines if line and not line.startswith("onlooker: "))
    if "no such function" in marks:
        return Outcome("-", said)
    when = ("at once", "later", "at exit")[how_far(marks)]
    if -status in NOTICED:
        return Outcome(when, said)
    if -status in FAULTS:
        broken = f"fault in {re.escape(peer.library)}" if peer.library else "fault in .*/libc.so.*"
        is_broken = any(re.fullmatch(broken, mark) for mark in marks)
        word = "crash" if is_broken else "fault"
        return Outcome(word if when == "at once" else f"{word} {when}", said)
    if status < 0:
        return Outcome(f"killed by {signal.Signals(-status).name}", said)
    return Outcome("said" if said else words.get(status, "no"), said)


def without_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(onlooker, program, peer, words):
    preloads = [str(onlooker), peer.library] if peer.library else [str(onlooker)]
    environment = {"PATH": os.environ["PATH"], "LD_PRELOAD": " ".join(preloads),
                   **peer.environment}
    try:
        result = subprocess.run([program], env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                timeout=SECONDS, preexec_fn=without_core, check=False)
    except subprocess.TimeoutExpired:
        return Outcome("hangs", "")
    return outcome_of(result.returncode, result.stderr, peer, words)


def cell(outcomes):
    """One word where all runs agree, else each with its count, the commonest first."""
    counts = collections.Counter(outcome.word for outcome in outcomes).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return ", ".join(f"{word} {count} of {len(outcomes)}" for word, count in counts)


def programs(build, patterns):
    """(name, executable, source) of all programs that are to run."""
    found = []
    for source in sorted(SOURCES.glob("*.c*")):
        name = source.stem
        if name.startswith(LEFT_OUT):
            continue
        if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns or ["*"]):
            continue
        executable = build / "tests/misuse" / f"misuse_{name}"
        if not executable.is_file():
            sys.exit(f"{executable} is not built: ninja -C {build} misuse-programs")
        found.append((name, executable, source))
    if not found:
        sys.exit("no program has such a name")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--said", action="store_true", help="what each malloc said, too")
    parser.add_argument("--with", dest="peers", action="append", type=peer_of, metavar="NAME=PATH")
    args = parser.parse_args()
    build = args.build.resolve()
    peers = args.peers or ours(build)
    chosen = programs(build, args.only)
    print("| program |", " | ".join(peer.name for peer in peers), "|")
    print("|---|" + "---|" * len(peers))
    for name, executable, source in chosen:
        words = words_of(source)
        of_peers = [[run(build / ONLOOKER, executable, peer, words) for _ in range(args.runs)]
                    for peer in peers]
        print(f"| `{name}` |", " | ".join(cell(outcomes) for outcomes in of_peers), "|",
              flush=True)
        for peer, outcomes in zip(peers, of_peers):
            for said in sorted({outcome.said for outcome in outcomes}) if args.said else ():
                print(f"    {peer.name}: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
