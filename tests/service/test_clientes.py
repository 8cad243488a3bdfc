"""Clients that the operator adds, changes and closes, on either engine."""

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from rinha.arguments import parser
from rinha.crebitos import command
from rinha.crebitos.clientes import ClienteRefusedError, Clientes, NewCliente, read_csv
from rinha.crebitos.ledger import ClienteClosedError, LimiteExceededError, UnknownClienteError
from rinha.crebitos.limits import CLIENTE_MAX, CLIENTES_ADDED_TOGETHER, NOME_MAX_CHARACTERS
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import StoreUnusableError
from tests.help.ledgers import AnyLedger, clientes_of, query

CREDIT, DEBIT = Transacao(60, "c", "abc"), Transacao(60, "d", "abc")
ALTERACOES = "SELECT cliente, numero, acao, limite_antes, limite, transacoes FROM alteracoes"
Run = Callable[..., None]


@pytest.fixture
def clientes(either_ledger: AnyLedger) -> Clientes:
    return clientes_of(either_ledger)


@pytest.fixture
def run(clientes: Clientes) -> Run:
    """Runs `rinha cliente` with these arguments."""
    return lambda *args: command.run(clientes, parser().parse_args(["cliente", *map(str, args)]))


def alteracoes(address: str) -> list[tuple[object, ...]]:
    return query(address, f"{ALTERACOES} ORDER BY cliente, numero")


def test_a_new_client_is_like_the_five(either_ledger: AnyLedger, run: Run) -> None:
    """A client that was added has transactions, a statement and its own limit."""
    run("add", 6, "--limite", 100, "--nome", "Ana")
    run("add", "--limite", 0)
    assert either_ledger.transact(6, DEBIT).saldo == -60
    assert either_ledger.transact_once(6, CREDIT, "k").saldo == 0
    assert either_ledger.extrato(6).saldo.limite == 100
    with pytest.raises(LimiteExceededError):
        either_ledger.transact(7, DEBIT)
    with pytest.raises(UnknownClienteError):
        either_ledger.extrato(8)
    with pytest.raises(ClienteRefusedError, match="client 6 exists already"):
        run("add", 6, "--limite", 100)
    assert either_ledger.audit().problems == []


def test_no_number_is_beyond_the_highest(run: Run, clientes: Clientes) -> None:
    """After the highest number, which a path may have, no client gets the next one."""
    run("add", CLIENTE_MAX, "--limite", 1)
    with pytest.raises(ClienteRefusedError, match=f"client {CLIENTE_MAX} exists"):
        run("add", "--limite", 1)
    assert [row.cliente for row in clientes.after(5, 2)] == [CLIENTE_MAX]


def test_a_moved_file_takes_no_changes(ledger: SqliteLedger) -> None:
    """A change that no instance would see is refused, and the error names the new place."""
    with ledger.content.transaction():
        ledger.content.mark_moved("postgresql://there/")
    with pytest.raises(StoreUnusableError, match="was moved to postgresql://there/"):
        clientes_of(ledger)


def test_a_limit_is_never_below_what_is_owed(either_ledger: AnyLedger, run: Run) -> None:
    """A limit may be lowered to what is owed, and no cent further; each change leaves a row."""
    either_ledger.transact(1, DEBIT)
    with pytest.raises(ClienteRefusedError, match="client 1 owes 60"):
        run("limit", 1, 59)
    run("limit", 1, 60)
    run("limit", 1, 500)
    assert [row.limite for row in clientes_of(either_ledger).after(0, 1)] == [500]
    with pytest.raises(ClienteRefusedError, match="there is no client 6"):
        run("limit", 6, 60)


def test_the_audit_compares_with_the_limit_of_then(
    either_ledger: AnyLedger, address: str, run: Run
) -> None:
    """A limit that was lowered later accuses no honest history, and one that was raised and
    lowered hides no false one."""
    either_ledger.transact(1, DEBIT)
    either_ledger.transact(1, CREDIT)
    run("limit", 1, 10)
    assert either_ledger.audit().problems == []
    run("limit", 1, 1000)
    either_ledger.transact(1, DEBIT)
    either_ledger.transact(1, CREDIT)
    run("limit", 1, 100)
    assert either_ledger.audit().problems == []
    # The debit of 60 was at the limit of 1000: with 20 in its place it is beyond.
    query(address, "UPDATE alteracoes SET limite = 20 WHERE cliente = 1 AND numero = 2")
    query(address, "UPDATE alteracoes SET limite_antes = 20 WHERE cliente = 1 AND numero = 3")
    (problem,) = either_ledger.audit().problems
    assert problem.startswith("client 1: history passes the limit (first at sequencia 3")


