"""Everybody's words in memory, and where to look for a part of one.

Elements that many stacks share are kept once each, with the first people who have them. All other
words stand in one text, folded, so that a search is a search in bytes. Of each block of people is
known which trigrams are in it, so that most of the text is never looked at.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import repeat

from rinha.pessoas.limits import (
    BLOCK_ROWS,
    SEARCH_ROWS,
    SHARED_ELEMENTS_MAX,
    TRIGRAMS_ASKED_MAX,
)

# Bytes that are in no UTF-8, so that no term goes across them; as strings they are what
# surrogateescape makes of them.
WORD_END, PESSOA_END = "\udcff", "\udcfe"

SYMBOL_BITS = 5


def _symbol(byte: int) -> int:
    """A byte in five bits: small letters and the space have a number of their own."""
    if byte in b"abcdefghijklmnopqrstuvwxyz":
        return byte - ord("a")
    return 26 if byte == ord(" ") else 27 + byte % 5


SYMBOLS = bytes(map(_symbol, range(256)))
TRIGRAMS = 1 << 3 * SYMBOL_BITS
SIGNATURE_BYTES = TRIGRAMS // 8
# What int() reads as digits of a number in base two.
AS_DIGITS = bytes((*b"01", *bytes(254)))


class Words:
    """People are added in the order of their numbers, and found in it."""

    def __init__(self) -> None:
        self.newest = 0
        # Elements of stacks, folded, and the numbers of the first people who have each: no search
        # shows more of them.
        self._shared: dict[str, list[int]] = {}
        self._text = bytearray()
        self._numeros = array("Q")
        # Where each person begins in the text, and where the next one will.
        self._begins = array("Q", [0])
        self._signatures = bytearray()

    def __len__(self) -> int:
        return len(self._numeros)

    def add(self, numero: int, apelido: str, nome: str, stack: Sequence[str]) -> None:
        words = [apelido.casefold(), nome.casefold()]
        for element in dict.fromkeys(map(str.casefold, stack)):
            if not self._share(element, numero):
                words.append(element)
        text = f"{WORD_END.join(words)}{PESSOA_END}"
        self._text += text.encode(errors="surrogateescape")
        self._numeros.append(numero)
        self._begins.append(len(self._text))
        self.newest = numero
        if len(self._numeros) % BLOCK_ROWS == 0:
            self._signatures += _signature(self._text[self._begins[-1 - BLOCK_ROWS] :])

    def _share(self, element: str, numero: int) -> bool:
        """Whether the element is among those kept once; the first ones are."""
        numeros = self._shared.get(element)
        if numeros is None:
            if len(self._shared) == SHARED_ELEMENTS_MAX:
                return False
            numeros = self._shared[element] = []
        if len(numeros) < SEARCH_ROWS:
            numeros.append(numero)
        return True

    def find(self, termo: str) -> list[int]:
        """The numbers of the first people who have the term in a word."""
        folded = termo.casefold()
        having = [numeros for element, numeros in self._shared.items() if folded in element]
        first = sorted(set().union(*having))[:SEARCH_ROWS]
        # Nobody behind a full answer is in it.
        people = len(self._numeros)
        if len(first) == SEARCH_ROWS:
            people = bisect_left(self._numeros, first[-1])
        found = self._find_in_text(folded.encode(), people)
        return sorted({*first, *found})[:SEARCH_ROWS] if first else found

    def _find_in_text(self, sought: bytes, people: int) -> list[int]:
        """Among the first so many people."""
        text, begins, found = self._text, self._begins, list[int]()
        for begin, end in self._stretches(sought, begins[people]):
            at = text.find(sought, begin, end)
            while at >= 0:
                place = bisect_right(begins, at)
                found.append(self._numeros[place - 1])
                if len(found) == SEARCH_ROWS:
                    return found
                at = text.find(sought, begins[place], end)
        return found

    def _stretches(self, sought: bytes, end: int) -> Iterator[tuple[int, int]]:
        """All of the text before the end where the sought may be, in its order."""
        signed = 0
        if len(sought) >= 3 and self._signatures:
            possible = self._blocks_with(sought)
            signed = len(possible)
            block = possible.find(1)
            while block >= 0:
                first = block * BLOCK_ROWS
                if self._begins[first] >= end:
                    return
                yield self._begins[first], min(self._begins[first + BLOCK_ROWS], end)
                block = possible.find(1, block + 1)
        yield self._begins[signed * BLOCK_ROWS], end

    def _blocks_with(self, sought: bytes) -> bytes:
        """A byte for each block: 1 where all of the sought's trigrams are."""
        blocks = len(self._signatures) // SIGNATURE_BYTES
        common = int.from_bytes(b"\1" * blocks)
        for trigram in sorted(set(_trigrams(sought)))[:TRIGRAMS_ASKED_MAX]:
            column = int.from_bytes(self._signatures[trigram // 8 :: SIGNATURE_BYTES])
            common &= column >> 7 - trigram % 8
        return common.to_bytes(blocks)


def _trigrams(text: bytes | bytearray) -> memoryview:
    """The number of each three bytes that follow each other, by the arithmetic of one large number
    with a lane of 16 bits for each byte."""
    lanes = int.from_bytes(text.translate(SYMBOLS).decode("latin-1").encode("utf-16-le"), "little")
    lanes |= lanes >> 16 << SYMBOL_BITS | lanes >> 32 << 2 * SYMBOL_BITS
    return memoryview(lanes.to_bytes(2 * len(text), "little")).cast("H")[: len(text) - 2]


def _signature(block: bytearray) -> bytes:
    """A bit for each trigram: whether it is in the block."""
    is_there = bytearray(TRIGRAMS)
    deque(map(is_there.__setitem__, _trigrams(block), repeat(1)), maxlen=0)
    return int(is_there.translate(AS_DIGITS), 2).to_bytes(SIGNATURE_BYTES)
