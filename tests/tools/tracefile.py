"""Writes traces as hpalloc/trace.h describes them, without the library: Trace().thread(1, ...)."""

import struct

MAGIC, MASK = 0x65637470, (1 << 64) - 1
START, MODULES, EVENTS, END = 1, 2, 3, 4
MALLOC, CALLOC, ALIGNED, REALLOC, FREE = range(5)
HEAD = struct.Struct("<8I4Q")


def checksum(start, data):
    lanes = [start, start ^ 1, start ^ 2, start ^ len(data)]
    for number, at in enumerate(range(0, len(data), 8)):
        word = int.from_bytes(data[at:at + 8], "little")
        lane = ((lanes[number % 4] ^ word) * 0x9e3779b97f4a7c15) & MASK
        lanes[number % 4] = lane ^ lane >> 29
    for lane in lanes[1:]:
        lanes[0] = ((lanes[0] ^ lane) * 0xbf58476d1ce4e5b9 + (lanes[0] >> 31)) & MASK
    return lanes[0]


def number(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def difference(to, start):
    signed = (to - start) & MASK
    return number((signed << 1 & MASK) ^ (MASK if signed >> 63 else 0))


def rotated(address):
    return (address >> 4 | address << 60) & MASK


class Trace:
    """Time runs in units of 1 us."""

    def __init__(self, program="/opt/program", pid=4711, flags=0):
        self.data = b""
        self._block(START, struct.pack("<IIQQQ", 1, flags, pid, 1, 0) + program.encode() + b"\0")

    def _block(self, kind, payload, events=0, thread=0, first=0, written=0):
        fields = [MAGIC, kind, len(payload), events, thread, thread, 0, 0, first, written,
                  written * 1000]
        total = checksum(checksum(0, HEAD.pack(*fields, 0)), payload)
        self.data += HEAD.pack(*fields, total) + payload
        return self

    def modules(self, *rows):
        """(first, end, offset, path)"""
        return self._block(MODULES, b"".join(struct.pack("<3Q", *row[:3]) + row[3].encode() +
                                             b"\0" for row in rows))

    def end(self, time):
        return self._block(END, b"", written=time)

    def thread(self, thread, *events):
        """(time, op, caller, address[, bytes[, old or log2 of alignment]]), all in one block."""
        payload, now, last_address, last_caller, slots = b"", events[0][0], 0, 0, {}
        for time, op, caller, address, *more in events:
            size, extra = (more + [0, 0])[:2]
            index = caller % 251
            first, long_time = op, b""
            if time - now < 7:
                first |= time - now << 3
            else:
                first |= 7 << 3
                long_time = number(time - now - 7)
            now, body = time, b""
            if slots.setdefault(index, [0, 0, 0])[0] != caller:
                first |= 64
                body += difference(caller, last_caller)
                last_caller = caller
                slots[index] = [caller, 0, last_address]
            slot = slots[index]
            if op == ALIGNED:
                body += bytes([extra])
            if op != FREE:
                if slot[1] == size:
                    first |= 128
                else:
                    body += number(size)
                slot[1] = size
            start = slot[2]
            if op == REALLOC:
                body += difference(rotated(extra), rotated(start))
                start = extra
            body += difference(rotated(address), rotated(start))
            slot[2] = last_address = address
            payload += bytes([first]) + long_time + bytes([index]) + body
        return self._block(EVENTS, payload, len(events), thread, events[0][0], events[-1][0])


def small():
    """Two threads: a leak of 1000 bytes, a block that changes hands, a realloc, a failure."""
    main, worker = 0x401010, 0x401020
    heap = 0x7f0000000000
    trace = Trace().modules((0x400000, 0x402000, 0, "/opt/program"))
    trace.thread(1, (10, MALLOC, main, heap, 1000), (20, MALLOC, main, heap + 4096, 64),
                 (30, CALLOC, main, heap + 8192, 100),
                 (40, REALLOC, main, heap + 16384, 3000, heap + 8192),
                 (5000, FREE, main, heap + 16384), (6000, MALLOC, main, 0, 1 << 40))
    trace.thread(2, (50, ALIGNED, worker, heap + 32768, 512, 8), (60, FREE, worker, heap + 4096),
                 (2000, FREE, worker, heap + 32768))
    return trace.end(7000)
