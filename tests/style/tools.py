"""Usage: tools.py ROOT format | shellcheck: clang-format or shellcheck finds nothing."""

import collections
import shutil
import subprocess
import sys

import tree

SKIP = 77


def run(command, files):
    if not shutil.which(command[0]):
        print(f"SKIPPED: {command[0]} is not installed")
        sys.exit(SKIP)
    return subprocess.run(command + [str(path) for path in files], cwd=tree.ROOT, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


if sys.argv[2] == "format":
    result = run(["clang-format", "--dry-run", "-Werror"], tree.files(".c", ".h"))
    places = collections.Counter(
        line.split(":")[0] for line in result.stdout.splitlines() if " error: " in line)
    for path, count in places.items():
        print(f"{path}: {count} places for ./dev format")
else:
    result = run(["shellcheck", "-x", "--severity=warning"], tree.shell_scripts())
    print(result.stdout)
sys.exit(result.returncode)
