#!/usr/bin/python3
"""`hpalloc doctor` on machines made of files. Usage: doctor.py TOOL LIBRARY FAKE_TOOL"""

import json
import sys

from machine import LIMITS, MEMINFO, MOUNTINFO, THP, Machine
from tap import expect, main, test

FINE, IMPROVE, BROKEN = 0, 1, 2
CGROUP = "sys/fs/cgroup/user.slice"


def diagnose(machine, status, **variables):
    """The checks by name, from JSON; the text form must agree on the exit status."""
    result = machine.call("doctor", "--json", **variables)
    expect((result.returncode, result.stderr), (status, ""), result.stdout)
    expect(machine.call("doctor", **variables).returncode, status)
    return {check["check"]: check for check in json.loads(result.stdout)["checks"]}


def expect_check(machine, name, state, text, command=None, **variables):
    status = {"fine": FINE, "note": FINE, "improve": IMPROVE, "broken": BROKEN}[state]
    check = diagnose(machine, status, **variables)[name]
    expect((check["state"], check["command"]), (state, command), check)
    assert text in check["text"], check


@test
def _():
    """a healthy machine needs nothing"""
    with Machine() as machine:
        checks = diagnose(machine, FINE)
        expect({check["state"] for check in checks.values()}, {"fine"})
        result = machine.call("doctor")
    assert result.stdout.startswith("There is nothing to do: a heap gets huge pages here.\nFine:")
    for part in ("Linux 6.18", "50 of 100 pages are free", "91 % of the free memory"):
        assert part in result.stdout, result.stdout
    assert "To do" not in result.stdout and "To know" not in result.stdout, result.stdout


@test
def _():
    """what has most effect comes first, with its command"""
    with Machine() as machine:
        machine.pool(0, 0)
        machine.put(f"{THP}/defrag", "always defer defer+madvise madvise [never]\n")
        machine.put("proc/sys/vm/max_map_count", "1000\n")
        result = machine.call("doctor")
    expect(result.returncode, IMPROVE)
    lines = result.stdout.splitlines()
    expect(lines[:7], [
        "To do, what has most effect first:",
        "  1. the pool of 2 MB pages is empty: no page is certain",
        "      hpalloc pool --set 2G --persist",
        "  2. the kernel makes a transparent huge page only of memory that happens to lie in one "
        "piece (defrag: never)",
        f"      echo madvise > /{THP}/defrag",
        "  3. a process may have 1000 mappings: a heap of which parts stand on different pages "
        "needs more",
        "      sysctl vm.max_map_count=1048576"])


@test
def _():
    """the pool: empty, used up, none, more on demand"""
    with Machine() as machine:
        machine.pool(100, 10, reserved=10)
        expect_check(machine, "pool", "improve", "all 100 pages of the pool are in use",
                     "hpalloc pool --set 2248M --persist")
        machine.pool(100, 0, overcommit=50)
        expect_check(machine, "pool", "note", "makes up to 50 more")
        (machine.root / "sys/kernel/mm/hugepages").rename(machine.root / "gone")
        (machine.root / "sys/devices").rename(machine.root / "gone-too")
        expect_check(machine, "pool", "improve", "has no pool of 2 MB pages")


@test
def _():
    """neither pool nor transparent huge pages: broken"""
    with Machine() as machine:
        machine.put(f"{THP}/enabled", "always madvise [never]\n")
        expect_check(machine, "thp", "improve", "are off", f"echo madvise > /{THP}/enabled")
        machine.pool(0, 0)
        expect_check(machine, "thp", "broken", "are off", f"echo madvise > /{THP}/enabled")
        assert "1. transparent huge pages are off" in machine.call("doctor").stdout
        (machine.root / THP / "enabled").unlink()
        expect_check(machine, "thp", "broken", "this kernel has no transparent huge pages")


@test
def _():
    """transparent huge pages that a parent switched off; khugepaged"""
    with Machine() as machine:
        machine.put("proc/self/status", "THP_enabled:\t0\n")
        expect_check(machine, "thp-process", "improve", "PR_SET_THP_DISABLE")
    with Machine() as machine:
        machine.put(f"{THP}/khugepaged/defrag", "0\n")
        expect_check(machine, "khugepaged", "note", "may not compact",
                     f"echo 1 > /{THP}/khugepaged/defrag")


@test
def _():
    """old kernels"""
    for release, state, text in (("5.10.0-30-amd64", "improve", "Linux 5.10 is too old"),
                                 ("5.15.0", "note", "tested is 6.1"), ("6.1.0-18", "fine", "6.1"),
                                 ("strange", "note", "not known")):
        with Machine() as machine:
            machine.put("proc/sys/kernel/osrelease", f"{release}\n")
            expect_check(machine, "kernel", state, text)


@test
def _():
    """limits of the process"""
    with Machine() as machine:
        machine.put("proc/self/limits", LIMITS.replace(
            "Max address space         unlimited", "Max address space         1073741824"))
        expect_check(machine, "address-space", "improve", "limited to 1024 MB",
                     "ulimit -v unlimited")
        machine.put("proc/self/limits", LIMITS.replace(
            "Max data size             unlimited", "Max data size             536870912"))
        expect_check(machine, "data", "improve", "limited to 512 MB", "ulimit -d unlimited")


