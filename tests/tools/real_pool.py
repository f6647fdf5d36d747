#!/usr/bin/python3
"""The verbs on the machine's own pool, which is put back.

Usage: real_pool.py TOOL LIBRARY PRELOAD_TESTS
"""

import contextlib
import json
import os
import re
import subprocess
import sys

sys.path.append(sys.argv[3])

from command import TOOL, WORK, environment, run, use_pool
from pool import Pool, PoolError
from tap import Skip, expect, main, test

DIRECTORY = "/sys/kernel/mm/hugepages/hugepages-2048kB"
FILL = "blocks = [bytes(1000) for i in range(30000)]"


@contextlib.contextmanager
def pool_of(hugepages):
    with Pool() as pool:
        try:
            pool.set(hugepages, is_changed=True)
        except PoolError as reason:
            raise Skip(reason) from reason
        yield


def hpalloc(*arguments, **how):
    return subprocess.run([TOOL, *arguments], check=False, capture_output=True, text=True,
                          timeout=120, env=environment(), cwd=WORK, **how)


def total():
    with open(f"{DIRECTORY}/nr_hugepages", encoding="ascii") as file:
        return int(file.read())


def empty(line, pages, *more):
    """--set 0 of a pool of so many pages, of which other programs may have taken some."""
    result = hpalloc("pool", "--set", "0", *more)
    rest = re.fullmatch(re.escape(line) + r"(?:; (\d+) more are in use, and leave when they are "
                        r"free)?\n", result.stderr)
    assert rest, result.stderr
    expect(result.returncode, 1 if rest.group(1) else 0)
    assert total() <= int(rest.group(1) or 0) <= pages, (total(), result.stderr)


def started(*arguments):
    """A program under `hpalloc run` that has 30 MB, and its number."""
    code = f"import os; {FILL}; print(os.getpid(), flush=True); input()"
    process = subprocess.Popen([TOOL, "run", *arguments, sys.executable, "-c", code], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
                               stderr=subprocess.DEVNULL)
    return process, process.stdout.readline().strip()


@test
def _():
    """--set grows and shrinks the pool"""
    with pool_of(0):
        result = hpalloc("pool", "--set", "40M")
        expect((result.stderr, result.returncode, total()),
               ("hpalloc: the pool of 2M pages has 20 (40 MB), 0 before\n", 0, 20))
        empty("hpalloc: the pool of 2M pages has 0 (0 KB), 20 before", 20)


@test
def _():
    """--node changes the part of one node"""
    with pool_of(0):
        result = hpalloc("pool", "--set", "8M", "--node", "0")
        expect((result.stderr, result.returncode, total()),
               ("hpalloc: the pool of 2M pages on node 0 has 4 (8.0 MB), 0 before\n", 0, 4))
        empty("hpalloc: the pool of 2M pages on node 0 has 0 (0 KB), 4 before", 4, "--node", "0")


@test
def _():
    """the list and the explanation know the process that has the pages, and so does --set"""
    with pool_of(40):
        process, pid = started("--warmup=0")
        found = json.loads(hpalloc("pool", "--json").stdout)
        users = {user["pid"]: user for user in found["processes"]}
        text = hpalloc("pool").stdout
        explained = hpalloc("explain", pid).stdout
        shrunk = hpalloc("pool", "--set", "0")
        process.communicate("\n", timeout=60)
        rest = total()
    user, pool = users[int(pid)], found["pools"][0]
    assert user["command"].startswith("python3"), user
    expect(user["private_bytes"] + user["shared_bytes"], user["bytes"])
    expect((pool["total"] - pool["free"]) * pool["page_bytes"],
           sum(user["bytes"] for user in users.values()) + found["unseen_bytes"])
    assert re.search(rf"^ +{pid} +\d+M +\d+M +0M \w+ +python3", text, re.M), text
    megabytes = user["bytes"] >> 20
    assert 30 <= megabytes <= 80, users
    assert f"\n  hugetlb (the pool) {megabytes:>13} MB  100 %" in explained, explained
    assert f"{megabytes} MB on hugetlb,\n" in explained, explained
    # Other programs of the machine may have some, too.
    in_use = re.fullmatch(r"hpalloc: the pool of 2M pages has 0 \(0 KB\), 40 before; "
                          r"(\d+) more are in use, and leave when they are free\n", shrunk.stderr)
    assert in_use and int(in_use.group(1)) >= megabytes // 2, shrunk
    assert shrunk.returncode == 1 and rest < megabytes // 2, (shrunk, rest)


