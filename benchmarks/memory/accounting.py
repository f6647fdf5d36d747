#!/usr/bin/python3
"""Shows how the kernel counts the pages of its hugetlb pool, step by step: see doc/huge-pages.md.

Needs 16 free pages in the pool, and that nobody else uses them meanwhile.
"""

import mmap
import os
import sys
import time

SETTLE_SECONDS = 10  # for processes that are ending, with pages
HUGEPAGE_BYTES = 2 << 20
MAPPED_PAGES, POOL_PAGES = 8, 16
MAP_HUGETLB, MAP_NORESERVE = 0x40000, 0x4000
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB


def pool():
    """The lines HugePages_Total, _Free, _Rsvd, _Surp of /proc/meminfo."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return [int(line.split()[1]) for line in file if line.startswith("HugePages_")]


def say(step):
    total, free, reserved, surplus = pool()
    print(f"{step:<46}{total:>6}{free:>6}{reserved:>10}{surplus:>9}", flush=True)


def touch(memory, pages):
    for page in pages:
        memory[page * HUGEPAGE_BYTES] = 1


def fork_and_write(memory):
    """The child lives while the parent writes to a page that they share."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    say("forked: the child shares the two pages")
    touch(memory, [1])
    say("the parent writes to one: it is copied")
    os.close(writing)
    os.waitpid(child, 0)
    say("the child has ended")


def has_pages():
    deadline = time.monotonic() + SETTLE_SECONDS
    while pool()[1] < POOL_PAGES and time.monotonic() < deadline:
        time.sleep(0.1)
    return pool()[1] >= POOL_PAGES


def main():
    if not has_pages():
        print(f"accounting: {POOL_PAGES} free pages are needed: sysctl vm.nr_hugepages="
              f"{POOL_PAGES}", file=sys.stderr)
        return 1
    print(f"{'':<46}{'total':>6}{'free':>6}{'reserved':>10}{'surplus':>9}")
    say("at rest")
    memory = mmap.mmap(-1, MAPPED_PAGES * HUGEPAGE_BYTES, flags=PRIVATE)
    say("mmap of 8 pages: promised, not taken")
    touch(memory, range(3))
    say("3 of them are written to: taken")
    memory.madvise(mmap.MADV_DONTNEED, 0, HUGEPAGE_BYTES)
    say("madvise(MADV_DONTNEED) of one: promised again")
    fork_and_write(memory)
    memory.close()
    say("munmap: all is given back")
    memory = mmap.mmap(-1, MAPPED_PAGES * HUGEPAGE_BYTES, flags=PRIVATE | MAP_NORESERVE)
    say("mmap of 8 pages, MAP_NORESERVE: no promise")
    touch(memory, [0])
    say("one of them is written to")
    memory.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
