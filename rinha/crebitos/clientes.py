"""Clients as the operator changes them: their rules, and the interface on each engine."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TextIO

from rinha.crebitos.limits import (
    CLIENTE_MAX,
    CLIENTE_MAX_DIGITS,
    CSV_LINE_MAX_CHARACTERS,
    NOME_MAX_CHARACTERS,
    VALOR_MAX,
)
from rinha.errors import RinhaError

COLUMNS = ("cliente", "limite", "nome")


class ClienteRefusedError(RinhaError):
    """The change of a client breaks a rule. Nothing was changed, unless the text says so."""


class NewCliente(NamedTuple):
    cliente: int
    limite: int
    nome: str = ""


class Listed(NamedTuple):
    cliente: int
    nome: str
    limite: int
    saldo: int
    transacoes: int
    fechado: bool

    def is_as(self, new: NewCliente) -> bool:
        """Returns whether this client is the one that a file adds."""
        return not self.fechado and (self.limite, self.nome) == (new.limite, new.nome)


class Changed(NamedTuple):
    """Client before a change, and whether the change was made."""

    limite: int
    saldo: int
    fechado: bool
    done: bool


class Clientes(Protocol):
    """Each change is one transaction together with its row in the table `alteracoes`."""

    def find(self, clientes: Sequence[int]) -> dict[int, Listed]: ...

    def after(self, cliente: int, count: int) -> list[Listed]:
        """Returns the next clients in the order of their numbers."""

    def add(self, new: Sequence[NewCliente]) -> bool:
        """Adds all of them, or none if one exists already."""

    def add_next(self, limite: int, nome: str) -> int | None:
        """Adds a client with the number after the highest one, unless that is CLIENTE_MAX."""

    def change_limite(self, cliente: int, limite: int) -> Changed | None:
        """Changes the limit of an open client that owes no more."""

    def close(self, cliente: int) -> Changed | None:
        """Closes an open client that owes nothing."""

    def adding_many(self) -> AbstractContextManager[None]:
        """Runs the engine's background work while many transactions add clients."""


def cliente_of(text: str) -> int:
    if not _is_number(text) or len(text) > CLIENTE_MAX_DIGITS or text[0] == "0":
        raise ClienteRefusedError(
            f"the client must be a number from 1 to {CLIENTE_MAX}, without a sign or leading zeros"
        )
    return int(text)


def limite_of(text: str) -> int:
    limite = int(text) if _is_number(text) and len(text) <= CLIENTE_MAX_DIGITS else -1
    if not 0 <= limite <= VALOR_MAX:
        raise ClienteRefusedError(f"the limit must be an integer from 0 to {VALOR_MAX}, in cents")
    return limite


def nome_of(text: str) -> str:
    if len(text) > NOME_MAX_CHARACTERS or not text.isprintable():
        raise ClienteRefusedError(
            f"the name must have up to {NOME_MAX_CHARACTERS} characters and no control characters"
        )
    return text


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def read_csv(file: Path) -> Iterator[tuple[int, NewCliente]]:
    """Yields each client with the number of its line. The clients ascend, so no memory is needed
    to find one that comes twice."""
    line = 1
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.reader(_lines(opened), strict=True)
            header = next(rows, [])
            if sorted(header) not in (sorted(COLUMNS[:2]), sorted(COLUMNS)):
                raise ClienteRefusedError("must name the columns: cliente,limite or with nome")
            places = [header.index(name) for name in COLUMNS if name in header]
            last = 0
            for row in rows:
                line = rows.line_num
                if len(row) != len(header):
                    raise ClienteRefusedError(f"has {len(row)} values, not {len(header)}")
                cliente, limite, nome = [*(row[place] for place in places), ""][:3]
                new = NewCliente(cliente_of(cliente), limite_of(limite), nome_of(nome))
                if new.cliente <= last:
                    raise ClienteRefusedError(
                        f"client {new.cliente} comes after {last}: each client comes once, and "
                        "they ascend"
                    )
                last = new.cliente
                yield line, new
    except (csv.Error, UnicodeDecodeError) as error:
        raise ClienteRefusedError(f"{file}: not CSV in UTF-8 after line {line}: {error}") from None
    except ClienteRefusedError as error:
        raise ClienteRefusedError(f"{file}: line {line}: {error}") from None


def _lines(opened: TextIO) -> Iterator[str]:
    # A file of another kind may be one line, which is not read whole.
    while line := opened.readline(CSV_LINE_MAX_CHARACTERS + 1):
        if len(line) > CSV_LINE_MAX_CHARACTERS:
            raise csv.Error(f"a line of more than {CSV_LINE_MAX_CHARACTERS} characters")
        yield line
