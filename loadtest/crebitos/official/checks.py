"""The official judge's checks of each answer, in its order; the first that fails counts.

JSON is read as the judge's tool does: a number and the same number as a string are equal.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from loadtest.crebitos.contract import BELOW_LIMIT, LIMITES
from loadtest.limits import TOLD_CHARACTERS_MAX
from loadtest.wire.document import ContractBrokenError, read_document
from loadtest.wire.outcome import printable
from loadtest.wire.probe import Answer

STATUS_BY_DEFAULT = (*range(200, 210), 304)  # accepted where a step names no status
INTEGER_MAX = 2**31 - 1  # the judge's integers have 32 bits

_INTEGER = re.compile(r"([+-]?)0*(\d{1,10})", re.ASCII)


class Trouble(NamedTuple):
    """A fault of an answer, and whether it costs 803.01 USD."""

    text: str
    costs: bool = False


Row = tuple[str, str, int]


def status_trouble(answer: Answer, *allowed: int) -> Trouble | None:
    if answer.code in allowed:
        return None
    named = "2xx" if allowed == STATUS_BY_DEFAULT else " or ".join(map(str, allowed))
    return Trouble(f"status must be {named}")


def total_trouble(answer: Answer, total: int) -> Trouble | None:
    """Checks a statement after 25 transactions at once: only its total counts."""
    trouble = status_trouble(answer, *STATUS_BY_DEFAULT)
    if trouble is None:
        found = _field(_read(answer), "saldo", "total")
        if found != total or not isinstance(found, int):
            trouble = Trouble(f"total must be {total}, it is {_told(found)}", costs=True)
    return trouble


def transacao_trouble(answer: Answer, *allowed: int) -> Trouble | None:
    """Checks a transaction: if it is accepted, the limit must hold."""
    trouble = status_trouble(answer, *allowed)
    if trouble is None and answer.code == 200:
        read = _read(answer)
        trouble = _limit_trouble(_field(read, "limite"), _field(read, "saldo"))
    return trouble


def extrato_trouble(answer: Answer) -> Trouble | None:
    """Checks a statement of the load: the limit must hold."""
    trouble = status_trouble(answer, *STATUS_BY_DEFAULT)
    if trouble is None:
        read = _read(answer)
        trouble = _limit_trouble(_field(read, "saldo", "limite"), _field(read, "saldo", "total"))
    return trouble


def _limit_trouble(limite: object, saldo: object) -> Trouble | None:
    if limite is None:
        return Trouble("`limite` is missing")
    lowest, at = _integer(limite), _integer(saldo)
    if lowest is None or at is None:
        return Trouble("`saldo` or `limite` is not an integer", costs=True)
    return Trouble(BELOW_LIMIT, costs=True) if at < -lowest else None


def opening_trouble(answer: Answer, cliente: int) -> Trouble | None:
    """Checks a client's first statement: its limit, and a total of 0."""
    trouble = status_trouble(answer, 200)
    return trouble or _saldo_trouble(answer, str(LIMITES[cliente]), "0")


def rows_trouble(answer: Answer, *rows: Row) -> Trouble | None:
    """Checks that these are the newest rows of a statement."""
    trouble = status_trouble(answer, *STATUS_BY_DEFAULT)
    if trouble is None:
        read = _read(answer)
        for number, row in enumerate(rows):
            shown = [
                _field(read, "ultimas_transacoes", number, name)
                for name in ("descricao", "tipo", "valor")
            ]
            if [_text(shown[0]), _text(shown[1]), shown[2]] != list(row):
                return Trouble(f"the newest rows must be {_rows_in_words(rows)}")
    return trouble


def _rows_in_words(rows: Sequence[Row]) -> str:
    return ", ".join(f"{valor} {tipo} {descricao}" for descricao, tipo, valor in rows)


def newest_trouble(answer: Answer, row: Row, credit: Answer) -> Trouble | None:
    """Checks the newest row, and the limit and balance that its credit was answered with."""
    told = _read(credit)
    limite, saldo = _text(_field(told, "limite")), _text(_field(told, "saldo"))
    return rows_trouble(answer, row) or _saldo_trouble(answer, limite, saldo)


def answered_trouble(answer: Answer) -> Trouble | None:
    """Checks that a transaction's answer has the fields that a later check needs."""
    trouble = status_trouble(answer, 200)
    if trouble is None:
        for name in ("saldo", "limite"):
            if _field(_read(answer), name) is None:
                return Trouble(f"`{name}` is missing")
    return trouble


def _saldo_trouble(answer: Answer, limite: str | None, total: str | None) -> Trouble | None:
    read = _read(answer)
    if _text(_field(read, "saldo", "limite")) != limite:
        return Trouble(f"`limite` must be {_told(limite)}")
    found = _text(_field(read, "saldo", "total"))
    return (
        Trouble(f"total must be {total}, it is {_told(found)}", costs=True)
        if found != total
        else None
    )


def _read(answer: Answer) -> Any:
    """Returns the document, or None, in which every field is missing."""
    try:
        return read_document(answer.body)
    except ContractBrokenError:
        return None


def _field(document: Any, *path: str | int) -> Any:
    for step in path:
        try:
            document = document[step]
        except (TypeError, KeyError, IndexError):
            return None
    return document


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _told(value: object) -> str:
    """Returns a value as text for a reason, cut to a fixed length."""
    return printable(str(_text(value)), TOLD_CHARACTERS_MAX)


def _integer(value: object) -> int | None:
    shape = _INTEGER.fullmatch(_text(value) or "")
    if shape is None or int(shape[2]) > INTEGER_MAX:
        return None
    return int(f"{shape[1]}{shape[2]}")
