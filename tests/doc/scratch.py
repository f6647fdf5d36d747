"""A directory in which the commands of a document find what it speaks of, and nothing to break.

`build`, `tests` and the like are those of the project; ./dev is a stand-in that runs what is
built. Variables that one block sets hold in the next, as in a reader's shell.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

SECONDS = 120  # for one command

DEV = """#!/bin/sh
# Stands for the real one, which would build.
case $1 in
build) ;;
run) shift; exec hpalloc run -- "$@" ;;
*) echo "./dev $1 takes too long for a test: norun" >&2; exit 99 ;;
esac
"""
PKG_CONFIG = """Name: hpalloc
Description: as it is built; how it is installed the stage `install` tests
Version: 0
Cflags: -I{root}/include
Libs: -L{build}/src -lhpalloc
preload={build}/src/libhpalloc-preload.so
"""
SUDO = '#!/bin/sh\nexec "$@"\n'

# What the examples of the documents work on.
FILES = {
    "large.c": "\n".join(f"int f{i}(int a) {{ return a * {i} + (a << {i % 7}); }}"
                         for i in range(300)) + "\n",
    "program.py": "words = {str(i): [i] for i in range(100000)}\nprint(len(words))\n",
}


class Scratch:
    def __init__(self, root, build):
        self._root, self._build = pathlib.Path(root).resolve(), pathlib.Path(build).resolve()

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="hp-doc-")
        self.path = pathlib.Path(self._directory.name)
        self.path.chmod(0o755)
        programs = self.path / "bin"
        programs.mkdir()
        for name in ("hpalloc", "hprun"):
            (programs / name).symlink_to(self._build / "tools" / "hpalloc")
        (self.path / "build").symlink_to(self._build)
        for name in ("benchmarks", "doc", "include", "src", "tests"):
            (self.path / name).symlink_to(self._root / name)
        for path, text in ((programs / "sudo", SUDO), (self.path / "dev", DEV)):
            path.write_text(text)
            path.chmod(0o755)
        (programs / "hpalloc.pc").write_text(PKG_CONFIG.format(root=self._root, build=self._build))
        for name, text in FILES.items():
            (self.path / name).write_text(text)
        self._state = self.path / "bin" / ".state"
        self._state.write_text("")
        return self

    def __exit__(self, *exception):
        self._directory.cleanup()

    def _environment(self):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("HPALLOC_") and name != "LD_PRELOAD"}
        return {**clean, "HOME": str(self.path), "LC_ALL": "C.UTF-8", "TERM": "dumb",
                "PATH": f"{self.path}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                        "/sbin:/bin",
                "PKG_CONFIG_PATH": f"{self.path}/bin",
                "LD_LIBRARY_PATH": str(self._build / "src")}

    def save(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, command, isolated=True):
        """Runs it as /bin/sh would; returns status and what it printed, both streams together.

        Isolated, it has no network but its own. What it leaves behind is ended.
        """
        script = self.path / "bin" / ".script"
        script.write_text(f". {self._state}\nset -e\n{command}\nset +e\nset >{self._state}\n")
        network = _no_network() if isolated else []
        with tempfile.TemporaryFile() as output:
            with subprocess.Popen([*network, "/bin/sh", script], cwd=self.path, stdout=output,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  env=self._environment(), start_new_session=True) as process:
                try:
                    status = process.wait(SECONDS)
                except subprocess.TimeoutExpired:
                    status = "too slow"
                finally:
                    _end_session(process.pid)
            output.seek(0)
            return status, output.read().decode("utf-8", "replace")


def _end_session(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _no_network():
    """The words before a command that leave it the loopback alone; none where that needs root."""
    if os.geteuid() or not shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        return []
    return ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
