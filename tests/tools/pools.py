#!/usr/bin/python3
"""`hpalloc pool` on machines made of files. Usage: pools.py TOOL LIBRARY FAKE_TOOL"""

import errno
import json
import os
import stat
import sys

from machine import Machine
from tap import expect, main, test

PERSISTENT = "etc/sysctl.d/60-hpalloc-hugepages.conf"


def expect_call(machine, arguments, status, text, **variables):
    """One line on standard error, nothing else, and this exit status."""
    result = machine.call(*arguments, **variables)
    expect((result.stderr, result.returncode, result.stdout), (f"hpalloc: {text}\n", status, ""))


@test
def _():
    """each size and node is a line"""
    with Machine() as machine:
        lines = machine.call("pool").stdout.splitlines()
    rows = [line.split() for line in lines[:5]]
    expect(rows, [
        ["PAGES", "NODE", "TOTAL", "FREE", "RESERVED", "SURPLUS", "OVERCOMMIT", "MEMORY"],
        ["2M", "all", "100", "60", "10", "0", "0", "200", "MB"],
        ["2M", "0", "70", "40", "-", "0", "-", "140", "MB"],
        ["2M", "1", "30", "20", "-", "0", "-", "60", "MB"],
        ["1G", "all", "0", "0", "0", "0", "0", "0", "KB"]])
    expect(lines[5], "hugetlbfs at /dev/huge pages (rw,pagesize=2M)")


@test
def _():
    """who uses the pages: the largest first, private and shared, and what nobody is seen to have"""
    with Machine() as machine:
        machine.process(30, "small", 2)
        machine.process(200, "large", 40, 10)
        machine.process(9, "idle", 0)
        machine.process(77, "other", 12, is_readable=False, uid=54321)
        text = machine.call("pool").stdout
    table = text[text.index("       PID"):].splitlines()
    expect([line.split() for line in table[1:4]], [
        ["200", "50M", "40M", "10M", "root", "large"],
        ["77", "12M", "?", "?", "54321", "other"],
        ["30", "2M", "2M", "0M", "root", "small"]])
    expect(table[4], "? the kernel tells of it only the same user, or root")
    assert "16 MB more are in use, but mapped by no process that is seen from here" in text, text
    assert "idle" not in text, text


@test
def _():
    """names of processes do nothing to a terminal or to JSON"""
    with Machine() as machine:
        machine.process(5, "bad\x1b[2J\"\\x", 2)
        text = machine.call("pool").stdout
        assert 'bad?[2J"\\x' in text and "\x1b" not in text, text
        found = json.loads(machine.call("pool", "--json").stdout)
    expect(found["processes"][0]["command"], 'bad?[2J"\\x')


@test
def _():
    """--json has the same figures"""
    with Machine() as machine:
        machine.process(200, "large", 40, 10)
        machine.process(77, "other", 12, is_readable=False)
        found = json.loads(machine.call("pool", "--json").stdout)
    expect(found["pools"][0], {"page_bytes": 2 << 20, "node": None, "total": 100, "free": 60,
                               "surplus": 0, "reserved": 10, "overcommit": 0})
    expect([(pool["node"], pool["total"]) for pool in found["pools"][1:]],
           [(0, 70), (1, 30), (None, 0)])
    expect(found["processes"], [
        {"pid": 200, "uid": 0, "command": "large", "bytes": 50 << 20,
         "private_bytes": 40 << 20, "shared_bytes": 10 << 20},
        {"pid": 77, "uid": 0, "command": "other", "bytes": 12 << 20}])
    expect((found["unseen_bytes"], found["unread_processes"]), (18 << 20, 0))


@test
def _():
    """--set grows, compacting memory first, and shrinks"""
    with Machine() as machine:
        expect_call(machine, ["pool", "--set", "1G"], 0,
                    "the pool of 2M pages has 512 (1024 MB), 100 before")
        expect((machine.pages(), machine.get("proc/sys/vm/compact_memory")), (512, "1"))
        expect_call(machine, ["pool", "--set=1G"], 0,
                    "the pool of 2M pages has 512 (1024 MB), as before")
        expect_call(machine, ["pool", "--set", "101M"], 0,
                    "the pool of 2M pages has 51 (102 MB), 512 before")


