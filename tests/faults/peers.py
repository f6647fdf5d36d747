#!/usr/bin/python3
"""Brings the faults of doc/reliability.md about under any malloc, and prints what came of each.

Usage: peers.py BUILD [--runs N] [--only PATTERN]... [--check]
                [--with NAME=PATH[,VARIABLE=VALUE...][,filled]]...

BUILD has the program (`ninja -C BUILD tests/faults/faults`). Columns are this library, the mallocs
that are installed, each in its plain mode and in those on huge pages, and what --with adds, as in
benchmarks/run.py. Faults of the pool need root and run in the modes that use the pool; their other
mode is "filled". With --check it prints TAP: this library is to survive them all, and the C
library's malloc on the pool is not to survive most, which shows that they come about.
"""

import argparse
import collections
import contextlib
import dataclasses
import fnmatch
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path += [str(ROOT / "benchmarks"), str(ROOT / "tests/preload")]

import allocators
import pool as machine

MIB = 1 << 20
BY_MOUNT = "tcmalloc"  # takes huge pages from a mounted hugetlbfs alone
MOUNT_MIB = 256  # of one that is not to be the fault
SECONDS = 120
GROUPS = [pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/sys/fs/cgroup/unified")]
BAD = re.compile(r"killed|ended|hangs|wrong|EFAULT|still|refused|could|without|no other|not on")


class Missing(Exception):
    """The machine lacks what a fault needs."""


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str  # of the row
    program: str = ""  # the name that `faults` knows, if it is another
    hugepages: int = None  # in the pool; None: the fault is not of the pool
    surplus: int = 0
    group: tuple = ()  # (file, bytes) of a control group
    mount_mib: int = 0  # a hugetlbfs of this size
    address_mib: int = 0  # address space from the start
    is_bad_for_glibc: bool = False  # with its heap on the pool


FAULTS = [
    Fault("child_writes", hugepages=24, is_bad_for_glibc=True),
    Fault("parent_writes", hugepages=24, is_bad_for_glibc=True),
    Fault("child_reads_a_file", hugepages=24, is_bad_for_glibc=True),
    Fault("sigbus_is_blocked", hugepages=24, is_bad_for_glibc=True),
    Fault("no_handlers_run", hugepages=24, is_bad_for_glibc=True),
    Fault("child_writes_in_a_group", hugepages=64, group=("hugetlb.2MB.max", 24 * MIB),
          is_bad_for_glibc=True),
    Fault("pages_go_after_the_fork", hugepages=40, is_bad_for_glibc=True),
    Fault("children_live_on", hugepages=24, is_bad_for_glibc=True),
    Fault("pool_is_emptied", hugepages=64),
    Fault("pool_is_set_to_0", hugepages=24),
    Fault("pool_is_too_small", "more_than_there_is", hugepages=16),
    Fault("surplus_alone", "more_than_there_is", hugepages=0, surplus=64),
    Fault("group_is_too_small", "more_than_there_is", hugepages=64,
          group=("hugetlb.2MB.max", 16 * MIB), is_bad_for_glibc=True),
    Fault("group_reserves_too_little", "more_than_there_is", hugepages=64,
          group=("hugetlb.2MB.rsvd.max", 16 * MIB)),
    Fault("mount_is_too_small", "more_than_there_is", hugepages=64, mount_mib=16),
    Fault("address_space_is_small", address_mib=512),
    Fault("address_space_is_limited"),
    Fault("data_is_limited"),
    Fault("address_space_is_full"),
    Fault("no_mapping_is_left"),
    Fault("all_is_locked"),
]


@contextlib.contextmanager
def control_group(limit):
    """A group with one limit, or None for none."""
    if not limit:
        yield None
        return
    mount = next((mount for mount in GROUPS if (mount / "cgroup.controllers").is_file()
                  and "hugetlb" in (mount / "cgroup.controllers").read_text().split()), None)
    if not mount:
        raise Missing("no control group for huge pages")
    group = mount / f"hp-faults-{os.getpid()}"
    try:
        (mount / "cgroup.subtree_control").write_text("+hugetlb")
        group.mkdir()
    except OSError as error:
        raise Missing(f"no control group can be made: {error.strerror}") from error
    try:
        (group / limit[0]).write_text(str(limit[1]))
        yield group
    finally:
        group.rmdir()


@contextlib.contextmanager
def hugetlbfs(mib):
    """A folder where so many MB of huge pages are files, or None for none."""
    if not mib:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        options = f"pagesize=2M,size={mib}M,mode=1777"
        mount = ["mount", "-t", "hugetlbfs", "-o", options, "none", folder]
        if subprocess.run(mount, check=False).returncode:
            raise Missing("no hugetlbfs can be mounted")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def environment_of(mode, folder):
    settings = dict(setting.split("=", 1) for setting in mode.environment)
    if mode.is_ours:
        settings["HPALLOC_WARMUP"] = "0"
    if folder and mode.is_ours:
        settings["HPALLOC_HUGETLBFS"] = folder
    if folder and mode.allocator == BY_MOUNT:
        settings["TCMALLOC_MEMFS_MALLOC_PATH"] = f"{folder}/faults"
    if mode.library:
        settings["LD_PRELOAD"] = mode.library
    return {"PATH": os.environ["PATH"], **settings}


def start_in(fault, group):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if fault.address_mib:
        resource.setrlimit(resource.RLIMIT_AS, (fault.address_mib * MIB,) * 2)
    if group:
        (group / "cgroup.procs").write_text("0")


def run(program, fault, mode):
    """What came of it, in the program's words and its end."""
    needs_mount = mode.needs_pool and mode.allocator == BY_MOUNT
    mount_mib = fault.mount_mib or (MOUNT_MIB if needs_mount else 0)
    with control_group(fault.group) as group, hugetlbfs(mount_mib) as folder:
        try:
            result = subprocess.run([program, fault.program or fault.name],
                                    env=environment_of(mode, folder), capture_output=True,
                                    preexec_fn=lambda: start_in(fault, group),
                                    timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "hangs"
    said = result.stdout.decode(errors="replace")
    if result.returncode < 0:
        end = f"killed by {signal.Signals(-result.returncode).name}"
    else:
        end = f"ended with {result.returncode}" if result.returncode else ""
    return ", ".join(part for part in (said, end) if part)


def runs_here(fault, mode):
    if fault.hugepages is None:
        return not mode.missing
    if fault.mount_mib:
        return mode.needs_pool and (mode.is_ours or mode.allocator == BY_MOUNT)
    return mode.needs_pool and (not mode.missing or mode.allocator == BY_MOUNT)


def outcomes(program, fault, mode, runs, pool):
    if not runs_here(fault, mode):
        return None
    found = []
    for _ in range(runs):
        if fault.hugepages is not None:
            pool.set(fault.hugepages, fault.surplus)
        found.append(run(program, fault, mode))
    return found


def cell(found):
    if found is None:
        return ""
    counts = collections.Counter(found).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return "; ".join(f"{text} ({count} of {len(found)})" for text, count in counts)


def print_table(program, faults, modes, runs, pool):
    print("| fault |", " | ".join(mode.label for mode in modes), "|")
    print("|---|" + "---|" * len(modes))
    for fault in faults:
        cells = (cell(outcomes(program, fault, mode, runs, pool)) for mode in modes)
        print(f"| `{fault.name}` |", " | ".join(cells), "|", flush=True)


def point_of(program, fault, modes, pool):
    """Whether all of `modes` that it is for survive a fault, and what came of it."""
    needed = [mode for mode in modes if mode.needs_pool or fault.hugepages is None]
    found = [text for mode in needed for text in outcomes(program, fault, mode, 1, pool)]
    return all(text.endswith("goes on") and not BAD.search(text) for text in found), found


def check(program, faults, modes, pool):
    """TAP of this library, and for what is known to be bad for glibc, that it is; the status."""
    status = 0
    ours = [mode for mode in modes if mode.is_ours]
    glibc = [mode for mode in modes if mode.label == "glibc:hugetlb"]
    points = [(fault, is_control) for fault in faults
              for is_control in ((False, True) if fault.is_bad_for_glibc else (False,))]
    print(f"1..{len(points)}")
    for fault, is_control in points:
        name = f"{fault.name}{' (glibc)' if is_control else ''}"
        try:
            is_well, found = point_of(program, fault, glibc if is_control else ours, pool)
        except (Missing, machine.PoolError) as reason:
            print(f"ok - {name} # SKIP {reason}")
            continue
        status |= is_well == is_control
        print(f"{'not ok' if is_well == is_control else 'ok'} - {name}: {'; '.join(found)}",
              flush=True)
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="NAME=PATH")
    args = parser.parse_args()
    program = args.build.resolve() / "tests/faults/faults"
    faults = [fault for fault in FAULTS
              if any(fnmatch.fnmatch(fault.name, pattern) for pattern in args.only or ["*"])]
    modes = allocators.find(args.build.resolve() / "src/libhpalloc-preload.so", args.others)
    with machine.Pool() as pool:
        if args.check:
            return check(program, faults, modes, pool)
        of_pool = [fault for fault in faults if fault.hugepages is not None]
        if of_pool:
            print_table(program, of_pool, [mode for mode in modes if mode.needs_pool], args.runs,
                        pool)
        others = [fault for fault in faults if fault.hugepages is None]
        if others:
            print_table(program, others, [mode for mode in modes if not mode.missing],
                        args.runs, pool)
    return 0


if __name__ == "__main__":
    sys.exit(main())
