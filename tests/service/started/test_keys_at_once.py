"""The same key at once through nginx, to two instances."""

import threading
from collections import Counter

import pytest

from tests.help.ledgers import query
from tests.help.running import Answer, Client, Stack

TRANSACOES = "/clientes/{}/transacoes"
ROUNDS = 60
AT_ONCE = 4


@pytest.mark.starts
def test_the_same_key_at_once_is_one_transaction(stack: Stack) -> None:
    """Simultaneous requests with one key are carried out once, and all get the answer of the first,
    also where the debit is refused and where other requests come between."""
    stack.reset()
    begin = threading.Barrier(AT_ONCE)
    bodies = [
        {"valor": 30_000, "tipo": "ddc"[number % 3], "descricao": f"{number}"}
        for number in range(ROUNDS)
    ]
    answers: list[list[Answer]] = [[] for _ in range(AT_ONCE)]

    def send(mine: list[Answer]) -> None:
        client = stack.client()
        for body in bodies:
            begin.wait()
            headers = {"Idempotency-Key": f'"{body["descricao"]}"'}
            mine.append(client("POST", TRANSACOES.format(2), body, headers))
            client.transact(1, 1, "c")
        client.close()

    threads = [threading.Thread(target=send, args=(mine,)) for mine in answers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for each_time in zip(*answers, strict=True):
        assert len({(answer.status, answer.body) for answer in each_time}) == 1
    statuses = [answer.status for answer in answers[0]]
    assert set(statuses) == {200, 422}
    rows = query(stack.ledger, "SELECT descricao FROM transacoes WHERE cliente = 2")
    carried_out = [
        body["descricao"] for body, status in zip(bodies, statuses, strict=True) if status == 200
    ]
    assert Counter(name for (name,) in rows) == Counter(carried_out)


@pytest.mark.starts
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"k1"', 200),
        ('"' + "k" * 255 + '"', 200),
        ('"' + r"\"" * 255 + '"', 200),
        ('  "k2"; p="x"  ', 200),
        ("k3", 400),
        ('""', 400),
        ('"' + "k" * 256 + '"', 400),
        ('"' + "k" * 3000 + '"', 400),
        ('"k4", "k5"', 400),
        ('"\xe9"', 400),
    ],
)
def test_a_key_comes_through_nginx_as_it_is(client: Client, header: str, status: int) -> None:
    """nginx passes on each key that the instance takes, and the instance says what is wrong with
    any other."""
    body = {"valor": 1, "tipo": "c", "descricao": "abc"}
    for _ in range(2):
        answer = client("POST", TRANSACOES.format(1), body, {"Idempotency-Key": header})
        assert answer.status == status
        assert ("double quotes" in answer.json.get("error", "")) == (status == 400)
    assert client.extrato(1)["saldo"]["total"] == (status == 200)
