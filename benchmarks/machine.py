"""What the results depend on besides the allocators, as lines of text."""

import datetime
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ["libjemalloc2", "libmimalloc2.0", "libtcmalloc-minimal4", "libtbbmalloc2"]
THP = "/sys/kernel/mm/transparent_hugepage/enabled"


def _field(path, name):
    try:
        lines = pathlib.Path(path).read_text().splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)),
                "unknown")


def _output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    except OSError:
        return ""
    return done.stdout.strip()


def describe(arguments):
    """Lines for a reader who wants to measure the same again."""
    memory_gb = int(_field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    commit = _output_of("git", "describe", "--always", "--dirty")
    packages = _output_of("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES)
    options = [f"{name}={value}" for name, value in os.environ.items()
               if name.startswith("HPALLOC_")]
    lines = [
        f"command: {' '.join(arguments)}",
        f"date: {datetime.date.today()}",
        f"commit: {commit or 'unknown'}",
        f"processor: {_field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} threads",
        f"memory: {memory_gb:.0f} GB",
        f"kernel: {platform.system()} {platform.release()}",
        f"C library: {' '.join(platform.libc_ver())}",
        f"transparent huge pages: {selected(THP)}",
        f"packages: {', '.join(packages.splitlines()) or 'unknown'}",
        f"load before: {os.getloadavg()[0]:.2f}",
    ]
    return lines + [f"options: {' '.join(options)}"] * bool(options)


def selected(path):
    """The word that the kernel marks as chosen."""
    try:
        return pathlib.Path(path).read_text().partition("[")[2].partition("]")[0]
    except OSError:
        return "unknown"