def test_a_closed_client_keeps_its_history(either_ledger: AnyLedger, run: Run) -> None:
    """A closed client has its statement and no transactions more, with a key or without."""
    either_ledger.transact_once(2, CREDIT, "before")
    run("close", 2)
    for transacao in (CREDIT, DEBIT):
        with pytest.raises(ClienteClosedError, match="client 2 is closed"):
            either_ledger.transact(2, transacao)
        with pytest.raises(ClienteClosedError):
            either_ledger.transact_once(2, transacao, "after")
    assert either_ledger.transact_once(2, CREDIT, "before").saldo == 60
    assert len(either_ledger.extrato(2).ultimas_transacoes) == 1
    with pytest.raises(ClienteRefusedError, match="client 2 is closed already"):
        run("close", 2)
    with pytest.raises(ClienteRefusedError, match="client 2 is closed"):
        run("limit", 2, 5)
    either_ledger.transact(1, DEBIT)
    with pytest.raises(ClienteRefusedError, match="client 1 owes 60"):
        run("close", 1)
    assert either_ledger.audit().problems == []


def test_each_change_leaves_a_row(address: str, run: Run, either_ledger: AnyLedger) -> None:
    """Every change is in the table of changes, with the place in the history where it was made."""
    run("add", 6, "--limite", 100)
    either_ledger.transact(6, CREDIT)
    run("limit", 6, 50)
    run("close", 6)
    assert alteracoes(address) == [
        (6, 1, "add", 100, 100, 0),
        (6, 2, "limit", 100, 50, 1),
        (6, 3, "close", 50, 50, 1),
    ]


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE clientes SET limite = 7 WHERE cliente = 6", "limit is not that of the newest"),
        ("UPDATE clientes SET fechado = 1 WHERE cliente = 1", "closed without a change"),
        ("UPDATE clientes SET fechado = 0 WHERE cliente = 7", "open with one"),
        ("UPDATE alteracoes SET limite_antes = 1 WHERE numero = 2", "do not follow each other"),
        ("DELETE FROM alteracoes WHERE cliente = 7 AND numero = 1", "do not follow each other"),
        ("UPDATE alteracoes SET transacoes = 1 WHERE acao = 'close'", "transactions after the"),
    ],
)
def test_the_audit_finds_edited_changes(
    address: str, run: Run, either_ledger: AnyLedger, harm: str, complaint: str
) -> None:
    """An edit that bypassed the commands is found by the audit."""
    run("add", 6, "--limite", 100)
    run("limit", 6, 50)
    run("add", 7, "--limite", 100)
    run("close", 7)
    assert either_ledger.audit().problems == []
    query(address, harm)
    assert any(complaint in problem for problem in either_ledger.audit().problems)


def test_reset_brings_back_the_five(address: str, run: Run, either_ledger: AnyLedger) -> None:
    """A reset removes added clients, and opens the five with their first limits and no name."""
    fresh = query(address, "SELECT * FROM clientes ORDER BY cliente")
    run("add", 6, "--limite", 100, "--nome", "Ana")
    run("limit", 1, 50)
    run("close", 2)
    either_ledger.transact_once(6, CREDIT, "k")
    either_ledger.reset()
    assert query(address, "SELECT * FROM clientes ORDER BY cliente") == fresh
    assert alteracoes(address) == []
    assert either_ledger.audit().problems == []


def test_the_overview_has_names(run: Run, either_ledger: AnyLedger) -> None:
    """The operator's page gets the name as it is, and whether the client is closed."""
    run("add", 6, "--limite", 100, "--nome", "<b>␛ &")
    run("close", 6)
    shown = either_ledger.overview().clientes[-1]
    assert (shown.cliente, shown.nome, shown.fechado) == (6, "<b>␛ &", True)


