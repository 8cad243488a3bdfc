"""Format of a WAL, and a reader of its frames.

The reader does without SQLite, which removes a WAL that lies beside an empty file.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

# Magic number, version, page size, number of the checkpoint, salts and checksums.
HEADER = struct.Struct(">3I4x8s2I")
HEADER_SUMMED_BYTES = 24
# Page, size of the database after a commit or 0, salts and checksums.
FRAME = struct.Struct(">2I8s2I")
FRAME_SUMMED_BYTES = 8
# Byte order of the checksums, by magic number.
ORDERS = {0x377F0682: "<", 0x377F0683: ">"}
Sums = tuple[int, int]


class WalHeader(NamedTuple):
    order: str
    page_bytes: int
    salts: bytes
    sums: Sums


def wal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def read_header(data: bytes) -> WalHeader | None:
    """Returns None if these bytes are no valid header."""
    if len(data) < HEADER.size:
        return None
    magic, _, page_bytes, salts, *expected = HEADER.unpack(data)
    if magic not in ORDERS or not page_bytes:
        return None
    sums = checksum(ORDERS[magic], data[:HEADER_SUMMED_BYTES], (0, 0))
    return WalHeader(ORDERS[magic], page_bytes, salts, sums) if [*sums] == expected else None


def sums_after(frame: bytes, header: WalHeader, sums: Sums) -> Sums | None:
    """Returns the checksums after this frame, or None if it is not whole or does not follow the
    frame with the checksums `sums`."""
    if len(frame) < FRAME.size + header.page_bytes:
        return None
    page, _, salts, *expected = FRAME.unpack_from(frame)
    sums = checksum(header.order, frame[:FRAME_SUMMED_BYTES], sums)
    sums = checksum(header.order, frame[FRAME.size :], sums)
    return sums if page and salts == header.salts and [*sums] == expected else None


def has_commit(wal: Path) -> bool:
    """Returns whether the WAL holds a whole transaction: frames in a row with right checksums and
    salts, up to one that ends a commit."""
    try:
        with wal.open("rb") as file:
            return any(_commits(file))
    except FileNotFoundError:
        return False


def _commits(file: BinaryIO) -> Iterator[bool]:
    """Yields for each valid frame whether it ends a commit."""
    header = read_header(file.read(HEADER.size))
    sums = header and header.sums
    while header and sums:
        frame = file.read(FRAME.size + header.page_bytes)
        sums = sums_after(frame, header, sums)
        if sums:
            yield bool(FRAME.unpack_from(frame)[1])


def checksum(order: str, data: bytes, sums: Sums) -> Sums:
    first, second = sums
    eights = len(data) // 32 * 32
    for one, two, three, four, five, six, seven, eight in struct.iter_unpack(
        f"{order}8I", memoryview(data)[:eights]
    ):
        # Unrolled, which is three times as fast. Sums are reduced modulo 2 ** 32.
        first += one + second
        second += two + first
        first += three + second
        second += four + first
        first += five + second
        second += six + first
        first = (first + seven + second) & 0xFFFFFFFF
        second = (second + eight + first) & 0xFFFFFFFF
    for one, two in struct.iter_unpack(f"{order}2I", memoryview(data)[eights:]):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second
