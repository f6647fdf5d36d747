"""Usage: options.py PAGE TABLE: prints the manual page with the options of options.def in it."""

import re
import sys

ENTRY = re.compile(r'^HP_OPTION_([A-Z]+)\((\w+),(.*?)((?:"[^"]*"\s*)+)\)', re.M | re.S)
TYPES = {"CHOICE": "word", "BOOL": "0|1", "TEXT": "text", "SIZE": "size", "UINT": "number"}


def default_of(kind, values):
    """The default as a user would write it, from the C expressions between name and help."""
    if kind == "TEXT":
        return "not set"
    value = values.split(",")[0].strip()
    shifted = re.fullmatch(r"(\d+)u? << 20", value)
    if shifted:
        return f"{shifted.group(1)}M"
    return value.rsplit("_", 1)[-1].lower()


def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def entries(table):
    for kind, name, values, strings in ENTRY.findall(table):
        text = "".join(re.findall(r'"([^"]*)"', strings))
        yield (f".TP\n.BR HPALLOC_{name.upper()} = \\fI{TYPES[kind]}\\fR\n"
               f"{escaped(text[0].upper() + text[1:])}.\n"
               f"The default: {escaped(default_of(kind, values))}.\n")


def main():
    with open(sys.argv[1], encoding="utf-8") as page, open(sys.argv[2], encoding="utf-8") as table:
        options = "".join(entries(table.read()))
        print(page.read().replace("@OPTIONS@\n", options), end="")


main()
