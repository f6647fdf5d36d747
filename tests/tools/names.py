#!/usr/bin/python3
"""The standard names of the preload library, from a process that runs on it.

Usage, with LIBRARY in LD_PRELOAD: names.py LIBRARY
"""

import ctypes
import os
import re
import sys
import tempfile
import xml.etree.ElementTree

from tap import expect, main, test

LIBRARY = os.path.realpath(sys.argv[1])
MB = 1 << 20

names = ctypes.CDLL(None, use_errno=True)
next_malloc = names["__libc_malloc"]
for function in (names.malloc, names.realloc, next_malloc):
    function.restype = ctypes.c_void_p


class Mallinfo(ctypes.Structure):
    NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_int) for name in NAMES.split()]


class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in Mallinfo.NAMES.split()]


names.mallinfo.restype = Mallinfo
names.mallinfo2.restype = Mallinfo2


def pointer(value):
    return ctypes.c_void_p(value)


def captured(function):
    """What a C function writes to standard error."""
    with tempfile.TemporaryFile() as file:
        saved = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            function()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        file.seek(0)
        return file.read().decode()


@test
def _():
    """each standard name is the heap's function, without a jump between"""
    library = ctypes.CDLL(LIBRARY)  # a program may have an address of its own for malloc
    for name in ("malloc free calloc realloc reallocarray posix_memalign aligned_alloc memalign "
                 "valloc pvalloc malloc_usable_size free_sized free_aligned_sized").split():
        standard, own = (ctypes.cast(library[each], ctypes.c_void_p).value
                         for each in (name, f"hp_{name}"))
        expect(standard, own)


@test
def _():
    """mallinfo, mallinfo2 and malloc_trim tell of this heap"""
    before = names.mallinfo2()
    block = names.malloc(ctypes.c_size_t(50 * MB))
    ctypes.memset(block, 1, 50 * MB)
    info, small = names.mallinfo2(), names.mallinfo()
    # Large blocks are told as glibc tells of those that it maps.
    assert info.hblkhd >= before.hblkhd + 50 * MB, (before.hblkhd, info.hblkhd)
    expect(info.hblks, before.hblks + 1)
    assert info.uordblks < before.uordblks + MB, (before.uordblks, info.uordblks)
    expect(info.arena, info.uordblks + info.fordblks)
    assert small.hblkhd >= 50 * MB
    names.free(pointer(block))
    expect(names.mallinfo2().hblkhd, before.hblkhd)
    assert names.malloc_trim(ctypes.c_size_t(0)) in (0, 1)


@test
def _():
    """malloc_stats writes to standard error"""
    text = captured(names.malloc_stats)
    assert re.fullmatch(r"(?:Arena \d+:\n(?:[a-z ]+= +\d+\n){2})+"
                        r"Total \(incl. mmap\):\n(?:[a-z ]+= +\d+\n){5}", text), text


@test
def _():
    """malloc_info writes well-formed XML, and knows no options"""
    stderr = pointer(ctypes.c_void_p.in_dll(names, "stderr").value)
    root = xml.etree.ElementTree.fromstring(captured(lambda: names.malloc_info(0, stderr)))
    sizes = {(part.tag, part.get("type")): int(part.get("size"))
             for part in root if part.get("type")}
    free = [size.attrib for size in root.find("heap/sizes")]
    assert all(int(size["total"]) == int(size["count"]) * int(size["to"]) for size in free), free
    assert free, "no free block at all"
    assert 0 < sizes["system", "current"] <= sizes["system", "max"], sizes
    assert names.malloc_info(1, stderr) == -1


@test
def _():
    """mallopt knows the parameters of glibc and no others"""
    expect([names.mallopt(parameter, 1) for parameter in (1, -1, -3, -8)], [1] * 4)
    expect([names.mallopt(parameter, 1) for parameter in (0, 99, -9)], [0] * 3)


@test
def _():
    """a block of the next malloc goes back to it"""
    for size in (10, 1000, 10 * MB):
        names.free(pointer(next_malloc(ctypes.c_size_t(size))))
        block = next_malloc(ctypes.c_size_t(size))
        ctypes.memset(block, 7, size)
        assert names.malloc_usable_size(pointer(block)) >= size
        block = names.realloc(pointer(block), ctypes.c_size_t(2 * size))
        expect(ctypes.string_at(block, size), b"\7" * size)
        names.free(pointer(block))


sys.exit(main())
