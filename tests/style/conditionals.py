"""No #if in a function body of the library: a feature is a constant, a variant is a file."""

import re

import tree

findings = []
for path in tree.files(".c", ".h"):
    if path.parts[0] != "src":
        continue
    for first, last in tree.bodies(path):
        for number, line in enumerate(tree.lines(path)[first - 1:last], first):
            if re.match(r"\s*#\s*if", line):
                findings.append(f"{path}:{number}: {line.strip()}")
tree.report(findings)
