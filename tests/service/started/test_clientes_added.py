"""`rinha cliente` beside a running stack, and killed in the middle."""

import random
import time
from pathlib import Path

import pytest

from tests.help.commands import assert_sound
from tests.help.ledgers import query
from tests.help.running import Stack, finish, rinha
from tests.help.transaction_load import TransactionLoad

CLIENTES = 20_000
KILLS = 4
BATCH = 1000
COUNT = "SELECT count(*) FROM clientes WHERE cliente > 5"


@pytest.mark.starts
def test_a_killed_import_is_finished_under_load(stack: Stack, tmp_path: Path) -> None:
    """While a file of clients is added and its command is killed again and again, each request is
    answered. Each kill leaves whole batches, and the same command adds the rest."""
    stack.reset()
    file = tmp_path / "new.csv"
    lines = "".join(f"{number},100,Ana\n" for number in range(6, 6 + CLIENTES))
    file.write_text(f"cliente,limite,nome\n{lines}")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    load = TransactionLoad(stack.port, 100, seed)
    counts: list[int] = []
    with load:
        for _ in range(KILLS):
            adding = rinha("cliente", "add", "--csv", str(file), RINHA_LEDGER=stack.ledger)
            time.sleep(rng.uniform(0.2, 1.0))
            adding.kill()
            adding.communicate()
            counts += query(stack.ledger, COUNT)[0]
        code, out, err = finish(
            rinha("cliente", "add", "--csv", str(file), RINHA_LEDGER=stack.ledger)
        )
        assert (code, err) == (0, "")
    assert load.failed == []
    print(f"clients after each kill: {counts}")
    assert all(count % BATCH == 0 for count in counts)
    assert counts == sorted(counts)
    assert " clients are added" in out
    assert query(stack.ledger, COUNT) == [(CLIENTES,)]
    assert query(stack.ledger, "SELECT count(*) FROM alteracoes") == [(CLIENTES,)]
    load.assert_explains_every_row(stack.ledger)
    assert_sound(stack.ledger, **stack.environment)
    client = stack.client()
    assert client.transact(5 + CLIENTES, 100, "d").json == {"limite": 100, "saldo": -100}
    stack.reset()
    assert client("GET", "/clientes/6/extrato").status == 404
    client.close()


@pytest.mark.starts
def test_each_instance_knows_a_change_at_once(stack: Stack) -> None:
    """After the command every connection, so each instance, answers by the new state."""
    stack.reset()

    def run(*words: str) -> tuple[int, str, str]:
        return finish(rinha("cliente", *words, RINHA_LEDGER=stack.ledger))

    clients = [stack.client() for _ in range(6)]
    assert run("add", "6", "--limite", "50")[0] == 0
    assert [each.transact(6, 1, "c").status for each in clients] == [200] * 6
    assert run("limit", "6", "10")[0] == 0
    assert {each.extrato(6)["saldo"]["limite"] for each in clients} == {10}
    assert run("close", "6") == (0, "client 6 is closed; its balance of 6 stays\n", "")
    answers = [each.transact(6, 1, "c") for each in clients]
    assert {(each.status, each.json["error"]) for each in answers} == {(422, "client 6 is closed")}
    assert {each.extrato(6)["saldo"]["total"] for each in clients} == {6}
    assert run("close", "6") == (2, "", "rinha cliente: client 6 is closed already\n")
    assert_sound(stack.ledger, **stack.environment)
    for each in clients:
        each.close()
