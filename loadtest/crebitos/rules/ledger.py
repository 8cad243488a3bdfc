"""Rules about shapes, the limit and the statement's rows, tested one request at a time."""

from datetime import datetime, timedelta

from loadtest.crebitos.contract import CLIENTES, LIMITES, ROWS_MAX, Extrato, read_saldo
from loadtest.crebitos.mix import transacao
from loadtest.crebitos.rules.suite import Suite
from loadtest.judging.rulebook import Weight, spellings
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.request import CHECK, Request, post

ROWS_ROOM = 2_000  # cents: more than all debits of `_ask_rows` together
_ACCEPTED: list[tuple[str, str]] = [
    ("descricao of 1 character", "a"),
    ("descricao of 10 characters", "dezletras!"),
    ("descricao of 10 accented characters", "áéíóúâêôãç"),
    ("descricao of 10 characters of three bytes", "日本語の十文字です。"),
    ("descricao of 10 characters of four bytes", "🦀🐍🐘🐢🦀🐍🐘🐢🦀🐍"),
    ("descricao with a quote and a backslash", 'a"b\\c/d'),
]


def ask_shapes(suite: Suite) -> None:
    """Checks that both kinds of answer have the contract's fields and types."""
    suite.begin("shape", Weight.OFFICIAL)
    answer = suite.ask(transacao(suite.target, 1, 1, "forma"))
    rule, expected = "a credit answers limit and balance", "200, `limite` 100000, integers"
    try:
        limite, saldo = read_saldo(answer.body)
        seen = f"{answer.code}, limite {limite}, saldo {saldo}"
        suite.add(rule, expected, seen, answer.code == 200 and limite == LIMITES[1])
    except ContractBrokenError as broken:
        suite.add(rule, expected, f"{broken}: {answer}", False)
    for cliente in CLIENTES:
        suite.begin("shape", Weight.OFFICIAL, f"client {cliente}")
        extrato = suite.extrato(cliente)
        if extrato is not None:
            passed = extrato.limite == LIMITES[cliente]
            suite.add("limit", str(LIMITES[cliente]), str(extrato.limite), passed)
    suite.begin("timestamps", Weight.REST)
    extrato = suite.extrato(1)
    if extrato is not None:
        _ask_timestamps(suite, extrato)


def _ask_timestamps(suite: Suite, extrato: Extrato) -> None:
    texts = [extrato.data_extrato, *(one.realizada_em for one in extrato.transacoes)]
    moments = [moment for moment in map(_moment, texts) if moment is not None]
    unreadable = [text for text in texts if _moment(text) is None]
    rule, expected = "timestamps are ISO 8601 with a zone", "all of them"
    seen = f"not: {unreadable[0]!r}" if unreadable else texts[0]
    suite.add(rule, expected, seen, not unreadable)
    if not unreadable:
        # A second of grace: one of the clocks may count whole seconds only.
        newest, rows = moments[0], moments[1:]
        rule = "the statement is younger than its rows, the newest row first"
        passed = (
            bool(rows)
            and rows[0] - newest <= timedelta(seconds=1)
            and rows == sorted(rows, reverse=True)
        )
        suite.add(rule, "falling", " > ".join(texts[:3]) if rows else "no rows", passed)
    later = suite.extrato(1)
    before, after = _moment(texts[0]), _moment(later.data_extrato) if later else None
    if later is not None and before is not None and after is not None:
        rule, seen = "data_extrato never goes back", f"{texts[0]}, then {later.data_extrato}"
        suite.add(rule, "not earlier", seen, after >= before)


def _moment(text: str) -> datetime | None:
    try:
        # RFC 3339 allows `t` and `z`; Python reads only the upper case.
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def ask_accepted_bodies(suite: Suite) -> None:
    """Checks that valid bodies are accepted, and that texts are shown as they were sent."""
    for rule, descricao in _ACCEPTED:
        suite.begin("accepted", Weight.REST)
        moved = suite.move(1, 1, descricao)
        extrato = suite.extrato(1)
        rows = extrato.transacoes if extrato is not None else ()
        shown = rows[0].descricao if rows else ""
        passed = moved.saldo is not None and shown == descricao
        suite.add(rule, "200, shown as sent", f"{moved.text}, newest row {shown!r}", passed)
    for rule, body in spellings(lambda: {"valor": 1, "tipo": "c", "descricao": "ç"}):
        suite.begin("accepted", Weight.REST)
        data = post(suite.target, "/clientes/1/transacoes", body)
        suite.expect_status(rule, suite.ask(Request(CHECK, data)), (200,))


def ask_ledger_rules(suite: Suite) -> None:
    for cliente in CLIENTES:
        _ask_limit(suite, cliente)
    suite.begin_restored("rows", Weight.DATA)
    suite.make_room(3, ROWS_ROOM)
    _ask_rows(suite, 3)


def _ask_limit(suite: Suite, cliente: int) -> None:
    """Checks that exactly `-limite` is allowed, and a cent below it is refused without a trace."""
    suite.begin_restored("limit", Weight.DATA, f"client {cliente}")
    extrato = suite.extrato(cliente)
    if extrato is None:
        return
    bottom = -LIMITES[cliente]
    at_bottom = f"200, saldo {bottom}"
    suite.move(cliente, 7, "folga")
    down = suite.move(cliente, bottom - extrato.total - 7, "fundo")
    suite.add("down to exactly -limite", at_bottom, down.text)
    below = suite.move(cliente, -1, "recusado")
    suite.add("a cent below -limite", "422", below.text, below.code == 422)
    after = suite.extrato(cliente)
    if after is not None:
        newest = after.transacoes[0].descricao if after.transacoes else "none"
        seen, expected = (
            f"total {total}, newest row {row!r}"
            for total, row in ((after.total, newest), (bottom, "fundo"))
        )
        suite.add("the refused debit left no trace", expected, seen)
    suite.move(cliente, 1, "um")
    two = suite.move(cliente, -2, "recusado")
    suite.add("two where one is left", "422", two.text, two.code == 422)
    one = suite.move(cliente, -1, "resto")
    suite.add("one where one is left", at_bottom, one.text)
    up = suite.move(cliente, -bottom, "volta")
    suite.add("back up with one credit", "200, saldo 0", up.text, (up.code, up.saldo) == (200, 0))


def _ask_rows(suite: Suite, cliente: int) -> None:
    """Checks that a statement shows the newest ten rows, newest first, each as it was sent."""
    sent: list[tuple[int, str, str]] = []
    for index in range(ROWS_MAX + 3):
        delta = 100 + index if index % 2 else -(200 + index)
        suite.move(cliente, delta, f"linha {index}")
        sent.insert(0, (abs(delta), "c" if delta > 0 else "d", f"linha {index}"))
    extrato = suite.extrato(cliente)
    if extrato is None:
        return
    rows = [(one.valor, one.tipo, one.descricao) for one in extrato.transacoes]
    rule, count = "after 13 transactions the statement shows", len(rows)
    suite.add(rule, f"{ROWS_MAX} rows", f"{count} rows", count == ROWS_MAX)
    ordered = rows == sent[: len(rows)] and bool(rows)
    seen = ", ".join(row[2] for row in rows)
    suite.add("newest first", "linha 12 … linha 3", seen, ordered)
    expected, seen = (
        " ".join(map(str, row[0])) if row else "no row" for row in (sent[:1], rows[:1])
    )
    suite.add("a row says valor, tipo and descricao as sent", expected, seen, rows[:1] == sent[:1])
