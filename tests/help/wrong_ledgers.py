"""Entries of crebitos with valid but wrong answers: balances, limits, rows, statuses."""

import json
from typing import Any, NamedTuple

from tests.help.right_entries import RightLedger
from tests.help.wrong_kinds import Kind, answering, moving, planted, showing

SENTINEL = 2**62 + 1
_ROW = '{"valor":1,"tipo":"c","descricao":"a","realizada_em":"2024-01-17T02:34:41Z"}'
_SHOWN = '{"saldo":{"total":0,"data_extrato":"2024-01-17T02:34:41Z","limite":100000},'
SOME_ROWS, MANY_ROWS = (
    f'{_SHOWN}"ultimas_transacoes":[{",".join([_ROW] * rows)}]}}'.encode()
    for rows in (5_000, 100_000)
)


def _is_move(entry: Any, status: int) -> bool:
    return bool(status == 200 and entry.method == "POST" and entry.path != "/reset")


def _cliente(entry: Any) -> int:
    return int(entry.path.split("/")[2])


class Before(NamedTuple):
    """Balances and rows of a ledger before a request."""

    saldos: dict[int, int]
    rows: dict[int, list[dict[str, object]]]


class _Before(RightLedger):
    """A ledger that knows its state before the request."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        saldos, rows = self.entry.saldos, self.entry.rows
        before = Before(dict(saldos), {cliente: list(own) for cliente, own in rows.items()})
        status, content = super().answer(method, path, body)
        if _is_move(self, status):
            return status, self.moved(content, before)
        return status, content

    def moved(self, content: Any, before: Before) -> Any:
        raise NotImplementedError


class Forgets(_Before):
    def moved(self, content: Any, before: Before) -> Any:
        if self.now_and_then:
            self.entry.saldos, self.entry.rows = before
        return content


class StoresNothing(_Before):
    def moved(self, content: Any, before: Before) -> Any:
        self.entry.saldos, self.entry.rows = before
        return content


class StoresNothingAndSaysSo(StoresNothing):
    """Answers the balance that was once the sentinel for a missing answer."""

    def moved(self, content: Any, before: Before) -> Any:
        return super().moved(content, before) | {"saldo": SENTINEL}


class Twice(_Before):
    def moved(self, content: Any, before: Before) -> Any:
        cliente = _cliente(self)
        if self.now_and_then:
            self.entry.saldos[cliente] += content["saldo"] - before.saldos[cliente]
            self.entry.rows[cliente].append(self.entry.rows[cliente][-1])
        return content


class Overwrites(_Before):
    """Two transactions start from one balance, and only the later one remains: a lost update."""

    def __init__(self) -> None:
        super().__init__()
        self.earlier: dict[int, int] = {}

    def moved(self, content: Any, before: Before) -> Any:
        cliente = _cliente(self)
        delta = content["saldo"] - before.saldos[cliente]
        if self.now_and_then and cliente in self.earlier:
            self.entry.saldos[cliente] = self.earlier[cliente] + delta
            content = content | {"saldo": self.entry.saldos[cliente]}
        self.earlier[cliente] = before.saldos[cliente]
        return content


class KeepsNoRows(_Before):
    def moved(self, content: Any, before: Before) -> Any:
        self.entry.rows = before.rows
        return content


class KeepsNoBalance(_Before):
    def moved(self, content: Any, before: Before) -> Any:
        self.entry.saldos = before.saldos
        return content


class MovesAnother(RightLedger):
    """Applies some transactions of client 1 to client 2."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST" and self.asked % 3 == 0:
            path = path.replace("/clientes/1/", "/clientes/2/")
        return super().answer(method, path, body)


class Stale(RightLedger):
    """Answers each request for a statement with the previous statement."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, Any] = {}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().answer(method, path, body)
        if method == "GET" and status == 200:
            before = self.shown.get(path, content)
            self.shown[path] = content
            return status, before
        return status, content


class TakesAll(RightLedger):
    """Accepts debits beyond the limit."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().answer(method, path, body)
        if status == 422 and content == {"error": "limite"}:
            cliente, fields = _cliente(self), json.loads(body)
            self.entry.saldos[cliente] -= fields["valor"]
            row = {**fields, "realizada_em": "2024-01-17T02:34:41Z"}
            self.entry.rows[cliente].append(row)
            limite = super().answer("GET", f"/clientes/{cliente}/extrato", b"")[1]["saldo"]
            return 200, {"limite": limite["limite"], "saldo": self.entry.saldos[cliente]}
        return status, content


def _refusing(which: str) -> Any:
    def bend(entry: Any, status: int, content: Any) -> tuple[int, Any]:
        if _is_move(entry, status) and entry.entry.rows[_cliente(entry)][-1]["tipo"] in which:
            cliente = _cliente(entry)
            row = entry.entry.rows[cliente].pop()
            entry.entry.saldos[cliente] -= row["valor"] * (1 if row["tipo"] == "c" else -1)
            return 422, {"error": "limite"}
        return status, content

    return answering(bend)


def _rows(change: Any) -> Any:
    def bend(_entry: Any, content: Any) -> Any:
        return {**content, "ultimas_transacoes": change(content["ultimas_transacoes"])}

    return showing(bend)


