"""Usage: symbols.py ROOT exports LIBRARY MAP | symbols.py ROOT prefix ARCHIVE...

exports: what the shared library exports is what its map lists. prefix: every global of the archives
starts with hp_, so that a program that links them is free in its names.
"""

import re
import subprocess
import sys

import tree


def defined(library, *options):
    command = ["nm", "--defined-only", "--portability", *options, library]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in text.splitlines()]
    return {row[0].split("@")[0] for row in rows if len(row) >= 2 and row[1] != "A"}


if sys.argv[2] == "exports":
    exported = defined(sys.argv[3], "--dynamic")
    text = re.sub(r"/\*.*?\*/", "", open(sys.argv[4]).read(), flags=re.DOTALL)
    listed = re.findall(r"^\t(\w+);$", text, flags=re.MULTILINE)
    findings = [f"exported, but not in the map: {name}" for name in exported - set(listed)]
    findings += [f"in the map, but not exported: {name}" for name in set(listed) - exported]
    if listed != sorted(listed):
        findings.append("the map is not sorted")
else:
    names = set().union(*(defined(archive, "--extern-only") for archive in sys.argv[3:]))
    # A program can only have names of C: not that of the probes' section.
    findings = [f"no prefix hp_: {name}" for name in names
                if name.isidentifier() and not name.startswith("hp_")]
    if not names:
        findings.append("no symbols at all")
tree.report(sorted(findings))