def test_the_list_has_all(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The list has one line a client, also as JSON."""
    run("add", 6, "--limite", 100, "--nome", "Ana")
    capsys.readouterr()
    run("list", "--json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["cliente"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[-1] == {
        "cliente": 6,
        "nome": "Ana",
        "limite": 100,
        "saldo": 0,
        "transacoes": 0,
        "fechado": False,
    }
    run("list")
    assert capsys.readouterr().out.splitlines()[-1].split() == ["6", "100", "0", "0", "Ana"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: must name the columns"),
        ("cliente,saldo\n6,1\n", "line 1: must name the columns"),
        ("cliente,limite\n6\n", "line 2: has 1 values, not 2"),
        ("cliente,limite\n6,1,Ana\n", "line 2: has 3 values, not 2"),
        ("cliente,limite\n06,1\n", "line 2: the client must be a number"),
        ("cliente,limite\n0,1\n", "line 2: the client must be a number"),
        ("cliente,limite\n6,1\n1000000000000000000,1\n", "line 3: the client must be a number"),
        ("cliente,limite\n6,-1\n", "line 2: the limit must be an integer"),
        ("cliente,limite\n6,1.5\n", "line 2: the limit must be an integer"),
        ("cliente,limite\n6,9007199254740992\n", "line 2: the limit must be an integer"),
        ("cliente,limite\n6,1\n6,1\n", "line 3: client 6 comes after 6"),
        ("cliente,limite\n8,1\n7,1\n", "line 3: client 7 comes after 8"),
        ("cliente,limite\n6,1\n\n7,1\n", "line 3: has 0 values"),
        ("cliente,limite,nome\n6,1,A\x1b[2J\n", "line 2: the name must have"),
        ("cliente,limite,nome\n6,1,A\x00\n", "line 2"),
        (f"cliente,limite,nome\n6,1,{'a' * 61}\n", "line 2: the name must have"),
        ('cliente,limite,nome\n6,1,"Ana\n7,1,Bia\n', "not CSV"),
        (f"cliente,limite,nome\n6,1,{'a' * 5000}\n", "a line of more than"),
        ("cliente,limite\n6,1\n1,5\n", "line 3: client 1 comes after 6"),
        ("cliente,limite\n1,5\n6,1\n", "line 2: client 1 exists already, with other values"),
    ],
)
def test_a_wrong_file_adds_nothing(
    text: str, complaint: str, run: Run, tmp_path: Path, clientes: Clientes
) -> None:
    """A file with one wrong line is refused whole, and the error names the line."""
    (tmp_path / "new.csv").write_text(text, newline="")
    with pytest.raises(ClienteRefusedError) as refused:
        run("add", "--csv", tmp_path / "new.csv")
    assert complaint in str(refused.value)
    assert len(clientes.after(0, 10)) == 5


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are an error in one line."""
    (tmp_path / "new.csv").write_bytes(b"cliente,limite,nome\n6,1,\xff\n")
    with pytest.raises(ClienteRefusedError, match="not CSV in UTF-8"):
        list(read_csv(tmp_path / "new.csv"))


def test_a_file_of_one_line_is_not_read_whole(tmp_path: Path) -> None:
    """A large file of another kind is refused within little memory."""
    file = tmp_path / "new.csv"
    file.write_bytes(b"x" * 8_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ClienteRefusedError, match="a line of more than"):
            list(read_csv(file))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_pipe_of_clients_is_refused(run: Run, tmp_path: Path) -> None:
    """A file is read twice. The error of a pipe says that it cannot be, and adds nothing."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ClienteRefusedError, match="not a regular file"):
        run("add", "--csv", tmp_path / "pipe")


def test_the_longest_names_are_added_together(run: Run, clientes: Clientes, tmp_path: Path) -> None:
    """A thousand names are more bytes than a socket's buffer takes at once."""
    nome = "\N{GRINNING FACE}" * NOME_MAX_CHARACTERS
    new = [*range(6, 6 + CLIENTES_ADDED_TOGETHER)]
    lines = "".join(f"{cliente},1,{nome}\n" for cliente in new)
    (tmp_path / "new.csv").write_text(f"cliente,limite,nome\n{lines}", encoding="utf-8")
    run("add", "--csv", tmp_path / "new.csv")
    assert {each.nome for each in clientes.find(new).values()} == {nome}


def test_a_file_that_was_cut_short_is_finished(
    run: Run,
    tmp_path: Path,
    clientes: Clientes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A command that ended between two transactions is run again, and adds the rest once."""
    monkeypatch.setattr(command, "CLIENTES_ADDED_TOGETHER", 3)
    lines = "".join(f'Ana "{n}",{n},{n * 10}\n'.replace('"', "'") for n in range(6, 16))
    (tmp_path / "new.csv").write_text(f"nome,cliente,limite\n{lines}")
    clientes.add([NewCliente(n, n * 10, f"Ana '{n}'") for n in (6, 7, 8)])
    run("add", "--csv", tmp_path / "new.csv")
    assert capsys.readouterr().out == "7 clients are added, 3 were there already\n"
    rows = clientes.after(5, 100)
    assert [(row.cliente, row.limite, row.nome) for row in rows] == [
        (n, n * 10, f"Ana '{n}'") for n in range(6, 16)
    ]
    assert clientes.add([NewCliente(20, 1), NewCliente(15, 1)]) is False
    assert clientes.find([20]) == {}
