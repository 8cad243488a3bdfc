"""The doors of the chassis: another engine, and another edition, take twenty lines each."""

import time

import falcon
import falcon.testing
import pytest

from rinha.bodies import decoder_of, encode
from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.routes import add_routes
from rinha.errors import NotFoundError
from rinha.http import App, create_app

LIMITES = {1: 100_000, 2: 80_000}


class InMemory:
    """An engine: everything that the routes of crebitos ask for, in two dictionaries."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
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

    def extrato(self, cliente: int) -> Extrato:
        saldo = self.saldo(cliente)
        return extrato_of(LIMITES[cliente], saldo, self._rows[cliente][:10])


class Notes:
    """An edition: notes by name, with a store, a route and refusals of its own."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.kept: dict[str, str] = {}

    def assert_readable(self) -> None:
        assert isinstance(self.kept, dict)

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        self.kept[name] = decode_note(req.bounded_stream.read())["text"]
        resp.status = falcon.HTTP_201

    def on_get(self, _req: falcon.Request, resp: falcon.Response, name: str) -> None:
        if name not in self.kept:
            raise NotFoundError(f"there is no note {name}")
        resp.data = encode(self.kept[name])


decode_note = decoder_of(dict[str, str], {}, "a note is an object with a text")


def add_note_routes(app: App, notes: Notes) -> None:
    app.add_route("/notes/{name}", notes)


@pytest.fixture
def bank() -> falcon.testing.TestClient:
    return falcon.testing.TestClient(create_app(InMemory(), add_routes, reset=True))


def test_another_engine_carries_the_edition(bank: falcon.testing.TestClient) -> None:
    """The routes and the error table know no engine: the same answers without a database."""
    path, body = "/clientes/1/transacoes", {"valor": 7, "tipo": "d", "descricao": "abc"}
    assert bank.simulate_post(path, json=body).json == {"limite": 100_000, "saldo": -7}
    assert bank.simulate_post(path, json={**body, "valor": 100_000}).status_code == 422
    assert bank.simulate_post(path, json={**body, "tipo": "x"}).status_code == 422
    assert bank.simulate_post(path, body="{").status_code == 400
    assert bank.simulate_get("/clientes/6/extrato").status_code == 404
    extrato = bank.simulate_get("/clientes/1/extrato").json
    assert extrato["saldo"]["total"] == -7
    assert [row["descricao"] for row in extrato["ultimas_transacoes"]] == ["abc"]
    assert bank.simulate_get("/health").json["status"] == "healthy"
    assert bank.simulate_post("/reset").status_code == 200
    assert bank.simulate_get("/clientes/1/extrato").json["saldo"]["total"] == 0


def test_another_edition_rides_on_the_chassis() -> None:
    """Its paths, its bodies and its refusals; health, reset and the error table are there."""
    api = falcon.testing.TestClient(create_app(Notes(), add_note_routes, reset=True))
    assert api.simulate_put("/notes/a", json={"text": "first"}).status_code == 201
    assert api.simulate_get("/notes/a").json == "first"
    refused = api.simulate_get("/notes/b")
    assert (refused.status_code, refused.json) == (404, {"error": "there is no note b"})
    refused = api.simulate_put("/notes/a", json=[1])
    assert (refused.status_code, refused.json["error"]) == (422, "a note is an object with a text")
    assert api.simulate_put("/notes/a", body=b"\xff").status_code == 400
    assert api.simulate_get("/health").status_code == 200
    assert api.simulate_post("/reset").status_code == 200
    assert api.simulate_get("/notes/a").status_code == 404
    assert api.simulate_get("/clientes/1/extrato").status_code == 404
