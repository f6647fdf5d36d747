"""Keeps the machine's memory warm: that its first touch costs what it costs on bare metal.

In a virtual machine the host backs a page when it is touched first, and takes free memory back that
lies idle for some two seconds. A cold page costs up to 50 times a warm one, and would be charged to
whichever allocator comes upon it. So as much as a run will need is touched right before each run,
and the pool's pages whenever the pool was filled; what is warm already costs 0.1 s a GB.

Within a run nothing can be done: who gives memory back and takes it again later may find it cold.
"""

import mmap
import pathlib

MADV_POPULATE_WRITE = 23  # not in Python's mmap
MAP_HUGETLB = 0x40000
PAGE_BYTES = 4096
HUGEPAGE_BYTES = 2 << 20
SPARE_MB = 512  # of available memory: never touched


def available_mb():
    text = pathlib.Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) // 1024


def _touch(size_bytes, flags, advice):
    with mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | flags) as memory:
        if advice is not None:
            memory.madvise(advice)
        try:
            memory.madvise(MADV_POPULATE_WRITE)
        except OSError:  # older than Linux 5.14
            for at in range(0, size_bytes, PAGE_BYTES):
                memory[at] = 1


def touch(megabytes):
    megabytes = min(megabytes, available_mb() - SPARE_MB)
    if megabytes > 0:
        _touch(megabytes << 20, 0, mmap.MADV_HUGEPAGE)


def touch_pool(hugepages):
    """All of them must be free."""
    if hugepages:
        _touch(hugepages * HUGEPAGE_BYTES, MAP_HUGETLB, None)
