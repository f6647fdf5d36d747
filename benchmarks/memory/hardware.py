"""What the pictures mark: the sizes of the caches, and how far the TLB reaches."""

import dataclasses
import pathlib
import subprocess

CACHES = pathlib.Path("/sys/devices/system/cpu/cpu0/cache")
KIB, MIB = 1 << 10, 1 << 20
BASE_PAGE, HUGEPAGE = 4 * KIB, 2 * MIB
INTEL_TRANSLATION, AMD_L1, AMD_L2 = 0x18, 0x80000005, 0x80000006
INTEL_FOR_LOADS = {1, 3, 4}  # data, unified, loads only
INTEL_PAGES = {0: BASE_PAGE, 1: HUGEPAGE}  # the bit that says so


@dataclasses.dataclass(frozen=True)
class Mark:
    name: str
    size_bytes: int


@dataclasses.dataclass(frozen=True)
class Tlb:
    level: int
    page_bytes: int
    entries: int

    @property
    def reach_bytes(self):
        return self.entries * self.page_bytes

    @property
    def name(self):
        return f"TLB L{self.level}, {'4K' if self.page_bytes == BASE_PAGE else '2M'} pages"


@dataclasses.dataclass(frozen=True)
class Hardware:
    caches: tuple  # of Mark, the smallest first; empty: unknown
    tlbs: tuple  # of Tlb

    @property
    def last_cache_bytes(self):
        return self.caches[-1].size_bytes if self.caches else 0

    def reaches(self):
        return [Mark(tlb.name, tlb.reach_bytes) for tlb in self.tlbs]

    def lines(self):
        """For people."""
        return [*(f"{cache.name}: {size_text(cache.size_bytes)}" for cache in self.caches),
                *(f"{tlb.name}: {tlb.entries} entries reach {size_text(tlb.reach_bytes)}"
                  for tlb in self.tlbs)]


def size_text(size_bytes):
    """As 64 B, 1.5 KB, 32 MB."""
    for factor, unit in ((1 << 30, "GB"), (MIB, "MB"), (KIB, "KB")):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes:g} B"


def parse_size(text):
    """Bytes of 64, 32K, 128M, 1G; raises ValueError."""
    factor = {"K": KIB, "M": MIB, "G": 1 << 30}.get(text[-1:].upper(), 1)
    number = int(text[:-1] if factor > 1 else text)
    if number < 1:
        raise ValueError(text)
    return number * factor


def caches(folder=CACHES):
    """Of data, as the kernel lists them for the first processor."""
    found = []
    for index in sorted(folder.glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip()
                                 for name in ("level", "type", "size"))
            if kind != "Instruction":
                found.append(Mark(f"L{level}", parse_size(size)))
        except (OSError, ValueError):
            pass  # a virtual machine may leave some out
    return tuple(sorted(found, key=lambda mark: mark.size_bytes))


def _amd(eax, ebx, level, shift, bits):
    """The number of entries for data, of 2 MB pages in EAX, of 4 KB pages in EBX."""
    mask = (1 << bits) - 1
    sizes = ((BASE_PAGE, ebx), (HUGEPAGE, eax))
    return [Tlb(level, page, register >> shift & mask) for page, register in sizes
            if register >> shift & mask]


def _intel(ebx, ecx, edx):
    """Ways in EBX, sets in ECX, kind and level in EDX."""
    if edx & 0x1f not in INTEL_FOR_LOADS:
        return []
    entries = (ebx >> 16) * ecx
    return [Tlb(edx >> 5 & 7, page, entries) for bit, page in INTEL_PAGES.items()
            if ebx >> bit & 1]


def tlbs(text):
    """From the lines `cpuid LEAF SUBLEAF EAX EBX ECX EDX` of bench-memory --cpuid."""
    found = []
    for line in text.splitlines():
        leaf, _, eax, ebx, ecx, edx = (int(word, 16) for word in line.split()[1:])
        if leaf == INTEL_TRANSLATION:
            found += _intel(ebx, ecx, edx)
        elif leaf == AMD_L1:
            found += _amd(eax, ebx, 1, 16, 8)
        elif leaf == AMD_L2:
            found += _amd(eax, ebx, 2, 16, 12)
    return tuple(sorted(set(found), key=lambda tlb: tlb.reach_bytes))


def find(program):
    """`program`: bench-memory."""
    done = subprocess.run([str(program), "--cpuid"], capture_output=True, text=True, check=False)
    return Hardware(caches(), tlbs(done.stdout))
