"""The code blocks of the documents, and what the first line of each says it is.

In Markdown every block is fenced. Its first line, of which a reader sees nothing, is the language
and what the tests are to do:

    ```sh                       run, must succeed
    ```console                  commands behind `$ ` or `# ` (as root), and what they print
    ```sh pool                  ... as root, with the machine's pool of huge pages, put back after
    ```sh pool cgroup           ... where control groups of version 2 limit huge pages
    ```sh needs redis-server    ... where the program is installed
    ```sh norun: why            not run, for it needs an hour, another machine, a network
    ```c program.c              the file program.c of the blocks that follow
    ```text                     anything else

In a manual page the blocks are those between .EX and .EE: `console`, or what a comment in the line
before says.
"""

import dataclasses
import pathlib
import re

COMMANDS = ("sh", "console")
FILES = ("c", "cc", "python", "yaml", "dockerfile", "ini")
LANGUAGES = (*COMMANDS, *FILES, "text")

FENCE = re.compile(r"^( *)```(.*)$")
ROFF = ((r"\-", "-"), (r"\(dq", '"'), (r"\(aq", "'"), (r"\(ga", "`"), (r"\&", ""), (r"\e", "\\"))


class BlockError(Exception):
    """A block that is not what the convention allows; the text says where."""


@dataclasses.dataclass
class Block:
    path: str
    line: int  # of the fence, from 1
    language: str
    text: str
    file: str = ""  # what it is saved as
    reason: str = ""  # why it is not run
    needs: tuple = ()
    uses_pool: bool = False
    uses_cgroup: bool = False

    @property
    def place(self):
        return f"{self.path}:{self.line}"

    @property
    def is_run(self):
        return self.language in COMMANDS and not self.reason

    def commands(self):
        """(command, what it prints or None) of each; a block of sh is one command."""
        if self.language == "sh":
            return [(self.text, None)]
        return _console_commands(self)


def _console_commands(block):
    found = []
    for line in block.text.splitlines():
        is_continued = found and not found[-1][1] and (
            line.startswith("> ") or found[-1][0].endswith("\\"))
        if is_continued:
            found[-1][0] += "\n" + line.removeprefix("> ")
        elif line.startswith(("$ ", "# ")):
            found.append([line[2:], []])
        elif found:
            found[-1][1].append(line)
        else:
            raise BlockError(f"{block.place}: opens with no command behind `$ ` or `# `")
    return [(command, "\n".join(shown) or None) for command, shown in found]


def _classify(path, line, words, text):
    """The block that the text behind the fence describes."""
    what, is_not_run, reason = words.partition("norun:")
    language, *rest = what.split() or [""]
    block = Block(path, line, language, text, reason=reason.strip())
    place = f"{path}:{line}"
    if language not in LANGUAGES:
        raise BlockError(f"{place}: a block of '{language}': one of {' '.join(LANGUAGES)}, please")
    if is_not_run and not block.reason:
        raise BlockError(f"{place}: norun, but why?")
    if language in FILES and len(rest) == 1:
        block.file = rest[0]
    elif language in COMMANDS:
        block.uses_pool, block.uses_cgroup = "pool" in rest, "cgroup" in rest
        if "needs" in rest:
            block.needs = tuple(rest[rest.index("needs") + 1:])
    elif rest:
        raise BlockError(f"{place}: '{words}': see tests/doc/blocks.py")
    return block


def markdown(path, text):
    """All blocks of a document. Raises BlockError."""
    blocks, inside, start, indent, previous = [], None, 0, 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if fence and inside is None:
            inside, start, indent, words = [], number, len(fence[1]), fence[2]
        elif fence:
            blocks.append(_classify(path, start, words, "\n".join(inside) + "\n"))
            inside = None
        elif inside is not None:
            inside.append(line[indent:])
        elif line.startswith("    ") and not previous.strip():
            raise BlockError(f"{path}:{number}: an indented block: fence it, and say what it is")
        previous = line
    if inside is not None:
        raise BlockError(f"{path}:{start}: a fence that is not closed")
    return blocks


def manual(path, text):
    """All examples of a manual page."""
    blocks, words, previous = [], "", ""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line == ".EX":
            words = previous.removeprefix('.\\" ') if previous.startswith('.\\"') else "console"
            end = lines.index(".EE", number)
            body = "\n".join(lines[number:end]) + "\n"
            for escape, character in ROFF:
                body = body.replace(escape, character)
            blocks.append(_classify(path, number, words, body))
        previous = line
    return blocks


def documents(root):
    """All that is written for users: Markdown, then manual pages, relative to the root."""
    root = pathlib.Path(root)
    found = [root / "README.md", *sorted(root.glob("doc/*.md")), root / "benchmarks" / "README.md",
             *sorted(root.glob("man/*.[1-8]")), *sorted(root.glob("man/*.in"))]
    return [path.relative_to(root) for path in found]


def of(root, path):
    text = (pathlib.Path(root) / path).read_text(encoding="utf-8")
    return (markdown if path.suffix == ".md" else manual)(str(path), text)
