"""Sets the clock of a running program, for programs that no library can be preloaded into.

They read the clock by a function that the kernel maps into each process. Its first bytes become a
jump to our code, which makes the system call and adds an offset to the time of day. Other processes
are not affected. x86-64 only.
"""

import struct
from pathlib import Path

# mov eax, SYS_clock_gettime; syscall; test edi, edi; jnz end; mov rcx, SECONDS; add [rsi], rcx; ret
BEFORE_SECONDS = bytes.fromhex("b8e40000000f0585ff750d48b9")
AFTER_SECONDS = bytes.fromhex("48010ec3")
DYNAMIC_SYMBOLS = 11


class SteppedClock:
    def __init__(self, pid: int) -> None:
        self._memory = Path(f"/proc/{pid}/mem")
        start, end = _mapping(pid)
        with self._memory.open("rb") as memory:
            memory.seek(start)
            image = memory.read(end - start)
        ours = len(image.rstrip(b"\0")) + 15 & ~15
        assert ours + 64 < len(image), "no room after the kernel's functions"
        self._seconds_at = start + ours + len(BEFORE_SECONDS)
        entry = _symbol(image, b"__vdso_clock_gettime")
        self._write(start + ours, BEFORE_SECONDS + struct.pack("<q", 0) + AFTER_SECONDS)
        # One write, so that no thread runs half of the jump; threads past it are not affected.
        jump = b"\xe9" + struct.pack("<i", ours - entry - 5)
        self._write(start + entry, jump + image[entry + 5 : entry + 8])

    def set(self, seconds: int) -> None:
        """Sets the offset from the true time."""
        self._write(self._seconds_at, struct.pack("<q", seconds))

    def _write(self, at: int, data: bytes) -> None:
        with self._memory.open("r+b", buffering=0) as memory:
            memory.seek(at)
            memory.write(data)


def _mapping(pid: int) -> tuple[int, int]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith("[vdso]"):
            start, end = line.split()[0].split("-")
            return int(start, 16), int(end, 16)
    raise AssertionError("the kernel maps no clock into processes here")


def _symbol(image: bytes, name: bytes) -> int:
    """Returns the offset of a function, from the tables of an ELF file."""
    (sections_at,) = struct.unpack_from("<Q", image, 40)
    size, count = struct.unpack_from("<HH", image, 58)
    sections = [
        struct.unpack_from("<IIQQQQIIQQ", image, sections_at + number * size)
        for number in range(count)
    ]
    for _, kind, _, _, at, length, link, *_ in sections:
        if kind == DYNAMIC_SYMBOLS:
            names_at = sections[link][4]
            for symbol_at in range(at, at + length, 24):
                name_at, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", image, symbol_at)
                if image[names_at + name_at :].startswith(name + b"\0"):
                    return int(value)
    raise AssertionError(f"no {name!r} among the kernel's functions")
