"""Keys, retries and changes of clients under load: one order explains every answer.

The judge's search knows only clients that do not change. Here the ledger itself names the order,
and every answer is compared with it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.conftest import NewLedger
from tests.help.changing_load import Change, ChangingLoad, Timed, Transaction
from tests.help.effort import drawn_seed, effort
from tests.help.ledgers import clientes_of, open_ledger, query
from tests.help.running import Stack
from tests.help.stored_order import Operation, Row, State, Stored, StoredChange, stored, unexplained

SEEDS = effort(1, 2, 5)
REQUESTS = effort(2_000, 17_000, 17_000)
KINDS = {
    *("transaction", "transaction sent again", "statement", "limit", "close", "refused change"),
    *("refusal", "refusal sent again", "closed"),
}
IS_CLOSED = re.compile(r"client [0-9]+ is closed")
IS_BEYOND = re.compile(r"the debit would take the balance below -([0-9]+)")
READ_ROWS = "SELECT cliente, valor, tipo, descricao FROM transacoes ORDER BY cliente, sequencia"
READ_CHANGES = """
    SELECT cliente, limite, acao, transacoes FROM alteracoes
    WHERE acao <> 'add' ORDER BY cliente, numero
"""


def test_an_order_explains_keys_retries_and_changes(tmp_path: Path, new_ledger: NewLedger) -> None:
    """Clients have transactions, retries and statements while their limits change and they are
    closed: one order explains all answers of both instances and all changes."""
    with Stack(tmp_path, ledger=new_ledger(tmp_path), patient=True) as stack:
        assert_explained(stack)


def test_an_order_explains_them_with_normal(tmp_path: Path) -> None:
    """The same holds with NORMAL, whose groups are ended by no sync."""
    with Stack(tmp_path, patient=True, RINHA_SYNCHRONOUS="NORMAL") as stack:
        assert_explained(stack)


def assert_explained(stack: Stack) -> None:
    drawn = drawn_seed()
    with closing(open_ledger(stack.ledger)) as ledger:
        for seed in range(drawn, drawn + SEEDS):
            load = ChangingLoad(stack.port, clientes_of(ledger), seed)
            load.run(REQUESTS)
            counts = Counter(each.kind for each in placed(load, stack.ledger))
            print(f"seed {seed}: {len(load.limites)} clients, {dict(counts)}")
            assert counts.keys() == KINDS
            assert load.reused
            assert all(b"was used before, with another" in each.body for each in load.reused)
        assert ledger.audit().problems == []


def placed(load: ChangingLoad, ledger: str) -> list[Operation]:
    """Returns the operations of a load, each of which has a place in its client's order."""
    rows, changes = defaultdict[int, list[Row]](list), defaultdict[int, list[StoredChange]](list)
    for cliente, *row in query(ledger, READ_ROWS):
        rows[cliente].append(Row(*row))
    for cliente, limite, acao, transacoes in query(ledger, READ_CHANGES):
        changes[cliente].append(StoredChange(limite, acao == "close", transacoes))
    found: list[Operation] = []
    for cliente, limite in load.limites.items():
        order = stored(limite, rows[cliente], changes[cliente])
        mine = list(operations(load, cliente, order, rows[cliente]))
        assert unexplained(order.states, mine) == []
        found += mine
    return found


def operations(
    load: ChangingLoad, cliente: int, order: Stored, rows: list[Row]
) -> Iterator[Operation]:
    place_of = dict(zip((row.descricao for row in rows), order.transacoes, strict=True))
    for transaction in load.transactions:
        if transaction.cliente == cliente:
            yield of_transaction(transaction, place_of.get(transaction.descricao, 0))
    for of, timed in load.extratos:
        if of == cliente:
            yield of_extrato(timed)
    places = iter(order.changes)
    for change in load.changes:
        if change.cliente == cliente:
            yield of_change(change, next(places) if change.before.done else 0)


def of_transaction(asked: Transaction, place: int) -> Operation:
    assert len({(timed.answer.status, timed.answer.body) for timed in asked.answers}) == 1, asked
    # It was carried out after the first time that it was sent, and before the first answer came.
    sent_ns = min(timed.sent_ns for timed in asked.answers)
    answered_ns = min(timed.answered_ns for timed in asked.answers)
    answer = asked.answers[0].answer
    again = " sent again" if len(asked.answers) > 1 else ""
    if answer.status == 200:
        assert place, asked
        told = answer.json["limite"], answer.json["saldo"]

        def is_done(at: State) -> bool:
            return (at.limite, at.saldo) == told and at.saldo >= -at.limite and not at.is_closed

        return Operation(f"transaction{again}", asked, sent_ns, answered_ns, is_done, place)
    assert (answer.status, place) == (422, 0), asked
    if IS_CLOSED.fullmatch(answer.json["error"]):
        return Operation("closed", asked, sent_ns, answered_ns, lambda at: at.is_closed)
    beyond = IS_BEYOND.fullmatch(answer.json["error"])
    assert beyond, asked
    assert asked.tipo == "d", asked
    limite = int(beyond[1])

    def is_refused(at: State) -> bool:
        return not at.is_closed and at.limite == limite and at.saldo - asked.valor < -limite

    return Operation(f"refusal{again}", asked, sent_ns, answered_ns, is_refused)


def of_extrato(timed: Timed) -> Operation:
    shown = timed.answer.json
    saldo, limite = shown["saldo"]["total"], shown["saldo"]["limite"]
    rows = tuple(
        Row(row["valor"], row["tipo"], row["descricao"]) for row in shown["ultimas_transacoes"]
    )
    told = saldo, limite, rows
    return Operation(
        "statement",
        timed,
        timed.sent_ns,
        timed.answered_ns,
        lambda at: (at.saldo, at.limite, at.rows) == told,
    )


def of_change(asked: Change, place: int) -> Operation:
    before, times = asked.before, (asked.sent_ns, asked.answered_ns)
    if not before.done:
        told = before.saldo, before.limite, before.fechado
        assert before.fechado or before.saldo < -(asked.limite or 0)
        return Operation(
            *("refused change", asked, *times),
            lambda at: (at.saldo, at.limite, at.is_closed) == told,
        )
    if asked.limite is None:
        return Operation(
            "close",
            asked,
            *times,
            lambda at: (at.saldo, at.is_closed) == (before.saldo, True),
            place,
        )
    return Operation(
        *("limit", asked, *times),
        lambda at: (at.saldo, at.limite) == (before.saldo, asked.limite),
        place,
    )
