"""A request with an Idempotency-Key is counted once, and answered each time as the first time."""

import time
from collections.abc import Callable
from pathlib import Path

import falcon.testing
import pytest

from rinha.crebitos.idempotency import KeyReusedError, MalformedKeyError, chave_of
from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Resultado, Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from tests.help.ledgers import AnyLedger, open_ledger, query

DAY_NS = 24 * 3_600_000_000_000
CREDIT = Transacao(10, "c", "abc")
TOO_MUCH = Transacao(100_001, "d", "abc")
TRANSACOES = "/clientes/1/transacoes"
BODY = {"valor": 10, "tipo": "c", "descricao": "abc"}


@pytest.fixture
def ledger(either_ledger: AnyLedger) -> AnyLedger:
    return either_ledger


def refusal_of(act: Callable[[], object]) -> str:
    with pytest.raises(LimiteExceededError) as refused:
        act()
    return str(refused.value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"a"', "a"),
        ('"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        (r'"a\"b\\c"', 'a"b\\c'),
        ('"' + "k" * 255 + '"', "k" * 255),
        ('"' + r"\\" * 255 + '"', "\\" * 255),
        ('" "', " "),
        ('  "a"  ', "a"),
        ('"a";p', "a"),
        ('"a"; p=1;q=-1.5;r="x;\\"y";s=tok/en;t=:YQ==:;u=?1', "a"),
    ],
)
def test_a_string_of_rfc_8941_is_a_key(header: str, expected: str) -> None:
    """A key is a quoted string without its escapes; parameters are allowed and ignored."""
    assert chave_of(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        *("", '""', "a", "8e03978e-40d5-43e8-bc93-6894a57f9324", "'a'", '"a', 'a"', '"', '"\\"'),
        *('"a" "b"', '"a", "b"', '"a","a"', '"a"b', '"a\\b"', '"a\tb"', '"a\x00"', '"a\x7f"'),
        *('"é"', '"Ã©"', '"a";', '"a";P=1', '"a";p=', '"a";p=?2', '"a";p=1.', ":YQ==:", "?1", "1"),
        '"' + "k" * 256 + '"',
        '"a"' + ";p" * 2000 + "=",
    ],
)
def test_any_other_header_is_no_key(header: str) -> None:
    """Anything but one string of 1 to 255 printable ASCII characters is refused."""
    with pytest.raises(MalformedKeyError, match="Idempotency-Key must be"):
        chave_of(header)


def test_the_end_of_a_header_decides_at_once() -> None:
    """A fault at the end costs no more time with each parameter before it."""
    began_at = time.process_time()
    with pytest.raises(MalformedKeyError):
        chave_of('"a"' + ";a=11" * 23 + "!")
    assert time.process_time() - began_at < 1


def test_a_request_that_is_sent_again_is_counted_once(ledger: AnyLedger) -> None:
    """A retry gets the answer of the first time, whatever came in between; both ways to a row."""
    first = ledger.transact_once(1, CREDIT, "k1")
    assert first == Resultado(100_000, 10)
    ledger.transact(1, Transacao(5, "d", "def"))
    assert ledger.transact_once(1, CREDIT, "k2") == Resultado(100_000, 15)
    assert [ledger.transact_once(1, CREDIT, "k1") for _ in range(3)] == [first] * 3
    assert ledger.extrato(1).saldo.total == 15
    assert [row.valor for row in ledger.extrato(1).ultimas_transacoes] == [10, 5, 10]
    assert ledger.audit().problems == []


def test_a_refused_debit_stays_refused(ledger: AnyLedger) -> None:
    """A refusal is kept with its text: a retry is no new request once there is money."""
    refused = refusal_of(lambda: ledger.transact_once(1, TOO_MUCH, "k"))
    assert refused == refusal_of(lambda: ledger.transact(1, TOO_MUCH))
    ledger.transact(1, CREDIT)
    assert refusal_of(lambda: ledger.transact_once(1, TOO_MUCH, "k")) == refused
    assert ledger.transact_once(1, TOO_MUCH, "another").saldo == -99_991
    ledger.transact(2, Transacao(2**53 - 1, "c", "abc"))
    full = refusal_of(lambda: ledger.transact_once(2, CREDIT, "full"))
    assert full == refusal_of(lambda: ledger.transact(2, CREDIT))
    assert refusal_of(lambda: ledger.transact_once(2, CREDIT, "full")) == full
    assert ledger.audit().problems == []


@pytest.mark.parametrize(
    ("cliente", "transacao"),
    [
        (2, CREDIT),
        (6, CREDIT),
        (1, Transacao(11, "c", "abc")),
        (1, Transacao(10, "d", "abc")),
        (1, Transacao(10, "c", "abcd")),
        (1, Transacao(1, "c", "0cabc")),
    ],
)
def test_a_key_of_another_request_is_refused(
    ledger: AnyLedger, cliente: int, transacao: Transacao
) -> None:
    """A key with another client or another body is refused, and changes nothing."""
    ledger.transact_once(1, CREDIT, "k")
    with pytest.raises(KeyReusedError):
        ledger.transact_once(cliente, transacao, "k")
    assert ledger.extrato(1).saldo.total == 10
    assert ledger.extrato(2).saldo.total == 0


def test_an_unknown_client_leaves_no_key(ledger: AnyLedger, address: str) -> None:
    """A request for nobody was not processed, so its key is free."""
    with pytest.raises(UnknownClienteError):
        ledger.transact_once(6, CREDIT, "k")
    assert query(address, "SELECT count(*) FROM chaves") == [(0,)]
    assert ledger.transact_once(1, CREDIT, "k").saldo == 10


