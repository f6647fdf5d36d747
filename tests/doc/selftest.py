#!/usr/bin/python3
"""The frame of this folder notices what it is for. Usage: selftest.py ROOT BUILD"""

import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tools"))

import blocks
import shown
from scratch import Scratch
from tap import expect, main, test

ROOT, BUILD = sys.argv[1:3]


def refused(text):
    try:
        for block in blocks.markdown("d.md", text):
            block.commands()
    except blocks.BlockError as error:
        return str(error)
    return ""


@test
def _():
    """a block that does not say what it is is refused"""
    for text in ("```\nls\n```\n", "```zsh\nls\n```\n", "a\n\n    ls\n", "```sh\nls\n",
                 "```sh norun:\nls\n```\n", "```console\nls\n```\n", "```c a.c b.c\n```\n"):
        assert refused(text).startswith("d.md:"), text


@test
def _():
    """blocks, their words and their commands are found"""
    text = ("- a\n\n  ```sh needs ls sort\n  ls\n  ```\n\n```c a.c\nint a;\n```\n\n"
            "```sh norun: a week\nsleep 7d\n```\n\n"
            "```console pool\n$ printf '1\n> 2'\n1\n2\n# ls \\\n  -l\n```\n")
    first, file, left, last = blocks.markdown("d.md", text)
    expect((first.text, first.needs, first.is_run, first.line), ("ls\n", ("ls", "sort"), True, 3))
    expect((file.file, file.text, file.is_run), ("a.c", "int a;\n", False))
    expect((left.reason, left.is_run), ("a week", False))
    expect(last.uses_pool, True)
    expect(last.commands(), [("printf '1\n2'", "1\n2"), ("ls \\\n  -l", None)])


@test
def _():
    """examples of a manual page are found, without its escapes"""
    text = '.SH EXAMPLES\n.EX\n$ ls \\-l\n.EE\n.\\" sh norun: why\n.EX\nls\n.EE\n'
    first, second = blocks.manual("m.1", text)
    expect(first.commands(), [("ls -l", None)])
    expect((second.language, second.reason), ("sh", "why"))


@test
def _():
    """numbers and … stand for others, words do not"""
    for text, printed, is_same in (
            ("a 12 MB", "a 7.5 MB\n", True), ("a 12 MB", "a 7 KB", False),
            ("a b", "a\nb", True), ("a … c", "a b\nb c", True), ("a … c", "a c", True),
            ("…", "", True), ("a\n…", "a", True), ("a …", "b a", False), ("a", "ab", False),
            ("x=…", "x=12", True), ("a (b)", "a (b)", True), ("a (b)", "a b", False),
            ("… a", "b a", True), ("… a", "a", True), ("0x7f", "0x12f", True)):
        expect(shown.matches(text, printed), is_same, f"'{text}' and '{printed}'")


@test
def _():
    """commands share variables and files, and nothing else; what they leave running ends"""
    with Scratch(ROOT, BUILD) as scratch:
        expect(scratch.run("a='b c'; cd /; echo d >$HOME/e"), (0, ""))
        expect(scratch.run('pwd; echo "$a"; cat e'), (0, f"{scratch.path}\nb c\nd\n"))
        expect(scratch.run("false\necho no")[0], 1)
        expect(scratch.run("./dev test")[0], 99)
        status, printed = scratch.run("sleep 1000 & echo $!")
        expect(status, 0)
        wait_for_the_end_of(int(printed))


def wait_for_the_end_of(process):
    for _ in range(100):
        try:
            status = pathlib.Path(f"/proc/{process}/stat").read_text()
        except FileNotFoundError:
            return
        if status.rpartition(")")[2].split()[0] in "ZX":
            return
        time.sleep(0.1)
    raise AssertionError(f"{process} still runs")


@test
def _():
    """what is built is found, and a C program links with it"""
    with Scratch(ROOT, BUILD) as scratch:
        scratch.save("a.c", "#include <hpalloc/hpalloc.h>\n"
                            "int main(void) { hp_free(hp_malloc(1)); return 3; }\n")
        expect(scratch.run("hprun true")[0], 0)
        expect(scratch.run("cc a.c $(pkg-config --cflags --libs hpalloc)"), (0, ""))
        expect(scratch.run("./a.out")[0], 3)


sys.exit(main())