@test
def _():
    """overcommit, by what is left of it"""
    with Machine() as machine:
        machine.put("proc/sys/vm/overcommit_memory", "2\n")
        expect_check(machine, "overcommit", "note", "6835 MB are left",
                     "sysctl vm.overcommit_memory=0")
        machine.put("proc/meminfo", MEMINFO.replace("Committed_AS:    1000000",
                                                    "Committed_AS:    7500000"))
        expect_check(machine, "overcommit", "improve", "488 MB are left",
                     "sysctl vm.overcommit_memory=0")


@test
def _():
    """limits of a control group on the way up, and reservations"""
    with Machine() as machine:
        machine.put(f"{CGROUP}/session/hugetlb.2MB.max", "max\n")
        machine.put(f"{CGROUP}/hugetlb.2MB.max", f"{256 << 20}\n")
        machine.put(f"{CGROUP}/hugetlb.2MB.current", f"{20 << 20}\n")
        expect_check(machine, "cgroup-hugetlb", "note", "256 MB of huge pages, and has 20 MB",
                     f"echo max > /{CGROUP}/hugetlb.2MB.max")
        machine.put(f"{CGROUP}/session/hugetlb.2MB.rsvd.max", "0\n")
        expect_check(machine, "cgroup-hugetlb", "improve", "0 MB of huge pages, and has 0 MB",
                     f"echo max > /{CGROUP}/session/hugetlb.2MB.rsvd.max")
    with Machine() as machine:
        machine.put("sys/fs/cgroup/user.slice/memory.max", f"{1000 << 20}\n")
        machine.put("sys/fs/cgroup/user.slice/memory.current", f"{500 << 20}\n")
        expect_check(machine, "cgroup-memory", "note", "1000 MB of memory, and has 500 MB",
                     "echo max > /sys/fs/cgroup/user.slice/memory.max")
        machine.put("sys/fs/cgroup/user.slice/memory.current", f"{950 << 20}\n")
        expect_check(machine, "cgroup-memory", "improve", "has 950 MB",
                     "echo max > /sys/fs/cgroup/user.slice/memory.max")


@test
def _():
    """control groups of version 1, in a container that has its own part of them mounted"""
    with Machine() as machine:
        machine.put("proc/self/cgroup", "9:name=systemd:/\n3:cpu,hugetlb:/docker/abc/inner\n0::/\n")
        machine.put("proc/self/mountinfo", MOUNTINFO + "40 22 0:40 /docker/abc /groups\\040here "
                    "rw - cgroup cgroup rw,cpu,hugetlb\n")
        machine.put("groups here/inner/hugetlb.2MB.limit_in_bytes", f"{64 << 20}\n")
        machine.put("groups here/hugetlb.2MB.limit_in_bytes", f"{9223372036854771712}\n")
        check = diagnose(machine, FINE)["cgroup-hugetlb"]
    expect(check["command"], "echo -1 > /groups here/inner/hugetlb.2MB.limit_in_bytes")
    assert "Kubernetes" in check["in_container"], check


@test
def _():
    """a container is known, and told where its settings are"""
    def in_file(machine):
        machine.put(".dockerenv", "")

    def in_environment(machine):
        machine.put("proc/1/environ", b"PATH=/bin\0container=podman\0")

    def in_group(machine):
        machine.put("proc/self/cgroup", "0::/kubepods/burstable/pod1\n")

    for change in (in_file, in_environment, in_group):
        with Machine() as machine:
            change(machine)
            machine.pool(0, 0)
            checks = diagnose(machine, IMPROVE)
            expect(checks["container"]["state"], "note")
            assert "hugepages-2Mi: 2Gi" in checks["pool"]["in_container"], checks["pool"]
            assert "in a container: the pool is the host's" in machine.call("doctor").stdout


@test
def _():
    """fragmented memory, a missing mount, an uneven machine, a setting"""
    with Machine() as machine:
        machine.put("proc/buddyinfo", "Node 0, zone DMA 100 0 0 0 0 0 0 0 0 0 0\n"
                    "Node 0, zone   Normal 30000 0 0 0 0 0 0 0 0 3 1\n")
        expect_check(machine, "fragmentation", "improve", "8 % of what is free",
                     "sysctl vm.compact_memory=1")
    with Machine() as machine:
        expect_check(machine, "hugetlbfs", "fine", "1 hugetlbfs is mounted",
                     HPALLOC_HUGETLBFS="/dev/huge pages")
        expect_check(machine, "hugetlbfs", "improve", "where no hugetlbfs is mounted",
                     "hpalloc pool --mount /no", HPALLOC_HUGETLBFS="/no")
        expect_check(machine, "environment", "improve", "HPALLOC_BACKING=thp",
                     "unset HPALLOC_BACKING", HPALLOC_BACKING="thp")
        machine.pool(0, 0, node=1)
        expect_check(machine, "numa", "note", "of 2 NUMA nodes 1 have none",
                     "hpalloc pool --set SIZE --node N")


@test
def _():
    """settings of any bytes are harmless to a terminal"""
    with Machine() as machine:
        result = machine.call("doctor", HPALLOC_BACKING="a\x1b[2J\nb", HPALLOC_HUGETLBFS="\x9b\r")
    assert "HPALLOC_BACKING=a?[2J?b: the pool" in result.stdout, result.stdout
    assert not set(result.stdout) & set("\x1b\r\x9b"), result.stdout


@test
def _():
    """a machine of which nothing can be read is no crash"""
    with Machine() as machine:
        for part in ("proc", "sys", "etc"):
            (machine.root / part).rename(machine.root / f"no-{part}")
        result = machine.call("doctor")
    expect((result.returncode, result.stderr), (BROKEN, ""))


sys.exit(main())
