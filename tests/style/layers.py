"""Includes go down only: base, then os, then rt are under all; pool, span, arena see those and the
one layer below; api wires everything and sees all.

liburcu is included by rt/reclaim.c alone, probes by base/probe.h, and headers of the kernel by os
alone. The build lists every source.
"""

import re

import tree

INCLUDE = re.compile(r'\s*#\s*include\s+(?:"(?P<own>[^"]+)"|<(?P<system>[^>]+)>)')
UNDER_ALL = ["base", "os", "rt"]
ORDER = [*UNDER_ALL, "pool", "span", "arena", "profile", "api", "preload"]


def allowed(layer):
    below = ORDER[: ORDER.index(layer) + 1]
    if layer == "api" or layer in UNDER_ALL:
        return set(below)
    return {*UNDER_ALL, *below[-2:]}


def check(path, include):
    layer = path.parts[1]
    if include["system"]:
        head = include["system"].split("/")[0]
        if head.startswith("urcu") and str(path) != "src/rt/reclaim.c":
            return "liburcu is for src/rt/reclaim.c alone"
        if include["system"] == "sys/sdt.h" and str(path) == "src/base/probe.h":
            return None
        if head in ("sys", "linux", "asm") and layer != "os":
            return "headers of the kernel are for src/os alone"
        return None
    target = include["own"].split("/")[0]
    if "/" not in include["own"]:
        return None if target == "config.h" else "names no layer"
    if not (tree.ROOT / "src" / include["own"]).exists():
        return "does not exist"
    return None if target in allowed(layer) else f"{layer} may not see {target}"


findings = []
listed = "".join(tree.lines("src/meson.build"))
for path in tree.files(".c", ".h", ".def"):
    if path.parts[0] != "src":
        continue
    if path.suffix == ".c" and f"'{path.relative_to('src')}'" not in listed:
        findings.append(f"{path}: not listed in src/meson.build")
    for number, line in enumerate(tree.lines(path), 1):
        include = INCLUDE.match(line)
        complaint = include and check(path, include)
        if complaint:
            findings.append(f"{path}:{number}: {line.strip()}: {complaint}")
tree.report(findings)