@test
def _():
    """pages in use stay, and are said"""
    with Machine() as machine:
        expect_call(machine, ["pool", "--set", "0"], 1,
                    "the pool of 2M pages has 0 (0 KB), 100 before; 40 more are in use, and leave "
                    "when they are free")


@test
def _():
    """it says how far it got, and why not further"""
    with Machine() as machine:
        machine.put("most", "300")
        expect_call(machine, ["pool", "--set", "1G"], 1,
                    "the pool of 2M pages has 300 (600 MB), 100 before: not 512, for the rest of "
                    "the memory is not in pieces of 2M; on the kernel's command line "
                    "'hugepagesz=2M hugepages=512' gets them at boot")


@test
def _():
    """the last of the memory is not asked for"""
    with Machine() as machine:
        machine.put("proc/meminfo", "MemAvailable: 1048576 kB\nHugepagesize: 2048 kB\n")
        expect_call(machine, ["pool", "--set", "1T"], 1,
                    "the pool of 2M pages has 580 (1160 MB), 100 before: not 524288, for no more "
                    "memory is available (see free -m)")


@test
def _():
    """a node's pool and that of another size"""
    with Machine() as machine:
        machine.put("sys/devices/system/node/node1/compact", "")
        expect_call(machine, ["pool", "--set", "80M", "--node", "1"], 0,
                    "the pool of 2M pages on node 1 has 40 (80 MB), 30 before")
        expect((machine.pages(1), machine.get("sys/devices/system/node/node1/compact")), (40, "1"))
        expect_call(machine, ["pool", "--set", "3G", "--page-size", "1G"], 0,
                    "the pool of 1G pages has 3 (3072 MB), 0 before")
        expect_call(machine, ["pool", "--set", "2M", "--node", "7"], 2,
                    "there is no pool of 2M pages on this node: 'hpalloc pool' lists them")
        expect_call(machine, ["pool", "--set", "4M", "--page-size", "4M"], 2,
                    "there is no pool of 4M pages: 'hpalloc pool' lists them")


@test
def _():
    """who may not change it is told how it is done"""
    file = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
    with Machine() as machine:
        for number in (errno.EACCES, errno.EPERM):
            expect_call(machine, ["pool", "--set", "1G"], 2,
                        f"only root changes the pool: echo 512 > {file}",
                        HP_TEST_ERRNO=str(int(number)))
        expect_call(machine, ["pool", "--set", "1G"], 2,
                    f"the pool cannot be changed in here; on the host: echo 512 > {file}",
                    HP_TEST_ERRNO=str(int(errno.EROFS)))
        expect_call(machine, ["pool", "--set", "1G"], 2, f"{file}: Input/output error",
                    HP_TEST_ERRNO=str(int(errno.EIO)))


@test
def _():
    """--persist writes the file whole, readable for all, and changes it later"""
    with Machine() as machine:
        for size, pages in (("1G", 512), ("20M", 10)):
            result = machine.call("pool", "--set", size, "--persist")
            assert f"60-hpalloc-hugepages.conf sets {pages} pages" in result.stderr, result
            assert machine.get(PERSISTENT).endswith(f"\nvm.nr_hugepages = {pages}\n")
            expect(stat.S_IMODE((machine.root / PERSISTENT).stat().st_mode), 0o644)
        expect(os.listdir(machine.root / "etc/sysctl.d"), ["60-hpalloc-hugepages.conf"])


