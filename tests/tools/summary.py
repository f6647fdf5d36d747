#!/usr/bin/python3
"""The summary of `hpalloc run` on a real heap. Usage: summary.py TOOL LIBRARY PRELOAD_TESTS"""

import pathlib
import re
import sys

sys.path.append(sys.argv[3])

from command import environment, run, use_pool
from pool import Pool, PoolError
from tap import Skip, expect, main, test

FILL = "blocks = [bytes(1000) for i in range(100000)]"
THP = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")


def summary_with_pool(hugepages, **variables):
    """What is said of a program with a heap of 100 MB."""
    with Pool() as pool:
        try:
            pool.set(hugepages)
        except PoolError as reason:
            raise Skip(reason) from reason
        result = run(sys.executable, "-c", FILL, env=environment(**variables))
    expect(result.status, 0)
    assert result.has_summary, result.err
    return result.err


def share(text, kind):
    found = re.search(rf"(\d+) % {kind}", text)
    return int(found.group(1)) if found else 0


@test
def _():
    """a full pool holds the heap"""
    text = summary_with_pool(100)
    assert share(text, "hugetlb") >= 95, text
    # The list that grows is moved: for that nothing is missing, and nothing to be changed.
    assert "; " not in text, text


@test
def _():
    """an empty pool is named, with the size that would do"""
    text = summary_with_pool(0)
    found = re.search(r"; the pool was empty: sysctl vm\.nr_hugepages=(\d+) would hold it", text)
    assert found and share(text, "hugetlb") == 0, text
    assert 48 <= int(found.group(1)) <= 80, text
    # The promise is kept.
    text = summary_with_pool(int(found.group(1)))
    assert share(text, "hugetlb") >= 95 and "too small" not in text, text


@test
def _():
    """a pool that runs dry is named"""
    text = summary_with_pool(20)
    assert re.search(r"; the pool was too small: sysctl vm\.nr_hugepages=\d+ would", text), text
    assert 20 <= share(text, "hugetlb") <= 60, text


@test
def _():
    """a share of the pool that is used up is no shortage of the pool"""
    text = summary_with_pool(100, HPALLOC_POOL_MAX="20M")
    assert text.endswith("holds it back from the pool: unset HPALLOC_POOL_MAX\n"), text
    text = summary_with_pool(100, HPALLOC_POOL_LEAVE="180M")
    assert text.endswith("holds it back from the pool: unset HPALLOC_POOL_LEAVE\n"), text


@test
def _():
    """what was asked for is no shortage"""
    text = summary_with_pool(0, HPALLOC_BACKING="base")
    assert text.endswith(": 100 % base pages; HPALLOC_BACKING=base asks for that\n"), text


@test
def _():
    """a small heap has nothing to gain"""
    text = run("true").err
    assert text.endswith("small heap: nothing to gain\n"), text


use_pool()
sys.exit(main())