def _each_row(**changes: Any) -> Any:
    def bend(row: Any) -> Any:
        return row | {name: change(row[name]) for name, change in changes.items()}

    return _rows(lambda rows: [bend(row) for row in rows])


def _saldo(**changes: Any) -> Any:
    return showing(lambda _entry, content: {**content, "saldo": content["saldo"] | changes})


def _total(by: int) -> Any:
    def bend(_entry: Any, content: Any) -> Any:
        total = content["saldo"]["total"] + by
        return {**content, "saldo": content["saldo"] | {"total": total}}

    return showing(bend)


def _status(of: int, becomes: int) -> Any:
    def bend(entry: Any, status: int, content: Any) -> tuple[int, Any]:
        return becomes if status == of and entry.asked > 1 else status, content

    return answering(bend)


BY_RULES = ("official", "check")
KINDS: dict[str, Kind] = {
    "stores nothing, and answers as if": Kind(StoresNothing),
    "stores nothing, and answers the old sentinel": Kind(StoresNothingAndSaysSo),
    "forgets one of five": Kind(Forgets),
    "applies one of five twice": Kind(Twice),
    "overwrites": Kind(Overwrites),
    "keeps no rows": Kind(KeepsNoRows),
    "keeps no balance": Kind(KeepsNoBalance),
    "moves another client": Kind(MovesAnother),
    "shows the statement before": Kind(Stale),
    "has no limit": Kind(TakesAll, ("check",)),
    "is a cent too generous at the limit": Kind(planted("off_by_one"), ("check",)),
    "takes negative amounts": Kind(planted("negative_taken"), ("check",)),
    "knows a sixth client": Kind(planted("unknown_client"), ("check",)),
    "counts bytes in place of characters": Kind(planted("bytes_counted"), ("check",)),
    "shows nine rows": Kind(planted("nine_rows")),
    "shows the oldest row first": Kind(planted("wrong_order")),
    "shows refused debits": Kind(planted("refused_shown"), ("check",)),
    "refuses every debit": Kind(_refusing("d")),
    "refuses every credit": Kind(_refusing("c")),
    "refuses everything": Kind(_refusing("cd")),
    "refuses with 200": Kind(_status(422, 200), BY_RULES),
    "refuses with 500": Kind(_status(422, 500), BY_RULES),
    "accepts with 201": Kind(_status(200, 201)),
    "accepts with 302": Kind(_status(200, 302)),
    "answers 404 to everything": Kind(answering(lambda *_: (404, {"error": "?"}))),
    "answers 500 to everything but the first": Kind(_status(200, 500)),
    "answers another limit": Kind(
        moving(lambda _, answered: answered | {"limite": answered["limite"] + 1})
    ),
    "answers the limit as negative": Kind(moving(lambda _, answered: answered | {"limite": -1})),
    "answers the balance before": Kind(
        moving(lambda _, answered: answered | {"saldo": answered["saldo"] + 1})
    ),
    "answers a balance below the limit": Kind(
        moving(lambda _, answered: answered | {"saldo": -answered["limite"] - 1})
    ),
    "answers no balance": Kind(moving(lambda _, answered: {"limite": answered["limite"]})),
    "answers a list": Kind(moving(lambda _, answered: [answered])),
    "answers its balance within another object": Kind(
        moving(lambda _, answered: {"conta": answered})
    ),
    "shows one cent too much": Kind(_total(1)),
    "shows one cent too little": Kind(_total(-1)),
    "shows another limit": Kind(_saldo(limite=1)),
    "shows no balance": Kind(_saldo(total=None)),
    "shows the total as a word": Kind(_saldo(total="zero")),
    "shows no date": Kind(_saldo(data_extrato=None)),
    "is of the year one": Kind(_saldo(data_extrato="0001-01-01T00:00:00+23:59"), ("check",)),
    "has rows of the last second of all": Kind(
        _each_row(realizada_em=lambda _: "9999-12-31T23:59:59.999999-23:59"), ("check",)
    ),
    "has rows of no date": Kind(_each_row(realizada_em=lambda _: "yesterday"), ("check",)),
    "has rows without a date": Kind(_each_row(realizada_em=lambda _: None)),
    "changes amounts": Kind(_each_row(valor=lambda valor: valor + 1)),
    "changes descriptions": Kind(_each_row(descricao=lambda text: text.swapcase())),
    "changes types": Kind(_each_row(tipo=lambda tipo: "d" if tipo == "c" else "c")),
    "has rows of another type": Kind(_each_row(tipo=lambda _: "x")),
    "has rows with huge amounts": Kind(_each_row(valor=lambda _: 10**400)),
    "shows eleven rows": Kind(_rows(lambda rows: [*rows, *rows[:1] * (11 - len(rows))])),
    "shows 100,000 rows": Kind(showing(lambda *_: MANY_ROWS)),
    "shows 5,000 rows": Kind(showing(lambda *_: SOME_ROWS)),
    "shows rows that are numbers": Kind(_rows(lambda rows: [1 for _ in rows])),
    "shows rows as an object": Kind(_rows(lambda rows: {"rows": rows})),
    "describes with half a character": Kind(_each_row(descricao=lambda _: "\ud800")),
    "describes with escape sequences": Kind(_each_row(descricao=lambda _: "\x1b[2J\x1b]52;c;A\7")),
}
