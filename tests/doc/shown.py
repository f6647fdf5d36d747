"""Compares what a document shows of a command's output with what the command printed.

A number stands for any number, `…` for any text, also of several lines. How lines are broken does
not matter: a document breaks what is too long for a page.
"""

import re

NUMBER = r"\d[\d.,]*"
PIECES = re.compile(rf"(…|{NUMBER})")


def _pattern_of(word):
    parts = PIECES.split(word)
    for index, part in enumerate(parts):
        if part == "…":
            parts[index] = r".*?"
        elif re.fullmatch(NUMBER, part):
            parts[index] = rf"{NUMBER}"
        else:
            parts[index] = re.escape(part)
    return "".join(parts)


def matches(shown, printed):
    words = [_pattern_of(word) for word in shown.split()]
    pattern = r"\s+".join(words)
    # Alone, the sign stands for no word at all, too.
    pattern = pattern.replace(r"\s+.*?\s+", r"\s+(?:.*\s)?")
    pattern = re.sub(r"^\.\*\?\\s\+", r"(?:.*\\s)?", pattern)
    pattern = re.sub(r"\\s\+\.\*\?$", r"(?:\\s.*)?", pattern)
    return re.fullmatch(pattern, printed.strip(), re.S) is not None
