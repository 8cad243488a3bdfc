"""Rules about shapes, the limit and the statement's rows, asked one question after the other."""

import json
from datetime import datetime, timedelta

from loadtest.crebitos.contract import (
    CLIENTES,
    LIMITES,
    LINHAS_MAX,
    ContractBrokenError,
    Extrato,
    read_saldo,
)
from loadtest.crebitos.mix import Request, post, transaction
from loadtest.crebitos.rules.suite import Suite, move_text
from loadtest.wire.outcome import Kind

_ACCEPTED: list[tuple[str, str]] = [
    ("descricao of 1 character", "a"),
    ("descricao of 10 characters", "dezletras!"),
    ("descricao of 10 accented characters", "áéíóúâêôãç"),
    ("descricao of 10 characters of three bytes", "日本語の十文字です。"),
    ("descricao of 10 characters of four bytes", "🦀🐍🐘🐢🦀🐍🐘🐢🦀🐍"),
    ("descricao with a quote and a backslash", 'a"b\\c/d'),
]


def ask_shapes(suite: Suite) -> None:
    """Both answers have the contract's fields, of the contract's types."""
    answer = suite.probe.ask(transaction(suite.host, 1, 1, "forma"))
    rule, expected = "a credit answers limit and balance", "200, `limite` 100000, integers"
    try:
        limite, saldo = read_saldo(answer.body)
        seen = f"{answer.code}, limite {limite}, saldo {saldo}"
        suite.add("shape", rule, expected, seen, answer.code == 200 and limite == LIMITES[1])
    except ContractBrokenError as broken:
        suite.add("shape", rule, expected, f"{broken}: {answer}", False)
    for client in CLIENTES:
        extrato = suite.extrato(client)
        if extrato is not None:
            rule, expected = f"limit of client {client}", str(LIMITES[client])
            passed = extrato.limite == LIMITES[client]
            suite.add("shape", rule, expected, str(extrato.limite), passed)
    extrato = suite.extrato(1)
    if extrato is not None:
        _ask_timestamps(suite, extrato)


def _ask_timestamps(suite: Suite, extrato: Extrato) -> None:
    texts = [extrato.data_extrato, *(linha.realizada_em for linha in extrato.linhas)]
    moments = [moment for moment in map(_moment, texts) if moment is not None]
    readable = len(moments) == len(texts)
    rule, expected = "timestamps are ISO 8601 with a zone", "all of them"
    unreadable = [text for text in texts if _moment(text) is None]
    seen = f"not: {unreadable[0]!r}" if unreadable else texts[0]
    suite.add("timestamps", rule, expected, seen, readable)
    if readable:
        # A second of grace: one of the clocks may count whole seconds only.
        newest, *rows = [moments[0] + timedelta(seconds=1), *moments[1:]]
        rule = "the statement is younger than its rows, the newest row first"
        passed = bool(rows) and newest >= rows[0] and rows == sorted(rows, reverse=True)
        suite.add("timestamps", rule, "falling", " > ".join(texts[:3]), passed)
    later = suite.extrato(1)
    if readable and later is not None:
        later_moment = _moment(later.data_extrato)
        passed = later_moment is not None and later_moment >= moments[0]
        rule, seen = "data_extrato never goes back", f"{texts[0]}, then {later.data_extrato}"
        suite.add("timestamps", rule, "not earlier", seen, passed)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def ask_accepted_bodies(suite: Suite) -> None:
    """What must be taken is taken, and shown in the statement as it was sent."""
    for rule, descricao in _ACCEPTED:
        moved = suite.move(1, 1, descricao)
        extrato = suite.extrato(1)
        shown = extrato.linhas[0].descricao if extrato is not None and extrato.linhas else None
        passed = moved[1] is not None and shown == descricao
        suite.add("accepted", rule, "200, shown as sent", f"{move_text(moved)}: {shown}", passed)
    fields = {"descricao": "\u00e7", "tipo": "c", "valor": 1}
    bodies = [
        ("fields in another order", json.dumps(fields, ensure_ascii=False)),
        ("letters escaped as \\u00e7", json.dumps(fields, ensure_ascii=True)),
        ("white space between", json.dumps(fields, indent=4)),
    ]
    for rule, body in bodies:
        data = post(suite.host, "/clientes/1/transacoes", body.encode())
        answer = suite.probe.ask(Request(Kind.CHECK, data))
        suite.expect_status("accepted", rule, answer, (200,))


def ask_ledger_rules(suite: Suite) -> None:
    for client in CLIENTES:
        _ask_limit(suite, client)
    _ask_rows(suite, 3)


def _ask_limit(suite: Suite, client: int) -> None:
    """Exactly `-limite` is allowed, one cent more is refused and leaves no trace."""
    extrato = suite.extrato(client)
    if extrato is None:
        return
    group, bottom = f"limit of {client}", -LIMITES[client]
    suite.move(client, 7, "folga")
    distance = extrato.total + 7 - bottom
    moved = suite.move(client, -distance, "fundo")
    expected = f"200, saldo {bottom}"
    suite.add(group, "down to exactly -limite", expected, move_text(moved), moved == (200, bottom))
    moved = suite.move(client, -1, "recusado")
    suite.add(group, "a cent below -limite", "422", move_text(moved), moved[0] == 422)
    after = suite.extrato(client)
    if after is not None:
        newest = after.linhas[0].descricao if after.linhas else "none"
        passed = after.total == bottom and newest == "fundo"
        seen = f"total {after.total}, newest row {newest!r}"
        expected = f"total {bottom}, newest row 'fundo'"
        suite.add(group, "the refused debit left no trace", expected, seen, passed)
    suite.move(client, 1, "um")
    moved = suite.move(client, -2, "recusado")
    suite.add(group, "two where one is left", "422", move_text(moved), moved[0] == 422)
    moved = suite.move(client, -1, "resto")
    expected = f"200, saldo {bottom}"
    suite.add(group, "one where one is left", expected, move_text(moved), moved == (200, bottom))
    moved = suite.move(client, -bottom, "volta")
    suite.add(group, "back up with one credit", "200, saldo 0", move_text(moved), moved == (200, 0))


def _ask_rows(suite: Suite, client: int) -> None:
    """The newest ten rows, newest first, each as it was sent."""
    sent: list[tuple[int, str, str]] = []
    for index in range(LINHAS_MAX + 3):
        delta = 100 + index if index % 2 else -(200 + index)
        suite.move(client, delta, f"linha {index}")
        sent.insert(0, (abs(delta), "c" if delta > 0 else "d", f"linha {index}"))
    extrato = suite.extrato(client)
    if extrato is None:
        return
    rows = [(linha.valor, linha.tipo, linha.descricao) for linha in extrato.linhas]
    rule, count = "after 13 transactions the statement shows", len(rows)
    suite.add("rows", rule, f"{LINHAS_MAX} rows", f"{count} rows", count == LINHAS_MAX)
    ordered = rows == sent[: len(rows)] and bool(rows)
    seen = ", ".join(row[2] for row in rows)
    suite.add("rows", "newest first", "linha 12 … linha 3", seen, ordered)
    expected = f"{sent[0]}"
    seen = f"{rows[0] if rows else 'nothing'}"
    passed = rows[:1] == sent[:1]
    suite.add("rows", "a row says valor, tipo and descricao as sent", expected, seen, passed)
