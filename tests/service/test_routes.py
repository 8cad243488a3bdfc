"""The routes work with any engine, here with one of twenty lines in memory."""

import time

import falcon.testing
import pytest

from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.routes import add_routes
from rinha.http import create_app

LIMITES = {1: 100_000, 2: 80_000}


class InMemory:
    """An engine in two dictionaries, with all methods that the routes of crebitos call."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._answers: dict[str, Resultado] = {}
        self._rows: dict[int, list[tuple[int, str, str, int]]] = {one: [] for one in LIMITES}

    def assert_readable(self) -> None:
        assert self._rows

    def saldo(self, cliente: int) -> int:
        if cliente not in LIMITES:
            raise UnknownClienteError(f"there is no client {cliente}")
        return sum(row[0] if row[1] == "c" else -row[0] for row in self._rows[cliente])

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        change = transacao.valor if transacao.tipo == "c" else -transacao.valor
        saldo, limite = self.saldo(cliente) + change, LIMITES[cliente]
        if saldo < -limite:
            raise LimiteExceededError(f"the debit would take the balance below -{limite}")
        row = (transacao.valor, transacao.tipo, transacao.descricao, time.time_ns() // 1000)
        self._rows[cliente].insert(0, row)
        return Resultado(limite, saldo)

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        if chave not in self._answers:
            self._answers[chave] = self.transact(cliente, transacao)
        return self._answers[chave]

    def extrato(self, cliente: int) -> Extrato:
        saldo = self.saldo(cliente)
        return extrato_of(LIMITES[cliente], saldo, self._rows[cliente][:10])


@pytest.fixture
def bank() -> falcon.testing.TestClient:
    return falcon.testing.TestClient(create_app(InMemory(), add_routes, reset=True))


def test_another_engine_carries_the_edition(bank: falcon.testing.TestClient) -> None:
    """The routes and the error table depend on no engine: without a database they answer alike."""
    path, body = "/clientes/1/transacoes", {"valor": 7, "tipo": "d", "descricao": "abc"}
    assert bank.simulate_post(path, json=body).json == {"limite": 100_000, "saldo": -7}
    assert bank.simulate_post(path, json={**body, "valor": 100_000}).status_code == 422
    assert bank.simulate_post(path, json={**body, "tipo": "x"}).status_code == 422
    assert bank.simulate_post(path, body="{").status_code == 400
    assert bank.simulate_get("/clientes/6/extrato").status_code == 404
    for _ in range(2):
        once = bank.simulate_post(path, json=body, headers={"Idempotency-Key": '"once"'})
        assert once.json == {"limite": 100_000, "saldo": -14}
    extrato = bank.simulate_get("/clientes/1/extrato").json
    assert extrato["saldo"]["total"] == -14
    assert [row["descricao"] for row in extrato["ultimas_transacoes"]] == ["abc", "abc"]
    assert bank.simulate_get("/health").json["status"] == "healthy"
    assert bank.simulate_post("/reset").status_code == 200
    assert bank.simulate_get("/clientes/1/extrato").json["saldo"]["total"] == 0
