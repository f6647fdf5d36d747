#!/usr/bin/env -S PYTHONMALLOC=malloc /usr/bin/python3
"""Threads that make, hand over and drop objects; every object is a block of the heap.

The interpreter's own small-object allocator is switched off. Threads are born and end in waves,
so that arenas change hands, and blocks are freed by others than made them.
program: python3
heap: 40 200
"""

import hashlib
import queue
import sys
import threading

FULL = sys.argv[1] == "full"
WAVES = 30 if FULL else 4
THREADS = 8
KEPT_BLOCKS = 300_000 if FULL else 60_000


def produce(wave, number, out):
    for item in range(2000):
        out.put({"id": (wave, number, item), "text": f"{wave}.{number}.{item}" * (item % 50)})
    out.put(None)


def consume(source, digests, number):
    total = 0
    ended = 0
    while ended < 1:
        item = source.get()
        if item is None:
            ended += 1
        else:
            total += len(item["text"]) + sum(item["id"])
    digests[number] = total


def run_wave(wave):
    queues = [queue.Queue(100) for _ in range(THREADS // 2)]
    totals = {}
    threads = [threading.Thread(target=produce, args=(wave, n, q)) for n, q in enumerate(queues)]
    threads += [threading.Thread(target=consume, args=(q, totals, n))
                for n, q in enumerate(queues)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [totals[number] for number in sorted(totals)]


kept = [bytearray(number % 2000) for number in range(KEPT_BLOCKS)]
for wave in range(WAVES):
    print(wave, run_wave(wave))
print(hashlib.sha256(b"".join(kept[::100])).hexdigest())
local = threading.local()
local.value = [object() for _ in range(1000)]
threading.Thread(target=lambda: setattr(local, "value", [b"x" * 5000] * 100)).start()
print("the last thread ends after this line, or before")