@test
def _():
    """an explanation of a pool that ran dry, and its command holds the promise"""
    with pool_of(10):
        process, pid = started()
        explained = hpalloc("explain", pid).stdout
        process.communicate("\n", timeout=60)
        found = re.search(r"huge pages?: the pool was too small\n      "
                          r"sysctl vm\.nr_hugepages=(\d+)   would hold it\n", explained)
        assert found, explained
        # The ten pages that it has are its own: with others' it would be 10 more.
        assert 19 <= int(found.group(1)) <= 26, explained
    with pool_of(int(found.group(1)) + 2):
        process, pid = started()
        explained = hpalloc("explain", pid).stdout
        process.communicate("\n", timeout=60)
        assert "the pool was" not in explained, explained


@test
def _():
    """--reserve enlarges the pool, and the program has it"""
    with pool_of(3):
        result = run("--reserve=120M", sys.executable, "-c", FILL)
        expect(result.status, 0)
        said = re.match(r"hpalloc: the pool of 2M pages has (\d+) \(\d+ MB\), 3 before\n"
                        r"hpalloc: 'hpalloc pool --set 6M' gives that back\n", result.err)
        assert said and int(said.group(1)) >= 60, result.err
        assert re.search(r"(?:100|9\d) % hugetlb", result.err), result.err
        expect(total(), int(said.group(1)))


@test
def _():
    """--set of who may not says how root does it"""
    if os.getuid():
        raise Skip("needs root to be another user")
    with pool_of(2):
        result = subprocess.run(["chroot", "--userspec=65534:65534", "/", TOOL, "pool", "--set",
                                 "8M"], check=False, capture_output=True, text=True)
        if result.returncode == 126:
            raise Skip("the build tree is closed to other users")
        expect((result.returncode, result.stderr, total()),
               (2, f"hpalloc: only root changes the pool: echo 4 > {DIRECTORY}/nr_hugepages\n", 2))


@test
def _():
    """--mount mounts a hugetlbfs with its page size, size and owner, in a namespace of its own"""
    place = WORK / "huge"
    place.mkdir()
    script = ('"$0" pool --mount "$1" --size 20M --user nobody && grep " $1 " /proc/mounts &&'
              ' stat -c "%a %u" "$1"; "$0" pool --mount "$1"; "$0" pool | grep ^hugetlbfs;'
              ' "$0" pool --mount "$2"; stat -c %a "$2"')
    (WORK / "all").mkdir()
    if os.getuid():
        raise Skip("needs root to mount")
    result = subprocess.run(["unshare", "-m", "sh", "-c", script, TOOL, str(place),
                             str(WORK / "all")], check=False, capture_output=True, text=True,
                            env=environment())
    if result.stderr.startswith("unshare: "):
        raise Skip(result.stderr.strip())
    lines = result.stdout.splitlines()
    assert re.fullmatch(rf"none {place} hugetlbfs rw,nosuid,nodev,relatime,uid=65534,gid=\d+,"
                        r"mode=700,pagesize=2M,size=20971520 0 0", lines[0]), result
    expect((lines[1], lines[-1]), ("700 65534", "1777"))
    assert any(line.startswith(f"hugetlbfs at {place} (") for line in lines), lines
    errors = result.stderr.splitlines()
    assert errors[0].startswith(f"hpalloc: hugetlbfs mounted at {place} (pagesize=2M,mode=0700,"
                                "uid=65534,gid="), errors
    assert errors[0].endswith(f"HPALLOC_HUGETLBFS={place} takes huge pages from it; "
                              f"umount {place} ends it"), errors
    expect(errors[1], f"hpalloc: {place}: something is mounted there already")


use_pool()
sys.exit(main())
