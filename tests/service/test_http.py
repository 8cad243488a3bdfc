"""The status of each error, without a server."""

import json
from typing import Any

import falcon.testing
import pytest

from rinha import errors
from rinha.crebitos.clientes import ClienteRefusedError
from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.limits import BODY_MAX_BYTES
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.errors import RinhaError, StoreBusyError, StoreUnavailableError
from rinha.http import STATUS_OF, create_app
from rinha.logs import setup

BODY = '{"valor": 1, "tipo": "d", "descricao": "abc"}'
NEVER_ANSWERED = {
    *(errors.StoreUnusableError, errors.SettingError, errors.ListenError, errors.SnapshotError),
    *(errors.MoveError, errors.RestoreError, errors.ReplicaError, ClienteRefusedError),
}


@pytest.fixture
def api(ledger: SqliteLedger) -> falcon.testing.TestClient:
    return falcon.testing.TestClient(create_app(ledger, add_routes, reset=True))


class BrokenLedger:
    """A ledger whose methods all raise the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def transact(self, *_: object) -> Any:
        raise self._error

    transact_once = extrato = reset = assert_readable = transact


def broken_api(error: Exception) -> falcon.testing.TestClient:
    ledger = BrokenLedger(error)
    return falcon.testing.TestClient(create_app(ledger, add_routes, reset=True))


def test_every_error_has_a_status() -> None:
    """Every error class has a status in the table; a missing one would give a 500."""
    # Errors of the stack's own commands never become an answer.
    ours = {one for one in RinhaError.__subclasses__() if one.__module__.startswith("rinha.")}
    assert ours - NEVER_ANSWERED == set(STATUS_OF)
    for error, status in ((UnknownClienteError("x"), 404), (LimiteExceededError("x"), 422)):
        assert broken_api(error).simulate_get("/clientes/1/extrato").status_code == status


def test_the_happy_path(api: falcon.testing.TestClient) -> None:
    """A transaction answers limit and balance, and a statement has the fields of the contract."""
    answer = api.simulate_post("/clientes/1/transacoes", body=BODY)
    assert (answer.status_code, answer.json) == (200, {"limite": 100000, "saldo": -1})
    answer = api.simulate_get("/clientes/1/extrato")
    assert list(answer.json) == ["saldo", "ultimas_transacoes"]
    assert list(answer.json["saldo"]) == ["total", "data_extrato", "limite"]
    (row,) = answer.json["ultimas_transacoes"]
    assert list(row) == ["valor", "tipo", "descricao", "realizada_em"]
    assert api.simulate_get("/health").json["status"] == "healthy"
    assert api.simulate_post("/reset").status_code == 200
    assert api.simulate_get("/clientes/1/extrato").json["ultimas_transacoes"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (BODY.replace("1", "100001"), 422),
        (BODY.replace("1", "0"), 422),
        (BODY[:-1], 400),
        (BODY + " " * BODY_MAX_BYTES, 413),
    ],
)
def test_refusals_have_a_reason(api: falcon.testing.TestClient, body: str, status: int) -> None:
    """Every refusal is a small JSON object with a reason."""
    answer = api.simulate_post("/clientes/1/transacoes", body=body)
    assert answer.status_code == status
    assert list(answer.json) == ["error"]
    assert len(answer.json["error"]) > 10


@pytest.mark.parametrize("error", [StoreBusyError("busy"), StoreUnavailableError("broken")])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/clientes/1/transacoes"),
        ("GET", "/clientes/1/extrato"),
        ("GET", "/health"),
        ("POST", "/reset"),
    ],
)
def test_an_error_of_the_ledger_is_a_503(error: Exception, method: str, path: str) -> None:
    """A ledger that cannot be read or written gives 503, the error and Retry-After."""
    answer = broken_api(error).simulate_request(method, path, body=BODY)
    assert answer.status_code == 503
    assert answer.json == {"error": str(error)}
    assert answer.headers["Retry-After"] == "1"


def test_a_mistake_of_ours_is_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug gives a 500 without details, and one traceback in the log."""
    setup("info")
    api = broken_api(ZeroDivisionError("inside"))
    for _ in range(3):
        answer = api.simulate_get("/clientes/1/extrato")
        assert answer.status_code == 500
        assert "inside" not in answer.text
    (line,) = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError" in json.loads(line)["traceback"]


def test_reset_is_off_unless_it_is_switched_on(ledger: SqliteLedger) -> None:
    """A reset is refused unless RINHA_RESET allows it."""
    api = falcon.testing.TestClient(create_app(ledger, add_routes, reset=False))
    api.simulate_post("/clientes/1/transacoes", body=BODY)
    answer = api.simulate_post("/reset")
    assert answer.status_code == 403
    assert "RINHA_RESET" in answer.json["error"]
    assert ledger.extrato(1).saldo.total == -1


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/clientes/1/transacoes", "POST"),
        ("PUT", "/clientes/1/transacoes", "POST"),
        ("DELETE", "/clientes/1/extrato", "GET"),
        ("POST", "/clientes/1/extrato", "GET"),
        ("POST", "/health", "GET"),
        ("GET", "/reset", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(
    api: falcon.testing.TestClient, method: str, path: str, allow: str
) -> None:
    """A 405 names the right method in Allow."""
    answer = api.simulate_request(method, path)
    assert answer.status_code == 405
    assert allow in answer.headers["Allow"].split(", ")
    assert "Allow" in answer.json["error"]


@pytest.mark.parametrize(
    "cliente",
    [
        *("0", "01", "+1", "-1", "1.0", "1e0", "0_1", "1_0", "１", "١", "²", "9" * 25, "a", " 1"),
        *("1 ", "%20", "%00", "1%00", "null", "true", "0x1", "6", "9" * 18, "1/2", ""),
    ],
)
def test_only_the_canonical_number_of_a_client_is_one(
    api: falcon.testing.TestClient, cliente: str
) -> None:
    """The number of a client has one spelling; all others give 404 on both routes."""
    answer = api.simulate_get(f"/clientes/{cliente}/extrato")
    assert answer.status_code == 404
    assert answer.json["error"]
    answer = api.simulate_post(f"/clientes/{cliente}/transacoes", body=BODY)
    assert answer.status_code == 404
