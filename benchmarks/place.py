"""Where the runners find what they run, and leave what they find: the first arguments of both,
which `./dev bench` and `hpalloc bench` put before those of the user."""

import argparse
import pathlib
import sys

ARGUMENTS = 4
LAUNCHER = "bench-launch"


def add_to(parser):
    def add(name, kind):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    add("command", str)  # what the user calls this
    add("programs", pathlib.Path)  # the directory of bench-NAME
    add("library", pathlib.Path)  # ours
    add("results", pathlib.Path)  # where they go without --output


def make_absolute(options):
    """The programs run in other directories."""
    options.programs, options.library = options.programs.resolve(), options.library.resolve()
    if options.output is None:
        options.output = options.results


def users_arguments():
    return sys.argv[1 + ARGUMENTS:]
