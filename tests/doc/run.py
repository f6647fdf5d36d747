#!/usr/bin/python3
"""Runs every command that the documents show. Usage: run.py ROOT BUILD [DOCUMENT...]

A point is a block; tests/doc/blocks.py has the convention. With the variable HP_DOC_POOL=0 the
machine's pool is left alone, and blocks that need it are skipped.
"""

import contextlib
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "tools"), str(HERE.parent / "preload")]

import blocks
import shown
from pool import Pool, PoolError
from scratch import Scratch
from tap import Skip, main, test

HINT = "If it cannot run here, say `norun: why`: see tests/doc/blocks.py."
THP = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")


def can_limit_huge_pages():
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    controllers = [pathlib.Path(mount[1]) / "cgroup.controllers" for mount in mounts
                   if mount[2] == "cgroup2"]
    return any(path.exists() and "hugetlb" in path.read_text() and
               os.access(path.with_name("cgroup.subtree_control"), os.W_OK)
               for path in controllers)


@contextlib.contextmanager
def machine_for(block):
    """The machine as the block needs it, for as long as it runs."""
    missing = [program for program in block.needs if not shutil.which(program)]
    if missing:
        raise Skip(f"not installed: {' '.join(missing)}")
    if "transparent huge pages" in block.text and "[never]" in THP.read_text():
        raise Skip("transparent huge pages are off")
    if block.uses_cgroup and not can_limit_huge_pages():
        raise Skip("no control groups of version 2 that limit huge pages")
    if not block.uses_pool:
        yield
        return
    if os.environ.get("HP_DOC_POOL") == "0":
        raise Skip("the pool is left alone: HP_DOC_POOL=0")
    with Pool() as pool:
        try:
            pool.set(0, is_changed=True)
        except PoolError as reason:
            raise Skip(reason) from reason
        yield


def run(scratch, files, block):
    for file in files:
        scratch.save(file.file, file.text)
    for command, expected in block.commands():
        status, printed = scratch.run(command, isolated=not block.uses_pool)
        if expected is None and status != 0:
            raise AssertionError(f"status {status} of\n{command}\nwhich printed\n{printed}{HINT}")
        if expected is not None and not shown.matches(expected, printed):
            raise AssertionError(f"{command}\nis shown to print\n{expected}\nbut printed\n"
                                 f"{printed}{HINT}")


def add(scratch, files, block):
    def point():
        with machine_for(block):
            run(scratch, files, block)

    point.__doc__ = f"{block.place}: {block.text.strip().splitlines()[0]}"
    test(point)


def add_document(scratch, found):
    files = []
    for block in found:
        if block.is_run:
            add(scratch, files, block)
            files = []
        elif block.reason:
            print(f"# {block.place}: not run: {block.reason}")
        elif block.file:
            files = [*files, block]


def run_all(root, build, paths):
    with contextlib.ExitStack() as stack:
        for path in paths:
            add_document(stack.enter_context(Scratch(root, build)), blocks.of(root, path))
        return main()


if __name__ == "__main__":
    wanted = [pathlib.Path(path) for path in sys.argv[3:]] or blocks.documents(sys.argv[1])
    sys.exit(run_all(sys.argv[1], sys.argv[2], wanted))
