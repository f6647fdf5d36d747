#!/usr/bin/python3
"""What the documents name exists. Usage: style.py ROOT BUILD"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tools"))

import blocks
from tap import Skip, expect, main, test

ROOT, BUILD = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
TOOL = BUILD / "tools" / "hpalloc"
DOCUMENTS = blocks.documents(ROOT)
TEXTS = {path: (ROOT / path).read_text(encoding="utf-8") for path in DOCUMENTS}
BLOCKS, UNCLEAR = {}, []
for document in DOCUMENTS:
    try:
        BLOCKS[document] = blocks.of(ROOT, document)
        for block in BLOCKS[document]:
            if block.language in blocks.COMMANDS:
                block.commands()
    except blocks.BlockError as error:
        BLOCKS[document] = []
        UNCLEAR.append(str(error))

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\bHPALLOC_[A-Z0-9_]*[A-Z0-9]")
HEADER = re.compile(r"^\.TH .*$", re.M)  # the title of a page is in capitals
OPTION = re.compile(r"^HP_OPTION_[A-Z]+\((\w+)", re.M)
SPAN = re.compile(r"`([^`\n]+)`")
OWN_VARIABLES = {"HPALLOC_PRELOAD_LIBRARY"}  # the command's, not the library's


def options():
    table = (ROOT / "src" / "rt" / "options.def").read_text()
    return {"HPALLOC_" + name.upper() for name in OPTION.findall(table)}


def code(path):
    """The commands that a document names: its blocks of commands, and the words in backquotes."""
    found = [block.text for block in BLOCKS[path] if block.language in blocks.COMMANDS]
    return found + (SPAN.findall(TEXTS[path]) if path.suffix == ".md" else [])


def nothing(findings):
    expect(sorted(set(findings)), [], "found")


def help_of(*words):
    return subprocess.run([TOOL, *words, "--help"], capture_output=True, text=True, check=False)


def slug(heading):
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@test
def _():
    """every block of code says what it is"""
    nothing(UNCLEAR)


@test
def _():
    """links lead to a file of the project, and to a heading in it"""
    findings = []
    for path in DOCUMENTS:
        for link in LINK.findall(TEXTS[path]):
            if "://" in link:
                continue
            name, _, heading = link.partition("#")
            target = (ROOT / path).parent / name if name else ROOT / path
            if not target.exists():
                findings.append(f"{path}: no {name}")
            elif heading and heading not in map(slug, re.findall(r"^#+ (.*)$",
                                                                 target.read_text(), re.M)):
                findings.append(f"{path}: {name} has no heading {heading}")
    nothing(findings)


@test
def _():
    """every variable that a document names is read"""
    known = options() | OWN_VARIABLES
    nothing(f"{path}: {name}" for path in DOCUMENTS
            for name in VARIABLE.findall(HEADER.sub("", TEXTS[path]))
            if name not in known and not any(other.startswith(name + "_") for other in known))


@test
def _():
    """every verb of ./dev that a document names is there"""
    verbs = set(re.findall(r"^do_(\w+)\(\)", (ROOT / "dev").read_text(), re.M))
    nothing(f"{path}: {verb}" for path in DOCUMENTS
            for verb in re.findall(r"\./dev ([a-z]\w*)", TEXTS[path]) if verb not in verbs)


@test
def _():
    """every verb of hpalloc that a document names is there"""
    named = {(verb, path) for path in DOCUMENTS for text in code(path)
             for verb in re.findall(r"(?:^|[ /(])hpalloc ([a-z][\w-]*)", text, re.M)}
    known = {verb: help_of(verb).returncode == 0 for verb in {verb for verb, path in named}}
    nothing(f"{path}: {verb}" for verb, path in named if not known[verb])


@test
def _():
    """every option that a document gives to hpalloc run, or hprun, is one"""
    known = set(re.findall(r"--[a-z][a-z-]*", help_of("run").stdout))
    assert "--backing" in known, help_of("run")
    nothing(f"{path}: {name}" for path in DOCUMENTS for text in code(path)
            for words in re.findall(r"(?:hprun|hpalloc run)((?: +--[a-z]\S*)*)", text)
            for name in re.findall(r"--[a-z][a-z-]*", words) if name not in known)


@test
def _():
    """every case that a document gives to ./dev bench --only is one"""
    folder = ROOT / "benchmarks"
    known = {path.stem.replace("_", "-") for path in folder.glob("workloads/*.c")}
    for script in folder.glob("programs/*.sh"):
        known |= {script.stem, *" ".join(
            re.findall(r"^main '([^']*)'", script.read_text(), re.M)).split()}
    nothing(f"{path}: {name}" for path in DOCUMENTS
            for names in re.findall(r"\./dev bench[^`\n]*--only ([a-z0-9,-]+)", TEXTS[path])
            for name in names.split(",")
            if name not in known and name.rsplit("-", 1)[0] not in known)


@test
def _():
    """hpalloc(7) has every option"""
    page = BUILD / "man" / "hpalloc.7"
    if not page.exists():
        raise Skip("the manual was not built")
    nothing(options() - set(VARIABLE.findall(page.read_text())))


@test
def _():
    """hpalloc(1) has every verb, hpalloc(3) every function"""
    verbs = set(re.findall(r"^  ([a-z]+)", help_of().stdout.partition("Verbs:")[2], re.M))
    assert "run" in verbs, help_of()
    nothing(verb for verb in verbs if f"hpalloc {verb}" not in TEXTS[pathlib.Path("man/hpalloc.1")])
    header = (ROOT / "include" / "hpalloc" / "hpalloc.h").read_text()
    functions = re.findall(r"^HP_PUBLIC [^(]*?(\w+)\(", header, re.M)
    pages = "".join(text for path, text in TEXTS.items() if path.suffix == ".3")
    assert "hp_malloc" in functions, header
    nothing(name for name in functions if name not in pages)


@test
def _():
    """every document is in the index and installed"""
    index, build = ((ROOT / "doc" / name).read_text() for name in ("README.md", "meson.build"))
    nothing(path.name for path in (ROOT / "doc").glob("*.md") if path.name != "README.md"
            and (f"({path.name})" not in index or f"'{path.name}'" not in build))


@test
def _():
    """the quick guides show the same commands"""
    english, french = (
        [block.commands() if block.language in blocks.COMMANDS else block.text
         for block in BLOCKS[pathlib.Path("doc") / name] if block.language != "text"]
        for name in ("guide.md", "guide.fr.md"))
    expect(french, english)


@test
def _():
    """YAML can be read, and huge pages are asked for as Kubernetes wants them"""
    try:
        import yaml
    except ImportError:
        raise Skip("python3-yaml is not installed") from None
    found = [block for path in DOCUMENTS if path.suffix == ".md"
             for block in BLOCKS[path] if block.language == "yaml"]
    findings = []
    for block in found:
        for resources in resources_in(list(yaml.safe_load_all(block.text))):
            limits, requests = (resources.get(name, {}) for name in ("limits", "requests"))
            name = "hugepages-2Mi"
            if limits.get(name) != requests.get(name, limits.get(name)):
                findings.append(f"{block.place}: requests and limits of {name} differ")
            if name in limits and not {"cpu", "memory"} & {*limits, *requests}:
                findings.append(f"{block.place}: {name} needs cpu or memory beside it")
    nothing(findings)


def resources_in(node):
    """The values of all keys `resources` in a tree of lists and dictionaries."""
    if isinstance(node, dict):
        if isinstance(node.get("resources"), dict):
            yield node["resources"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from resources_in(item)


sys.exit(main())
