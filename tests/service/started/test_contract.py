"""The API of crebitos as the contract defines it, through nginx and two instances."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.help.commands import run
from tests.help.running import Client, Stack

LIMITES = {1: 100000, 2: 80000, 3: 1000000, 4: 10000000, 5: 500000}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
OFFICIAL_BAD_BODIES: list[dict[str, Any]] = [
    {"valor": 1.2, "tipo": "d", "descricao": "devolve"},
    {"valor": 1, "tipo": "x", "descricao": "devolve"},
    {"valor": 1, "tipo": "c", "descricao": "123456789 e mais um pouco"},
    {"valor": 1, "tipo": "c", "descricao": ""},
    {"valor": 1, "tipo": "c", "descricao": None},
]


def at_once(stack: Stack, count: int, cliente: int, valor: int, tipo: str) -> list[int]:
    """Returns the statuses of concurrent requests, each on its own connection."""

    def one(_: int) -> int:
        client = stack.client()
        try:
            return client.transact(cliente, valor, tipo).status
        finally:
            client.close()

    with ThreadPoolExecutor(min(count, 100)) as pool:
        return list(pool.map(one, range(count)))


def newest(extrato: Any, count: int) -> list[tuple[str, str, int]]:
    rows = extrato["ultimas_transacoes"][:count]
    return [(row["descricao"], row["tipo"], row["valor"]) for row in rows]


@pytest.mark.parametrize("round_number", range(3))
def test_the_validations_of_the_official_run(
    client: Client, stack: Stack, round_number: int
) -> None:
    """Steps 1 to 3 of the official run hold: concurrency, each client's criteria, and client 6."""
    assert at_once(stack, 25, 1, 1, "d") == [200] * 25
    assert client.extrato(1)["saldo"]["total"] == -25
    assert at_once(stack, 25, 1, 1, "c") == [200] * 25
    assert client.extrato(1)["saldo"]["total"] == 0
    for cliente, limite in LIMITES.items():
        saldo = client.extrato(cliente)["saldo"]
        assert (saldo["limite"], saldo["total"]) == (limite, 0)
        assert client.transact(cliente, 1, "c", "toma").json == {"limite": limite, "saldo": 1}
        assert client.transact(cliente, 1, "d", "devolve").json == {"limite": limite, "saldo": 0}
        assert newest(client.extrato(cliente), 2) == [("devolve", "d", 1), ("toma", "c", 1)]
        assert client.transact(cliente, 1, "c", "danada").json["saldo"] == 1
        clients = [stack.client() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            for extrato in pool.map(Client.extrato, clients, [cliente] * 4):
                assert newest(extrato, 1) == [("danada", "c", 1)]
                assert (extrato["saldo"]["limite"], extrato["saldo"]["total"]) == (limite, 1)
        for body in OFFICIAL_BAD_BODIES:
            assert client("POST", f"/clientes/{cliente}/transacoes", body).status in (400, 422)
    assert client("GET", "/clientes/6/extrato").status == 404


@pytest.mark.parametrize(("count", "valor"), [(25, 4000), (500, 200)])
def test_debits_at_once_use_the_limit_to_the_cent_and_no_more(
    client: Client, stack: Stack, count: int, valor: int
) -> None:
    """Exactly those concurrent debits pass that fit the limit, on either instance."""
    fitting = 80000 // valor
    got = at_once(stack, count, 2, valor, "d")
    assert (got.count(200), got.count(422)) == (fitting, count - fitting)
    assert client.extrato(2)["saldo"]["total"] == -fitting * valor
    assert client.transact(2, 80000 - fitting * valor or 1, "d").status in (200, 422)


def test_statements_during_transactions_are_one_snapshot(client: Client, stack: Stack) -> None:
    """The total and the rows of a statement belong to one point in time, during credits."""
    with ThreadPoolExecutor(4) as pool:
        paying = pool.submit(at_once, stack, 300, 3, 1, "c")
        seen = []
        while not paying.done():
            extrato = client.extrato(3)
            assert len(extrato["ultimas_transacoes"]) == min(10, extrato["saldo"]["total"])
            seen.append(extrato["saldo"]["total"])
    assert seen == sorted(seen)
    assert client.extrato(3)["saldo"]["total"] == 300


def test_times_have_the_shape_of_the_contract(client: Client) -> None:
    """Times are in UTC with six decimals and a Z; no row is newer than its statement."""
    client.transact(1, 1, "c")
    extrato = client.extrato(1)
    (row,) = extrato["ultimas_transacoes"]
    assert MOMENT.fullmatch(extrato["saldo"]["data_extrato"])
    assert MOMENT.fullmatch(row["realizada_em"])
    assert row["realizada_em"] <= extrato["saldo"]["data_extrato"]


@pytest.mark.parametrize("descricao", ["ç" * 10, "😀" * 10, "日本語", "a\x00b", '"\\/\b\n', " "])
def test_descriptions_come_back_as_they_were_sent(client: Client, descricao: str) -> None:
    """A description of ten characters of any script is returned as it was sent."""
    assert client.transact(1, 1, "c", descricao).status == 200
    assert newest(client.extrato(1), 1) == [(descricao, "c", 1)]


def test_ten_rows_newest_first(client: Client) -> None:
    """A statement shows the newest ten transactions, newest first."""
    for valor in range(1, 14):
        client.transact(5, valor, "cd"[valor % 2])
    rows = client.extrato(5)["ultimas_transacoes"]
    assert [row["valor"] for row in rows] == list(range(13, 3, -1))


def test_both_instances_share_one_truth(client: Client, stack: Stack) -> None:
    """A transaction answered on one connection is visible on every other at once."""
    for saldo in range(1, 21):
        assert client.transact(4, 1, "c").json["saldo"] == saldo
        other = stack.client()
        assert other.extrato(4)["saldo"]["total"] == saldo
        other.close()


def test_health_and_reset(client: Client) -> None:
    """Health returns the time, and reset empties the ledger."""
    health = client("GET", "/health")
    assert (health.status, health.json["status"]) == (200, "healthy")
    assert MOMENT.fullmatch(health.json["timestamp"])
    assert client("HEAD", "/health").status == 200
    client.transact(1, 7, "d")
    assert client("POST", "/reset").status == 200
    extrato = client.extrato(1)
    assert (extrato["saldo"]["total"], extrato["ultimas_transacoes"]) == (0, [])


@pytest.mark.needs("curl")
def test_curl_without_a_content_type_works(client: Client, stack: Stack) -> None:
    """A request by curl works without a Content-Type header."""
    url = f"http://127.0.0.1:{stack.port}/clientes/1/transacoes"
    body = '{"valor": 5, "tipo": "c", "descricao": "abc"}'
    assert run("curl", "-s", url, "-d", body).out == '{"limite":100000,"saldo":5}'
    headers = client("GET", "/clientes/1/extrato").headers
    assert headers["Content-Type"] == "application/json"