@pytest.mark.parametrize("descricao", ["\x00", "a\x00b", "␛0", "😀" * 10, "'\"\\\n\u202e"])
def test_any_ten_characters_are_the_same_again(ledger: AnyLedger, descricao: str) -> None:
    """A body with any ten characters is known again, and told from another."""
    transacao = Transacao(1, "c", descricao)
    assert ledger.transact_once(1, transacao, 'k"\\ ~').saldo == 1
    assert ledger.transact_once(1, transacao, 'k"\\ ~').saldo == 1
    with pytest.raises(KeyReusedError):
        ledger.transact_once(1, Transacao(1, "c", descricao[:-1] + "x"), 'k"\\ ~')
    assert ledger.audit().problems == []


def test_keys_outlive_a_restart_and_not_a_reset(address: str) -> None:
    """A key is known to each instance and after a restart; a reset forgets it with its row."""
    one, other = open_ledger(address), open_ledger(address)
    one.transact_once(1, CREDIT, "k")
    assert other.transact_once(1, CREDIT, "k").saldo == 10
    one.close()
    other.close()
    again = open_ledger(address)
    assert again.transact_once(1, CREDIT, "k").saldo == 10
    again.reset()
    assert again.transact_once(1, Transacao(3, "c", "abc"), "k").saldo == 3
    assert again.audit().problems == []
    again.close()


def test_expired_keys_are_removed_in_small_steps(
    ledger: AnyLedger, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is kept for a day. After that each new one removes two, the oldest first."""
    for number in range(5):
        ledger.transact_once(1, CREDIT, f"old {number}")
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + DAY_NS - 60_000_000_000)
    ledger.transact_once(1, CREDIT, "within the day")
    assert query(address, "SELECT count(*) FROM chaves") == [(6,)]
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + DAY_NS + 60_000_000_000)
    assert ledger.transact_once(1, CREDIT, "old 0").saldo == 10, "until it is removed"
    left = []
    for number in range(3):
        ledger.transact_once(1, CREDIT, f"new {number}")
        left.append([key for (key,) in query(address, "SELECT chave FROM chaves ORDER BY chave")])
    assert [len(each) for each in left] == [5, 4, 4]
    assert left[0] == ["new 0", "old 2", "old 3", "old 4", "within the day"]
    assert left[2] == ["new 0", "new 1", "new 2", "within the day"]
    assert ledger.audit().problems == []


def test_a_clock_that_was_ahead_keeps_no_keys(
    ledger: AnyLedger, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of an hour in which the clock was a year ahead do not keep later ones from removal."""
    now_ns = time.time_ns()

    def add(day: float, *keys: str) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: now_ns + round(day * DAY_NS))
        for key in keys:
            ledger.transact_once(1, CREDIT, key)

    add(365, "ahead 1", "ahead 2", "ahead 3")
    add(0, "k1", "k2")
    add(1.01, "n1", "n2", "n3", "n4")
    add(2.02, *(f"last {number}" for number in range(8)))
    left = "SELECT chave FROM chaves WHERE chave NOT LIKE 'ahead%' ORDER BY chave"
    assert query(address, left) == [(f"last {number}",) for number in range(8)]
    assert ledger.audit().problems == []


def test_the_audit_finds_a_key_without_its_transaction(ledger: AnyLedger, address: str) -> None:
    """A key whose transaction is gone or another one is a problem."""
    for number in range(2):
        ledger.transact_once(1, CREDIT, f"k{number}")
    query(address, "UPDATE chaves SET sequencia = 3 WHERE chave = 'k0'")
    query(address, "UPDATE chaves SET pedido = '11cabc' WHERE chave = 'k1'")
    problems = ledger.audit().problems
    assert len(problems) == 2
    assert all("client 1: key of a transaction that is missing" in each for each in problems)


@pytest.fixture
def api(tmp_path: Path) -> falcon.testing.TestClient:
    opened = SqliteLedger(tmp_path / "rinha.db", synchronous="NORMAL", lock_wait_s=0.2)
    return falcon.testing.TestClient(create_app(opened, add_routes, reset=True))


def post(api: falcon.testing.TestClient, key: str, **changes: object) -> tuple[int, bytes]:
    headers = {"Idempotency-Key": key}
    answer = api.simulate_post(TRANSACOES, json=BODY | changes, headers=headers)
    return answer.status_code, answer.content


def test_an_answer_is_repeated_byte_for_byte(api: falcon.testing.TestClient) -> None:
    """A retry gets the status and the bytes of the first answer, a refusal's too."""
    first, refused = post(api, '"k"'), post(api, '"r"', tipo="d", valor=100_011)
    assert (first[0], refused[0]) == (200, 422)
    api.simulate_post(TRANSACOES, json=BODY)
    assert post(api, '"k";retry=1') == first
    assert post(api, '"k"', more="fields") == first
    assert post(api, '"r"', tipo="d", valor=100_011) == refused
    assert post(api, '"k"', valor=11)[0] == 422
    assert api.simulate_get("/clientes/1/extrato").json["saldo"]["total"] == 20


def test_a_malformed_key_or_body_leaves_no_trace(api: falcon.testing.TestClient) -> None:
    """A malformed key is a 400; a malformed body leaves its key free."""
    status, body = post(api, "k")
    assert status == 400
    assert b"double quotes" in body
    assert post(api, '"k"', tipo="x")[0] == 422
    assert post(api, '"k"')[0] == 200
    assert api.simulate_get("/clientes/1/extrato").json["saldo"]["total"] == 10
