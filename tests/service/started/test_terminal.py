"""Values of clients reach a terminal only as text, from every command."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.logs import JsonLines, log
from tests.help.commands import run
from tests.help.running import Stack, finish, rinha
from tests.help.terminal import on_terminal

# At most ten characters each, as a descricao may have. No terminal program sends one by itself.
HOSTILE = [
    "\x1b[31337m!",
    "\x1b]52;c;aGk",
    "\x1b]0;t\x07",
    "\x9b31337m!",
    "\x9d0;t\x9c",
    "A\rB",
    "A\x08B",
    "\u202eabc",
    "\u2066abc",
    "\x7f\x07\x05",
]
RINHA = (sys.executable, "-m", "rinha")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("ledger"), ops=True) as stack:
        for descricao in HOSTILE:
            assert stack.client().transact(1, 1, "c", descricao).status == 200
        yield stack


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("people"), ops=True, RINHA_EDITION="pessoas") as stack:
        for number, text in enumerate(HOSTILE):
            assert stack.client().add(f"{number}{text}", nome=text).status == 201
        yield stack


def assert_is_text(shown: str, *, escaped: bool = True) -> None:
    """Asserts that the hostile values are shown only as their escapes."""
    for text in HOSTILE:
        assert text not in shown
    for character in "\x9b\x9d\x9c\u202e\u2066\x07\x05\x7f":
        assert character not in shown
    if escaped:
        for told in (r"\u001b]52;c;aGk", r"\u009b31337m!", r"A\u000dB", r"\u202eabc"):
            assert told in shown


def sql(stack: Stack, *words: str, **more: str) -> tuple[int, str]:
    settings = {"RINHA_LEDGER": stack.ledger, "RINHA_EDITION": stack.edition}
    return on_terminal((*RINHA, "sql", *words), **settings, **more)


def test_sql_on_a_terminal(watched: Stack) -> None:
    """`rinha sql` on a terminal escapes values, for one statement and in the shell."""
    code, shown = sql(watched, "SELECT descricao FROM transacoes")
    assert code == 0
    # In box mode the shell itself replaces control characters, but not those of direction.
    assert_is_text(shown, escaped=False)
    assert r"\u202eabc" in shown
    keys = ".mode list\nSELECT descricao FROM transacoes;\n.exit\n"
    assert_is_text(sql(watched, wait_for="sqlite>", keys=keys)[1])


def test_sql_of_people(people: Stack) -> None:
    """Texts of the other edition are escaped too."""
    assert_is_text(sql(people, "SELECT nome FROM pessoas")[1], escaped=False)


def test_data_stays_data_on_a_pipe(watched: Stack) -> None:
    """Output to a pipe is as stored, unless --escape is given."""
    for options, is_raw in (((), True), (("--escape",), False)):
        words = (*RINHA, "sql", *options, "SELECT descricao FROM transacoes")
        out = run(*words, env={"RINHA_LEDGER": watched.ledger}).out
        assert (HOSTILE[0] in out) == is_raw
        if not is_raw:
            assert_is_text(out)


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("name", ["watched", "people"])
def test_the_watch(request: pytest.FixtureRequest, name: str) -> None:
    """`ops.watch` escapes the newest rows; q ends it, and its title names the address."""
    stack: Stack = request.getfixturevalue(name)
    url = f"http://127.0.0.1:{stack.ops_port}"
    words = (sys.executable, "-m", "ops.watch", url)
    code, shown = on_terminal(words, wait_for=r"\u009b31337m", keys="q")
    assert code == 0
    assert url in shown
    assert_is_text(shown)


@pytest.mark.parametrize("command", ["check", "init"])
def test_other_commands(watched: Stack, command: str) -> None:
    """`check` and `init` show the name of the ledger and none of its texts."""
    assert_is_text(on_terminal((*RINHA, command), RINHA_LEDGER=watched.ledger)[1], escaped=False)


def test_what_a_command_refuses(tmp_path: Path) -> None:
    """An error message escapes the path that it names."""
    for text in HOSTILE:
        _, shown = on_terminal((*RINHA, "check"), RINHA_LEDGER=f"{tmp_path}/{text}")
        assert_is_text(shown, escaped=False)


def test_a_line_of_the_log() -> None:
    """A log line has only printable characters, and its JSON still has the same value."""
    said = "".join(HOSTILE)
    record = log.makeRecord("rinha", 20, "", 0, "event", (), None, extra={"fields": {"said": said}})
    line = JsonLines().format(record)
    assert line.isprintable()
    assert json.loads(line)["said"] == said


@pytest.mark.starts
def test_a_terminal_of_another_encoding_shows_names(tmp_path: Path) -> None:
    """Characters that the terminal's encoding lacks are escaped; no command ends by an error."""
    ledger = {"RINHA_LEDGER": str(tmp_path / "rinha.db"), "PYTHONIOENCODING": "ascii"}
    assert finish(rinha("init", **ledger))[0] == 0
    assert finish(rinha("cliente", "add", "--limite", "1", "--nome", "José", **ledger))[0] == 0
    code, shown, err = finish(rinha("cliente", "list", **ledger))
    assert (code, err) == (0, "")
    assert shown.endswith(" Jos\\xe9\n")


@pytest.mark.needs("nginx")
def test_watch_on_a_terminal_of_another_encoding(tmp_path: Path) -> None:
    """`make watch` shows a row whose characters the terminal's encoding lacks."""
    with Stack(tmp_path, ops=True) as stack:
        assert stack.client().transact(1, 1, "c", "José").status == 200
        command = (sys.executable, "-m", "ops.watch", f"http://127.0.0.1:{stack.ops_port}")
        code, shown = on_terminal(command, wait_for="Jos", keys="q", PYTHONIOENCODING="ascii")
    assert (code, "Jos\\xe9" in shown) == (0, True), shown


@pytest.mark.starts
def test_a_path_of_another_encoding_is_shown() -> None:
    """The stack's commands print paths that the terminal's encoding lacks."""
    program = "from stack.messages import show; show('UP_ALREADY', 'José')"
    done = run(sys.executable, "-c", program, env={"PYTHONIOENCODING": "ascii"})
    assert (done.code, done.out) == (0, "rinha is up already: Jos\\xe9\n")
