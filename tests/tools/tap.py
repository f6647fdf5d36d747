"""Test points in TAP: each function marked @test is one; its doc string is its name."""

import sys
import traceback


class Skip(Exception):
    """The machine lacks what the test needs; the reason is shown."""


_tests = []


def test(function):
    _tests.append(function)
    return function


def expect(value, expected, what="got"):
    if value != expected:
        raise AssertionError(f"{what} {value!r}, expected {expected!r}")


def main():
    """Runs all; returns the exit status."""
    failed = 0
    print(f"1..{len(_tests)}")
    for number, function in enumerate(_tests, 1):
        point = f"{number} - {function.__doc__}"
        try:
            function()
            print(f"ok {point}", flush=True)
        except Skip as reason:
            print(f"ok {point} # SKIP {' '.join(str(reason).split())}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {point}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            sys.stdout.flush()
    return 1 if failed else 0
