"""A ledger that moves to another file or engine is the same ledger there."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from rinha.crebitos.clientes import NewCliente
from rinha.crebitos.ledger import LimiteExceededError
from rinha.crebitos.messages import Transacao
from rinha.errors import StoreUnusableError
from tests.help.commands import assert_refused, assert_sound
from tests.help.effort import drawn_seed
from tests.help.ledgers import AnyLedger, clientes_of, open_ledger, query
from tests.help.postgres import Server
from tests.help.running import finish, rinha

EVERYTHING = (
    "SELECT * FROM clientes ORDER BY cliente",
    "SELECT * FROM livro ORDER BY cliente, sequencia",
    "SELECT cliente, sequencia, realizada_em_us FROM transacoes ORDER BY cliente, sequencia",
    "SELECT * FROM saldos ORDER BY cliente",
    "SELECT chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us"
    " FROM chaves ORDER BY criada_em_us, chave",
    "SELECT * FROM alteracoes ORDER BY cliente, numero",
)
ROWS = 400
WITH_KEY_EVERY = 3
ODD = ["\0", "a\0b", "␛", "␛0", "␛1\0", "\\N", "\t\n\r\\", "😀" * 10, "'\""]
Move = Callable[[str, str], tuple[int, str, str]]


@pytest.fixture(params=["to a server", "to a file", "to another file", "to another server"])
def places(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> tuple[str, str]:
    file, other_file = str(tmp_path / "rinha.db"), str(tmp_path / "other.db")
    pairs = {
        "to a server": (file, server.new_database()),
        "to a file": (server.new_database(), file),
        "to another file": (file, other_file),
        "to another server": (server.new_database(), server.new_database()),
    }
    return pairs[request.param]


def move(source: str, target: str) -> tuple[int, str, str]:
    return finish(rinha("move", source, target))


def is_server(address: str) -> bool:
    return address.startswith("postgresql")


def fill(address: str, rows: int = ROWS) -> AnyLedger:
    rng, ledger = Random(drawn_seed()), open_ledger(address)
    clientes = clientes_of(ledger)
    clientes.add([NewCliente(6, 7, "␛0 'Ana'"), NewCliente(8, 0)])
    clientes.change_limite(6, 9)
    clientes.close(8)
    for number in range(rows):
        tipo = "c" if rng.random() < 0.6 else "d"
        text = ODD[number] if number < len(ODD) else f"n{number}"
        try:
            valor = rng.randint(1, 30_000)
            transacao = Transacao(valor, tipo, text)  # type: ignore[arg-type]
            if number % WITH_KEY_EVERY:
                ledger.transact(rng.randint(1, 5), transacao)
            else:
                ledger.transact_once(rng.randint(1, 5), transacao, f"{number}~")
        except LimiteExceededError:
            continue
    return ledger


def everything(address: str) -> list[list[tuple[object, ...]]]:
    return [query(address, each) for each in EVERYTHING]


def test_what_arrives_is_what_left(places: tuple[str, str]) -> None:
    """A move keeps balances, limits, sequences, times and every odd character."""
    source, target = places
    ledger = fill(source)
    query(source, "UPDATE clientes SET limite = 20000000 WHERE cliente = 4")
    query(source, "INSERT INTO clientes (cliente, limite) VALUES (999999999999999999, 5)")
    audit = ledger.audit()
    extratos = [ledger.extrato(cliente).ultimas_transacoes for cliente in range(1, 6)]
    ledger.close()
    code, out, err = move(source, target)
    what = "nothing should write to" if is_server(source) else "refuses to be served"
    assert (code, out) == (0, f"{target} equals {source}, which {what} from now on\n")
    assert "read back" in err
    arrived = open_ledger(target)
    assert arrived.audit() == audit
    assert extratos == [arrived.extrato(cliente).ultimas_transacoes for cliente in range(1, 6)]
    if is_server(source) == is_server(target):
        assert everything(source) == everything(target)
    before = arrived.extrato(2).saldo.total
    assert arrived.transact(2, Transacao(1, "c", "abc")).saldo == before + 1
    arrived.close()


def test_a_replicated_ledger_moves(places: tuple[str, str], tmp_path: Path) -> None:
    """A move regards no RINHA_REPLICA, which is that of a file: TO is filled from FROM."""
    source, target = places
    fill(source, 20).close()
    done = finish(rinha("move", source, target, RINHA_REPLICA=f"file://{tmp_path}/replica"))
    assert done[0] == 0, done[2]
    assert_sound(target)


def test_the_views_show_the_same_on_both(server: Server, tmp_path: Path) -> None:
    """The views show the same names, columns and texts on both engines."""
    source, target = str(tmp_path / "rinha.db"), server.new_database()
    ledger = open_ledger(source)
    for number in range(30):
        ledger.transact(number % 3 + 1, Transacao(number + 1, "cd"[number % 2], f"n{number}"))  # type: ignore[arg-type]
    ledger.close()
    assert move(source, target)[0] == 0
    assert everything(source) == everything(target)


def test_a_target_that_is_not_empty_is_left_alone(places: tuple[str, str]) -> None:
    """A target that is not empty is refused and left unchanged."""
    source, target = places
    fill(source, 20).close()
    fill(target, 20).close()
    before = everything(target)
    code, out, err = move(source, target)
    assert (code, out) == (2, "")
    assert "TO is not empty" in err
    assert everything(target) == before


def test_a_ledger_that_is_not_sound_does_not_move(places: tuple[str, str]) -> None:
    """A ledger that fails its audit is not moved."""
    source, target = places
    fill(source, 20).close()
    query(source, "UPDATE clientes SET saldo = saldo + 1 WHERE cliente = 1")
    code, _, err = move(source, target)
    assert code == 2
    assert "FROM is not sound" in err
    assert query(target, "SELECT count(*) FROM transacoes") == [(0,)]


def test_a_move_that_dies_is_finished_by_the_next(places: tuple[str, str]) -> None:
    """A killed move leaves FROM as the ledger, or FROM marked and TO whole; the next ends it."""
    source, target = places
    ledger = fill(source)
    audit = ledger.audit()
    ledger.close()
    rng = Random(drawn_seed())
    for _ in range(4):
        process = rinha("move", source, target)
        time.sleep(rng.uniform(0.1, 0.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    # The server may not yet have undone the transaction of the killed move.
    deadline = time.monotonic() + 10
    while (done := move(source, target))[0] and "locked" in done[2]:
        assert time.monotonic() < deadline
    assert done[0] == 0 or "was moved to" in done[2], done
    arrived = open_ledger(target)
    assert arrived.audit() == audit
    arrived.close()


def test_a_move_killed_before_its_mark_is_only_marked_by_the_next(
    places: tuple[str, str],
) -> None:
    """A move killed before its mark leaves FROM served; the next move only adds the mark."""
    source, target = places
    fill(source, 30).close()
    assert move(source, target)[0] == 0
    if not is_server(source):
        with pytest.raises(StoreUnusableError, match=re.escape(f"was moved to {target}")):
            open_ledger(source)
        query(source, "DROP TABLE moved_to")
    open_ledger(source).close()
    assert move(source, target)[::2] == (0, "auditing the source\nauditing both\n")
    if is_server(source):
        return
    # With the mark removed by hand and one more transaction these are two ledgers; none is changed.
    query(source, "DROP TABLE moved_to")
    ledger = open_ledger(source)
    ledger.transact(1, Transacao(1, "c", "late"))
    ledger.close()
    code, _, err = move(source, target)
    assert (code, "TO is not empty" in err) == (2, True)
    open_ledger(source).close()


@pytest.mark.parametrize("places", ["to a server", "to another file"], indirect=True)
def test_a_moved_file_is_served_no_more(places: tuple[str, str]) -> None:
    """A moved file is not served and names its new place; check still reads it."""
    source, target = places
    fill(source, 30).close()
    assert move(source, target)[0] == 0
    for command in ("serve", "init"):
        err = assert_refused(
            finish(rinha(command, RINHA_LEDGER=source)),
            f"was moved to {target}",
            "DROP TABLE moved_to",
        )
    assert_sound(source)
    code, _, err = move(source, f"{source}.third")
    assert (code, "was moved to" in err) == (2, True)
    assert finish(rinha("sql", "DROP TABLE moved_to", RINHA_LEDGER=source))[0] == 0
    assert finish(rinha("init", RINHA_LEDGER=source))[0] == 0


@pytest.mark.parametrize("places", ["to another file"], indirect=True)
def test_a_file_in_use_is_not_moved(places: tuple[str, str]) -> None:
    """A file that an instance has open is not moved: the instance would write to the old file."""
    source, target = places
    ledger = fill(source, 30)
    code, _, err = move(source, target)
    assert (code, err.count("\n"), "in use" in err) == (2, 1, True)
    ledger.close()
    assert move(source, target)[0] == 0


@pytest.mark.parametrize("places", ["to a file", "to another server"], indirect=True)
def test_a_ledger_that_is_written_meanwhile_is_no_success(places: tuple[str, str]) -> None:
    """A write to FROM during a move is noticed, and the move fails."""
    source, target = places
    ledger = fill(source)
    process = rinha("move", source, target)
    refused = 0
    while process.poll() is None:
        try:
            ledger.transact(3, Transacao(1, "c", "late"))
        except Exception:  # noqa: BLE001 - whichever engine says that it is busy
            refused += 1
    code, _, err = finish(process)
    assert code == 2, f"{refused} refused"
    assert "differ" in err
    ledger.close()


@pytest.mark.parametrize(
    ("source", "target", "complaint"),
    [
        ("rinha.db", "rinha.db", "are the same ledger"),
        ("rinha.db", "../{folder}/./rinha.db", "are the same ledger"),
        ("missing.db", "rinha.db", "no ledger"),
        ("postgresql://rinha:secret@localhost/rinha", "rinha.db", "must not hold a password"),
    ],
)
def test_a_move_that_makes_no_sense_is_one_line(
    tmp_path: Path, source: str, target: str, complaint: str
) -> None:
    """A move that makes no sense gives one line with the reason, and shows no password."""
    target = target.format(folder=tmp_path.name)
    names = [name if "//" in name else f"{tmp_path}/{name}" for name in (source, target)]
    err = assert_refused(move(*names), complaint)
    assert "secret" not in err
