"""The paths that documents name exist: `src/pool/pool.c`, `pool/pool.c`, [links](doc/preload.md).

A word in backquotes counts as a path if its first part is a folder of the root or of src.
"""

import re

import tree

WORD = re.compile(r"`([^`\s]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
LINE_NUMBER = re.compile(r"(:\d+)?[.,:;]?$")


def exists(base, name):
    return any((tree.ROOT / base).glob(name.rstrip("/"))) if name else True


findings = []
for path in tree.files(".md"):
    for number, line in enumerate(tree.lines(path), 1):
        for word in WORD.findall(line):
            word = LINE_NUMBER.sub("", word).removeprefix("./")
            head = word.split("/")[0]
            if "/" not in word or not head:
                continue
            bases = [base for base in ("", "src", "include") if (tree.ROOT / base / head).is_dir()]
            if bases and not head.startswith("build") and not any(exists(b, word) for b in bases):
                findings.append(f"{path}:{number}: no {word}")
        for link in LINK.findall(line):
            if "://" not in link and not exists(path.parent, link):
                findings.append(f"{path}:{number}: no {link}")
tree.report(findings)
