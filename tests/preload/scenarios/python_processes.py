#!/usr/bin/env -S PYTHONMALLOC=malloc /usr/bin/python3
"""Processes by fork, from a program with threads, and by spawn; pools, queues, shared memory.

The parent's heap is large when it forks, both sides write to it afterwards, and children fork
again. Nothing may be lost on either side.
program: python3
heap: 40 200
"""

import hashlib
import multiprocessing
import sys
import threading
from multiprocessing import shared_memory

FULL = sys.argv[1] == "full"
BLOCKS = 300_000 if FULL else 60_000
FORKS = 10 if FULL else 6


def make_blocks():
    return [bytearray(str(number).encode() * (number % 300)) for number in range(BLOCKS)]


def digest(blocks):
    state = hashlib.sha256()
    for block in blocks:
        state.update(block)
    return state.hexdigest()


def change_all(blocks, number, results):
    for block in blocks[number::7]:
        block.extend(b"changed in the child")
    results.put((number, digest(blocks)))


def square(number):
    return number * number


def busy(stop):
    while not stop.is_set():
        _ = [bytes(size) for size in range(500)]


def fork_with_threads(blocks):
    context = multiprocessing.get_context("fork")
    stop = threading.Event()
    threads = [threading.Thread(target=busy, args=(stop,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(FORKS):
        results = context.SimpleQueue()
        child = context.Process(target=change_all, args=(blocks, number, results))
        child.start()
        for block in blocks[::11]:
            block.extend(b"parent")
        result = results.get()
        child.join()
        print("child", number, "exit", child.exitcode, result[0])
        print("parent", digest(blocks))
    stop.set()
    for thread in threads:
        thread.join()


def grandchild(depth, results):
    blocks = [bytes(1000) for _ in range(1000)]
    if depth:
        child = multiprocessing.get_context("fork").Process(
            target=grandchild, args=(depth - 1, results))
        child.start()
        child.join()
    results.put((depth, len(blocks)))


def main():
    blocks = make_blocks()
    print("at first", digest(blocks))
    fork_with_threads(blocks)

    results = multiprocessing.get_context("fork").SimpleQueue()
    grandchild(3, results)
    print(sorted(results.get() for _ in range(4)))

    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(3) as pool:
            print(method, sum(pool.map(square, range(20_000))))

    memory = shared_memory.SharedMemory(create=True, size=1 << 20)
    memory.buf[:] = b"\x2a" * memory.size
    print("shared", hashlib.sha256(memory.buf).hexdigest())
    memory.close()
    memory.unlink()


if __name__ == "__main__":
    main()