@test
def _():
    """--persist writes through no symbolic link"""
    with Machine() as machine:
        victim = machine.root / "victim"
        victim.write_text("mine\n")
        (machine.root / PERSISTENT).symlink_to(victim)
        (machine.root / f"{PERSISTENT}.new").symlink_to(victim)
        result = machine.call("pool", "--set", "1G", "--persist")
        assert "is no plain file" in result.stderr and result.returncode == 2, result
        (machine.root / PERSISTENT).unlink()
        expect(machine.call("pool", "--set", "2G", "--persist").returncode, 0)
        expect((victim.read_text(), (machine.root / PERSISTENT).is_symlink()), ("mine\n", False))
        os.rename(machine.root / "etc/sysctl.d", machine.root / "elsewhere")
        (machine.root / "etc/sysctl.d").symlink_to(machine.root / "elsewhere")
        result = machine.call("pool", "--set", "4G", "--persist")
        assert "no plain directory" in result.stderr and result.returncode == 2, result
        assert "1024" in (machine.root / "elsewhere/60-hpalloc-hugepages.conf").read_text()


@test
def _():
    """--persist names the files that are read later and set it, too"""
    with Machine() as machine:
        for name, text in (("50-before.conf", "vm.nr_hugepages=1\n"),
                           ("70-other.conf", "# vm.nr_hugepages=1\nvm.swappiness=1\n"),
                           ("80-after.conf", "kernel.x=1\n  -vm.nr_hugepages = 7\n"),
                           ("80-after.conf.old", "vm.nr_hugepages=1\n")):
            machine.put(f"etc/sysctl.d/{name}", text)
        machine.put("etc/sysctl.conf", "vm/nr_hugepages=9")
        lines = machine.call("pool", "--set", "1G", "--persist").stderr.splitlines()
    expect(lines[2:], [f"hpalloc: /etc/{name} sets it, too, and is read after that"
                       for name in ("sysctl.d/80-after.conf", "sysctl.conf")])


@test
def _():
    """--persist is refused, before anything is changed, where no file can do it"""
    with Machine() as machine:
        for more in (["--node", "0"], ["--page-size", "1G"]):
            result = machine.call("pool", "--set", "4G", "--persist", *more)
            expect((result.returncode, result.stderr.count("\n")), (125, 1), more)
            assert "kernel's command line" in result.stderr, result.stderr
        expect((machine.pages(), machine.pages(0)), (100, 70))


@test
def _():
    """what does not go together is said in one line"""
    with Machine() as machine:
        for arguments in (["--set", "100"], ["--set", "x"], ["--set", "1G", "--mount", "/mnt"],
                          ["--json", "--set", "0"], ["--persist"], ["--node", "1"],
                          ["--size", "1G"], ["--user", "root"], ["--page-size", "1G"],
                          ["--set", "1G", "--node", "x"], ["--set", "99999999999999999999"],
                          ["--set", "20000000T"], ["--set", "1G", "--page-size", "0"], ["x"]):
            result = machine.call("pool", *arguments)
            expect((result.returncode, result.stderr.count("\n"), result.stdout), (125, 1, ""),
                   arguments)
        expect(machine.pages(), 100)


@test
def _():
    """a kernel without pools is said, not an empty table"""
    with Machine() as machine:
        for path in ("sys/kernel/mm/hugepages", "sys/devices/system/node"):
            (machine.root / path).rename(machine.root / path.replace("/", "-"))
        result = machine.call("pool")
    expect(result.returncode, 0)
    assert result.stdout.startswith("this kernel has no pool of huge pages"), result.stdout


@test
def _():
    """--mount says as whom, and what is wrong with the directory"""
    with Machine() as machine:
        place = machine.root / "mount"
        expect_call(machine, ["pool", "--mount", str(place)], 2,
                    f"{place}: No such file or directory")
        expect_call(machine, ["pool", "--mount", "/proc"], 2,
                    "/proc: something is mounted there already")
        expect_call(machine, ["pool", "--mount", "/proc/self/comm"], 2,
                    "/proc/self/comm: Not a directory")
        expect_call(machine, ["pool", "--mount", "/", "--user", "no-such-user"], 125,
                    "--user 'no-such-user': there is no such user")


sys.exit(main())
