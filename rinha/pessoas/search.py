"""Index in memory of all people's words, which finds a part of a word.

The first elements of stacks are stored once each, with the first people who have them. All other
words are in one case-folded text, so that a search is a search in bytes. Each block of people has a
signature of its trigrams, so that a search skips most of the text.
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

# Separators: bytes that are in no UTF-8, so that no term matches across them. As strings they are
# the characters that surrogateescape makes of these bytes.
WORD_END, PESSOA_END = "\udcff", "\udcfe"

SYMBOL_BITS = 5


def _symbol(byte: int) -> int:
    """Returns five bits for a byte. Lower-case letters and the space have a number of their own."""
    if byte in b"abcdefghijklmnopqrstuvwxyz":
        return byte - ord("a")
    return 26 if byte == ord(" ") else 27 + byte % 5


SYMBOLS = bytes(map(_symbol, range(256)))
TRIGRAMS = 1 << 3 * SYMBOL_BITS
SIGNATURE_BYTES = TRIGRAMS // 8
# Maps bytes 0 and 1 to digits that int() reads.
AS_DIGITS = bytes((*b"01", *bytes(254)))


class Words:
    """Words of people, who are added and found in the order of their numbers."""

    def __init__(self) -> None:
        self.newest = 0
        # Case-folded elements of stacks, each with the numbers of the first people who have it: no
        # search shows more.
        self._shared: dict[str, list[int]] = {}
        self._text = bytearray()
        self._numeros = array("Q")
        # Offset of each person in the text, and of the next one.
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
        """Adds the person to an element that is stored once. Returns False if there are too many of
        these."""
        numeros = self._shared.get(element)
        if numeros is None:
            if len(self._shared) == SHARED_ELEMENTS_MAX:
                return False
            numeros = self._shared[element] = []
        if len(numeros) < SEARCH_ROWS:
            numeros.append(numero)
        return True

    def find(self, termo: str) -> list[int]:
        """Returns the numbers of the first people who have the term in a word."""
        folded = termo.casefold()
        having = [numeros for element, numeros in self._shared.items() if folded in element]
        first = sorted(set().union(*having))[:SEARCH_ROWS]
        # If shared elements fill the answer, no person after its last one can be in it.
        people = len(self._numeros)
        if len(first) == SEARCH_ROWS:
            people = bisect_left(self._numeros, first[-1])
        found = self._find_in_text(folded.encode(), people)
        return sorted({*first, *found})[:SEARCH_ROWS] if first else found

    def _find_in_text(self, sought: bytes, people: int) -> list[int]:
        """Searches the text of the first `people` people."""
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
        """Yields the parts of the text before `end` that may contain the term, in order."""
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
        """Returns a byte for each block: 1 if the block has all trigrams that are checked."""
        blocks = len(self._signatures) // SIGNATURE_BYTES
        common = int.from_bytes(b"\1" * blocks)
        for trigram in sorted(set(_trigrams(sought)))[:TRIGRAMS_ASKED_MAX]:
            column = int.from_bytes(self._signatures[trigram // 8 :: SIGNATURE_BYTES])
            common &= column >> 7 - trigram % 8
        return common.to_bytes(blocks)


def _trigrams(text: bytes | bytearray) -> memoryview:
    """Returns the number of each trigram, by arithmetic on one large number with 16 bits for each
    byte."""
    lanes = int.from_bytes(text.translate(SYMBOLS).decode("latin-1").encode("utf-16-le"), "little")
    lanes |= lanes >> 16 << SYMBOL_BITS | lanes >> 32 << 2 * SYMBOL_BITS
    return memoryview(lanes.to_bytes(2 * len(text), "little")).cast("H")[: len(text) - 2]


def _signature(block: bytearray) -> bytes:
    """Returns a bit for each trigram: 1 if the block has it."""
    is_there = bytearray(TRIGRAMS)
    deque(map(is_there.__setitem__, _trigrams(block), repeat(1)), maxlen=0)
    return int(is_there.translate(AS_DIGITS), 2).to_bytes(SIGNATURE_BYTES)
