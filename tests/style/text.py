"""Every file ends in a newline, has no space at the end of a line, and opens with a comment.

Sources are at most 100 columns wide, a tab being 8.
"""

import tree

OPENINGS = {".c": ("/*",), ".h": ("/*",), ".def": ("/*",), ".map": ("/*",), ".py": ('"""', "#!"),
            ".sh": ("#",), ".pml": ("/*",), ".build": ("#",), ".wrap": ("#",), ".ini": ("#",)}

COLUMNS = 100

findings = []
for path in tree.files():
    if "corpus" in path.parts:
        continue  # inputs of the fuzzer
    try:
        lines = tree.lines(path)
    except UnicodeDecodeError:
        continue  # a picture
    if lines[-1] != "":
        findings.append(f"{path}: no newline at the end")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            findings.append(f"{path}:{number}: space at the end of the line")
        if path.suffix in OPENINGS and len(line.expandtabs(8)) > COLUMNS:
            findings.append(f"{path}:{number}: {len(line.expandtabs(8))} columns")
    if not lines[0].startswith(OPENINGS.get(path.suffix, ("",))):
        findings.append(f"{path}: does not open with a comment")
tree.report(findings)
