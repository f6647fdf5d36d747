"""How far the measuring is: a bar on a terminal, else a line now and then; on standard error."""

import sys
import time

BAR_COLUMNS = 30
LINE_SECONDS = 20  # between two lines that are not a bar


def _clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Progress:
    def __init__(self, total):
        self._total, self._done = total, 0
        self._begin = self._printed = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def step(self, what):
        """`what` begins."""
        seconds = time.monotonic() - self._begin
        left = seconds / self._done * (self._total - self._done) if self._done else 0
        times = f"{_clock(seconds)}, {_clock(left)} left" if self._done else _clock(seconds)
        if self._is_terminal:
            filled = BAR_COLUMNS * self._done // self._total
            bar = "#" * filled + "." * (BAR_COLUMNS - filled)
            sys.stderr.write(f"\r\033[K[{bar}] {times}  {what[:60]}")
            sys.stderr.flush()
        elif self._done == 0 or time.monotonic() - self._printed > LINE_SECONDS:
            self._printed = time.monotonic()
            print(f"bench: {self._done} of {self._total}, {times}: {what}", file=sys.stderr,
                  flush=True)
        self._done += 1

    def say(self, text):
        clear = "\r\033[K" if self._is_terminal else ""
        print(f"{clear}bench: {text}", file=sys.stderr, flush=True)

    def end(self):
        if self._is_terminal:
            sys.stderr.write("\r\033[K")
