"""A machine made of files: what the command reads of /proc, /sys and /etc, for the fake kernel.

Usage: with Machine() as machine: machine.put(...); machine.call("pool")
"""

import os
import pathlib
import subprocess
import sys
import tempfile

FAKE = os.path.abspath(sys.argv[3])
MB = 1 << 20

POOLS = "sys/kernel/mm/hugepages"
THP = "sys/kernel/mm/transparent_hugepage"

MEMINFO = """MemTotal:       16000000 kB
MemFree:         9000000 kB
MemAvailable:   12000000 kB
CommitLimit:     8000000 kB
Committed_AS:    1000000 kB
Hugepagesize:       2048 kB
"""

LIMITS = """Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max data size             unlimited            unlimited            bytes
Max locked memory         8388608              8388608              bytes
Max address space         unlimited            unlimited            bytes
"""

MOUNTINFO = """22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
25 22 0:23 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw
30 22 0:31 / /dev/huge\\040pages rw,relatime shared:9 - hugetlbfs hugetlbfs rw,pagesize=2M
"""

# Orders 0 to 10: 2 MB is order 9. 1,024 small pages, 20 blocks of 2 MB.
BUDDYINFO = "Node 0, zone   Normal   1024  0  0  0  0  0  0  0  0  20  0\n"

USUAL = {
    "proc/meminfo": MEMINFO,
    "proc/buddyinfo": BUDDYINFO,
    "proc/cpuinfo": "processor\t: 0\nTLB size\t: 2560 4K pages\n",
    "proc/self/limits": LIMITS,
    "proc/self/status": "Name:\thpalloc\nTHP_enabled:\t1\n",
    "proc/self/cgroup": "0::/user.slice/session\n",
    "proc/self/mountinfo": MOUNTINFO,
    "proc/sys/kernel/osrelease": "6.18.1-test\n",
    "proc/sys/vm/overcommit_memory": "0\n",
    "proc/sys/vm/max_map_count": "65530\n",
    "proc/sys/vm/compact_memory": "",
    f"{THP}/enabled": "always [madvise] never\n",
    f"{THP}/defrag": "always defer defer+madvise [madvise] never\n",
    f"{THP}/khugepaged/defrag": "1\n",
}


class Machine:
    """Healthy, with a pool of 100 pages of 2 MB on two nodes, 40 of them in use, 10 promised."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="hp-machine-")
        self.root = pathlib.Path(self._directory.name)
        for path, text in USUAL.items():
            self.put(path, text)
        (self.root / "etc/sysctl.d").mkdir(parents=True)
        self.pool(100, 60, reserved=10)
        self.pool(70, 40, node=0)
        self.pool(30, 20, node=1)
        self.pool(0, 0, kilobytes=1048576)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._directory.cleanup()

    def put(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def get(self, path):
        return (self.root / path).read_text()

    def pool(self, total, free, *, surplus=0, reserved=0, overcommit=0, node=None,
             kilobytes=2048):
        above = POOLS if node is None else f"sys/devices/system/node/node{node}/hugepages"
        numbers = {"nr_hugepages": total, "free_hugepages": free, "surplus_hugepages": surplus}
        if node is None:
            numbers |= {"resv_hugepages": reserved, "nr_overcommit_hugepages": overcommit}
        for name, number in numbers.items():
            self.put(f"{above}/hugepages-{kilobytes}kB/{name}", f"{number}\n")

    def pages(self, node=None):
        above = POOLS if node is None else f"sys/devices/system/node/node{node}/hugepages"
        return int(self.get(f"{above}/hugepages-2048kB/nr_hugepages"))

    def process(self, pid, name, private, shared=0, *, is_readable=True, uid=0):
        """A process with so many MB on the pool."""
        total = (private + shared) * 1024
        self.put(f"proc/{pid}/comm", f"{name}\n")
        self.put(f"proc/{pid}/status",
                 f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nHugetlbPages:\t{total} kB\n")
        if is_readable:
            self.put(f"proc/{pid}/smaps_rollup",
                     "1000-2000 ---p 00000000 00:00 0 [rollup]\n"
                     f"Anonymous: {90 * 1024} kB\nAnonHugePages: {60 * 1024} kB\n"
                     f"Shared_Hugetlb: {shared * 1024} kB\nPrivate_Hugetlb: {private * 1024} kB\n")

    def call(self, *arguments, **variables):
        """Runs the command on this machine."""
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("HPALLOC_")}
        return subprocess.run([FAKE, *arguments], check=False, capture_output=True, text=True,
                              timeout=60, env={**environment, "HP_TEST_ROOT": str(self.root),
                                               **variables})
