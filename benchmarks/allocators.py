"""Which allocators there are, each in its plain mode and in those that use huge pages.

A mode is a library to preload, environment that it reads, and whether it wants hugetlb pages: then
it runs while the machine's pool is filled, all others while it is empty.
"""

import dataclasses
import pathlib
import subprocess

OURS = "hpalloc"
PLAIN = "plain"
EMPTY, FILLED = "empty", "filled"  # modes of ours: with an empty pool, with a filled one
THP, HUGETLB = "thp", "hugetlb"  # modes of peers
POOL_MODES = {FILLED, HUGETLB}


def label_of(allocator, mode):
    return allocator if mode == PLAIN else f"{allocator}:{mode}"


@dataclasses.dataclass(frozen=True)
class Mode:
    allocator: str
    name: str
    library: str = ""  # none: the C library's own malloc
    environment: tuple = ()  # of NAME=VALUE
    missing: str = ""  # why it cannot run here

    @property
    def label(self):
        return label_of(self.allocator, self.name)

    @property
    def needs_pool(self):
        return self.name in POOL_MODES

    @property
    def is_ours(self):
        return self.allocator == OURS


# Peer: its library, the Debian package that has it.
PEERS = {
    "glibc": ("", ""),
    "jemalloc": ("libjemalloc.so.2", "libjemalloc2"),
    "mimalloc": ("libmimalloc.so.2", "libmimalloc2.0"),
    "tcmalloc": ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    "tbb": ("libtbbmalloc_proxy.so.2", "libtbbmalloc2"),
}

# What each peer can do with huge pages, and the environment that makes it do so. tcmalloc takes
# them from a mounted hugetlbfs alone.
HUGE_MODES = {
    "glibc": {THP: ["GLIBC_TUNABLES=glibc.malloc.hugetlb=1"],
              HUGETLB: ["GLIBC_TUNABLES=glibc.malloc.hugetlb=2"]},
    "jemalloc": {THP: ["MALLOC_CONF=thp:always,metadata_thp:always"]},
    # The same option: its large pages are transparent ones where the pool is empty.
    "mimalloc": {THP: ["MIMALLOC_LARGE_OS_PAGES=1"], HUGETLB: ["MIMALLOC_LARGE_OS_PAGES=1"]},
    "tcmalloc": {HUGETLB: ["TCMALLOC_MEMFS_MALLOC_PATH={hugetlbfs}/bench",
                           "TCMALLOC_MEMFS_MAP_PRIVATE=1"]},
    "tbb": {HUGETLB: ["TBB_MALLOC_USE_HUGE_PAGES=1"]},
}


def _library_paths():
    """Libraries by name, as the dynamic linker finds them."""
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False)
    fields = (line.split() for line in listing.stdout.splitlines() if "=>" in line)
    paths = {}
    for name, *_, path in fields:
        paths.setdefault(name, path)
    return paths


def _hugetlbfs():
    """Where 2 MB pages are mounted as files, or None."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, folder, kind, options, *_ = line.split()
        if kind == "hugetlbfs" and "pagesize=1" not in options:
            return folder
    return None


def _modes_of_peer(name, is_plain_only, library):
    modes = [Mode(name, PLAIN, library)]
    for mode, environment in ({} if is_plain_only else HUGE_MODES[name]).items():
        missing = ""
        if any("{hugetlbfs}" in setting for setting in environment):
            folder = _hugetlbfs()
            missing = "" if folder else "no hugetlbfs is mounted"
            environment = [setting.format(hugetlbfs=folder) for setting in environment]
        modes.append(Mode(name, mode, library, tuple(environment), missing))
    return modes


def _modes_of_other(text):
    """NAME=PATH[,VARIABLE=VALUE...][,filled] as modes; raises ValueError."""
    name, equals, rest = text.partition("=")
    path, *settings = rest.split(",")
    library = pathlib.Path(path).resolve()
    if not (name and equals and library.is_file()):
        raise ValueError(f"--with {text}: not NAME=PATH of a library")
    environment = tuple(setting for setting in settings if setting != FILLED)
    modes = [Mode(name, PLAIN, str(library), environment)]
    if FILLED in settings:
        modes.append(Mode(name, FILLED, str(library), environment))
    return modes


def find(ours, others=(), is_plain_only=False):
    """All modes, ours first; those that cannot run say why in `missing`. Raises ValueError."""
    if not ours.is_file():
        raise ValueError(f"{ours} is not built")
    modes = [Mode(OURS, EMPTY, str(ours)), Mode(OURS, FILLED, str(ours))]
    paths = _library_paths()
    for name, (library, package) in PEERS.items():
        if not library or library in paths:
            modes += _modes_of_peer(name, is_plain_only, paths.get(library, ""))
        else:
            modes.append(Mode(name, PLAIN, missing=f"the package {package} is not installed"))
    for text in others:
        modes += _modes_of_other(text)
    names = [mode.label for mode in modes]
    if len(set(names)) < len(names):
        raise ValueError("two allocators have the same name")
    return modes
