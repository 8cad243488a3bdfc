"""The official judge's checks of each answer, in its order; the first that fails counts.

JSON is read as the judge's tool does: a number and the same number as a string are equal.
"""

import json
import re
from typing import Any, NamedTuple

from loadtest.crebitos.contract import BELOW_LIMIT, LIMITES
from loadtest.limits import QUOTED_CHARACTERS_MAX
from loadtest.wire.document import ContractBrokenError, read_document
from loadtest.wire.outcome import printable
from loadtest.wire.probe import Answer

STATUS_BY_DEFAULT = (*range(200, 210), 304)  # accepted where a step names no status
INTEGER_MAX = 2**31 - 1  # the judge's integers have 32 bits

_INTEGER = re.compile(r"([+-]?)0*(\d{1,10})", re.ASCII)


class Fault(NamedTuple):
    """A fault of an answer, and whether it costs 803.01 USD."""

    text: str
    costs: bool = False


Row = tuple[str, str, int]


def status_fault(answer: Answer, *allowed: int) -> Fault | None:
    if answer.code in allowed:
        return None
    named = "2xx" if allowed == STATUS_BY_DEFAULT else " or ".join(map(str, allowed))
    return Fault(f"status must be {named}")


def total_fault(answer: Answer, total: int) -> Fault | None:
    """Checks a statement after 25 transactions at once: only its total counts."""
    fault, found = status_fault(answer, *STATUS_BY_DEFAULT), _field(_read(answer), "saldo", "total")
    if fault or (found == total and isinstance(found, int)):
        return fault
    return Fault(f"total must be {total}, it is {_quoted(found)}", costs=True)


def transacao_fault(answer: Answer, *allowed: int) -> Fault | None:
    """Checks a transaction: if it is accepted, the limit must hold."""
    fault = status_fault(answer, *allowed)
    return fault if fault or answer.code != 200 else _limit_fault(_read(answer), "saldo")


def extrato_fault(answer: Answer) -> Fault | None:
    """Checks a statement of the load: the limit must hold."""
    fault = status_fault(answer, *STATUS_BY_DEFAULT)
    return fault or _limit_fault(_field(_read(answer), "saldo"), "total")


def _limit_fault(document: Any, saldo: str) -> Fault | None:
    limite = _field(document, "limite")
    if limite is None:
        return Fault("`limite` is missing")
    lowest, at = _integer(limite), _integer(_field(document, saldo))
    if lowest is None or at is None:
        return Fault("`saldo` or `limite` is not an integer", costs=True)
    return Fault(BELOW_LIMIT, costs=True) if at < -lowest else None


def opening_fault(answer: Answer, cliente: int) -> Fault | None:
    """Checks a client's first statement: its limit, and a total of 0."""
    fault = status_fault(answer, 200)
    return fault or _saldo_fault(answer, str(LIMITES[cliente]), "0")


def rows_fault(answer: Answer, *rows: Row) -> Fault | None:
    """Checks that these are the newest rows of a statement."""
    fault, read = status_fault(answer, *STATUS_BY_DEFAULT), _read(answer)
    for number, row in enumerate(rows):
        shown = [
            _field(read, "ultimas_transacoes", number, name)
            for name in ("descricao", "tipo", "valor")
        ]
        if not fault and [_text(shown[0]), _text(shown[1]), shown[2]] != list(row):
            named = ", ".join(f"{valor} {tipo} {descricao}" for descricao, tipo, valor in rows)
            fault = Fault(f"the newest rows must be {named}")
    return fault


def newest_fault(answer: Answer, row: Row, credit: Answer) -> Fault | None:
    """Checks the newest row, and the limit and balance that its credit was answered with."""
    document = _read(credit)
    limite, saldo = _text(_field(document, "limite")), _text(_field(document, "saldo"))
    return rows_fault(answer, row) or _saldo_fault(answer, limite, saldo)


def answered_fault(answer: Answer) -> Fault | None:
    """Checks that a transaction's answer has the fields that a later check needs."""
    fault, read = status_fault(answer, 200), _read(answer)
    missing = [name for name in ("saldo", "limite") if _field(read, name) is None]
    return fault or (Fault(f"`{missing[0]}` is missing") if missing else None)


def _saldo_fault(answer: Answer, limite: str | None, total: str | None) -> Fault | None:
    read = _read(answer)
    if _text(_field(read, "saldo", "limite")) != limite:
        return Fault(f"`limite` must be {_quoted(limite)}")
    found = _text(_field(read, "saldo", "total"))
    return (
        Fault(f"total must be {total}, it is {_quoted(found)}", costs=True)
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


def _quoted(value: object) -> str:
    """Returns a value as text for a reason, cut to a fixed length."""
    return printable(str(_text(value)), QUOTED_CHARACTERS_MAX)


def _integer(value: object) -> int | None:
    shape = _INTEGER.fullmatch(_text(value) or "")
    if shape is None or int(shape[2]) > INTEGER_MAX:
        return None
    return int(f"{shape[1]}{shape[2]}")
