"""The machine's pool of 2 MB pages, for as long as a test relies on its size.

One lock file serves all tests of the machine. The sizes found are put back at the end, also when
the test fails or is told to stop by SIGTERM, as Meson does after a timeout.
"""

import fcntl
import os
import pathlib
import signal
import sys
import time

LOCK = "/tmp/hp-pool.lock"
SETTLE_SECONDS = 10  # for processes that are ending, with pages
DIRECTORY = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


class PoolError(Exception):
    """The pool cannot be had in the size that was asked for."""


def can_be_set():
    """Not by root either where /sys is read-only, as in most containers."""
    return os.access(DIRECTORY / "nr_hugepages", os.W_OK)


def _open_lock():
    """As hugepool.c does: another user's file cannot be opened for writing, nor with O_CREAT."""
    try:
        return os.open(LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return os.open(LOCK, os.O_RDONLY | os.O_CREAT, 0o666)


class Pool:
    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        self._lock = _open_lock()
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._found = {name: self._read(name)
                       for name in ("nr_hugepages", "nr_overcommit_hugepages")}
        # Surplus pages are of processes that are ending: to put those back would make them stay.
        self._found["nr_hugepages"] -= self._read("surplus_hugepages")
        return self

    def __exit__(self, *exception):
        try:
            # What only others can change, as in a container, is not ours to put back.
            for name, value in self._found.items() if can_be_set() else ():
                if self._read(name) != value:
                    self._write(name, value)
        finally:
            os.close(self._lock)

    def set(self, hugepages, surplus=0, is_changed=False):
        """Makes exactly so many pages free, and `surplus` more to be had. Raises PoolError: also if
        the pool is so already, but the test wants to change it by itself.
        """
        if is_changed and not can_be_set():
            raise PoolError("the pool needs root, and a /sys that can be written to")
        try:
            self._write("nr_overcommit_hugepages", surplus)
            self._write("nr_hugepages", hugepages)
        except OSError as error:
            raise PoolError(f"the pool needs root: {error.strerror}") from error
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._read("free_hugepages") != hugepages:
            if time.monotonic() > deadline:
                raise PoolError(f"of {hugepages} pages asked for, the pool got "
                                f"{self._read('nr_hugepages')}, and "
                                f"{self._read('free_hugepages')} are free")
            time.sleep(0.1)

    @staticmethod
    def _read(name):
        return int((DIRECTORY / name).read_text())

    @classmethod
    def _write(cls, name, value):
        if cls._read(name) != value:
            (DIRECTORY / name).write_text(str(value))
