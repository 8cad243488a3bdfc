"""Result of an audit, and its text."""

from typing import NamedTuple

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
    clientes: list[ClienteAudit]

    def lines(self, where: str) -> list[str]:
        """Returns a table of clients, each problem, and the verdict."""
        header = ("client", "limite", "saldo", "sum of rows", "lowest", "rows", "")
        table: list[tuple[str, ...]] = [header]
        # An earlier limit may have allowed the lowest balance, so the problems decide on it.
        named = {problem.partition(":")[0] for problem in self.problems}
        for row in self.clientes:
            is_wrong = row.is_wrong or f"client {row.cliente}" in named
            if is_wrong or len(table) <= AUDIT_ROWS_SHOWN_MAX:
                cells = (row.cliente, row.limite, row.saldo, row.sum_of_rows, row.lowest_saldo)
                verdict = "WRONG" if is_wrong else "ok"
                table.append((*map(str, cells), str(row.transacoes), verdict))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        ]
        hidden = len(self.clientes) - len(table) + 1
        if hidden:
            lines.append(f"and {hidden} more clients, all ok")
        lines += [f"PROBLEM {problem}" for problem in self.problems]
        rows = sum(row.transacoes for row in self.clientes)
        verdict = f"{len(self.problems)} problems" if self.problems else "every promise holds"
        lines.append(f"{where}: {rows} transactions of {len(self.clientes)} clients, {verdict}")
        return lines
