#!/usr/bin/python3
"""Usage: ctypes_library.py LIBRARY: libhpalloc comes into a running program, and goes again.

Opened by ctypes, beside the process's own malloc; used by threads that end afterwards; closed by
dlclose as often as it was opened. It must stay (nodelete): blocks, fork handlers and the ends of
threads need it. Then it is opened again, and is the same heap.
"""

import ctypes
import os
import sys
import threading

ROUNDS = 20
BLOCKS = 200


def opened(path):
    library = ctypes.CDLL(path)
    library.hp_malloc.restype = ctypes.c_void_p
    library.hp_malloc.argtypes = [ctypes.c_size_t]
    library.hp_free.restype = None
    library.hp_free.argtypes = [ctypes.c_void_p]
    library.hp_owns.argtypes = [ctypes.c_void_p]
    return library


def closed(library):
    process = ctypes.CDLL(None)
    process.dlclose.argtypes = [ctypes.c_void_p]
    assert process.dlclose(library._handle) == 0


def taken(library, seed):
    blocks = []
    for number in range(BLOCKS):
        size = (number * 7919 + seed) % 300000 + 1
        block = library.hp_malloc(size)
        assert block and library.hp_owns(block)
        ctypes.memset(block, number % 256, size)
        blocks.append((block, size, number % 256))
    return blocks


def given(library, blocks):
    for block, size, value in blocks:
        assert ctypes.string_at(block, size) == bytes([value]) * size
        library.hp_free(block)


def is_mapped(name):
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return any(name in line for line in maps)


def work_beyond_the_close(library, is_closed):
    blocks = taken(library, 1)
    is_closed.wait()
    given(library, blocks)


def main():
    path = sys.argv[1]
    for seed in range(ROUNDS):
        library = opened(path)
        is_closed = threading.Event()
        thread = threading.Thread(target=work_beyond_the_close, args=(library, is_closed))
        thread.start()
        blocks = taken(library, seed)
        closed(library)
        assert is_mapped(os.path.basename(os.path.realpath(path)))
        is_closed.set()
        thread.join()
        child = os.fork()
        if child == 0:
            given(library, blocks)
            given(library, taken(library, seed))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        again = opened(path)
        assert all(again.hp_owns(block) for block, _, _ in blocks)
        given(again, blocks)
        closed(again)
    return 0


if __name__ == "__main__":
    sys.exit(main())
