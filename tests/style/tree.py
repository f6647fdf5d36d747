"""The files of the source tree, for the tests of this folder: `for path in tree.files(".c", ".h")`.

Paths are relative to the root, which is the first argument of each test. Build directories and
foreign sources are left out. Findings go to tree.report(), which ends the test.
"""

import os
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1])
SHELL_SCRIPTS = {"dev", ".ci/run"}


def _folders(parent):
    names = sorted(os.listdir(ROOT / parent))
    for name in names:
        path = parent / name
        if not (ROOT / path).is_dir() or name in (".git", "__pycache__", "packagecache"):
            continue
        if (ROOT / path / "meson-info").exists() or name.startswith("build"):
            continue
        if parent == pathlib.Path("subprojects") and name != "packagefiles":
            continue
        yield path
        yield from _folders(path)


def files(*suffixes):
    """All files whose names end in one of the suffixes; all text files without any."""
    for folder in [pathlib.Path("."), *_folders(pathlib.Path("."))]:
        for path in sorted(p.relative_to(ROOT) for p in (ROOT / folder).iterdir() if p.is_file()):
            if not suffixes or path.name.endswith(suffixes):
                yield path


def shell_scripts():
    return [path for path in files() if path.suffix == ".sh" or str(path) in SHELL_SCRIPTS]


def lines(path):
    return (ROOT / path).read_text(encoding="utf-8").split("\n")


def bodies(path):
    """(first, last) line numbers, from 1, of the function bodies of a C or shell file."""
    start = 0
    for number, line in enumerate(lines(path), 1):
        if line == "{" or (start == 0 and line.endswith("() {")):
            start = number
        elif line == "}" and start:
            yield start, number
            start = 0


def report(findings):
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
