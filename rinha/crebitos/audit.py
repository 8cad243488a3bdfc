"""Result of an audit, and its text."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from rinha.bodies import encode
from rinha.crebitos.limits import AUDIT_ROWS_SHOWN_MAX


class ClienteAudit(NamedTuple):
    """Audit of one client."""

    cliente: int
    limite: int
    saldo: int
    transacoes: int
    sum_of_rows: int
    lowest_saldo: int

    @property
    def is_wrong(self) -> bool:
        return self.saldo != self.sum_of_rows or self.saldo < -self.limite


class Audit(NamedTuple):
    problems: list[str]
    # The first clients, and each that is wrong.
    clientes: list[ClienteAudit]
    # Of all clients: their number, that of their transactions, and a hash of their rows.
    total: int = 0
    transacoes: int = 0
    digest: str = ""

    def lines(self, where: str) -> list[str]:
        """Returns a table of clients, each problem, and the verdict."""
        header = ("client", "limite", "saldo", "sum of rows", "lowest", "rows", "")
        table: list[tuple[str, ...]] = [header]
        named = _named_in(self.problems)
        for row in self.clientes:
            cells = (row.cliente, row.limite, row.saldo, row.sum_of_rows, row.lowest_saldo)
            verdict = "WRONG" if _is_wrong(row, named) else "ok"
            table.append((*map(str, cells), str(row.transacoes), verdict))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        ]
        hidden = self.total - len(self.clientes)
        if hidden:
            lines.append(f"and {hidden} more clients, all ok")
        lines += [f"PROBLEM {problem}" for problem in self.problems]
        verdict = f"{len(self.problems)} problems" if self.problems else "every promise holds"
        lines.append(f"{where}: {self.transacoes} transactions of {self.total} clients, {verdict}")
        return lines


def audit_of(problems: list[str], rows: Iterable[ClienteAudit]) -> Audit:
    """Returns an audit with the rows that are shown. All of a million take more memory than an
    instance's container has."""
    named, digest = _named_in(problems), hashlib.blake2b()
    shown: list[ClienteAudit] = []
    count = transacoes = 0
    for row in rows:
        count += 1
        transacoes += row.transacoes
        digest.update(encode(row))
        if len(shown) < AUDIT_ROWS_SHOWN_MAX or _is_wrong(row, named):
            shown.append(row)
    return Audit(problems, shown, count, transacoes, digest.hexdigest())


def _named_in(problems: Iterable[str]) -> set[str]:
    return {problem.partition(":")[0] for problem in problems}


def _is_wrong(row: ClienteAudit, named: set[str]) -> bool:
    """Tells if a client is wrong. An earlier limit may have allowed its lowest balance, so the
    problems decide on that."""
    return row.is_wrong or f"client {row.cliente}" in named
