"""The command `rinha` as people and supervisors use it."""

import fcntl
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from tests.help.commands import assert_refused, wait_until
from tests.help.running import ROOT, STOP_MAX_S, Stack, finish, rinha

COMMANDS = ("serve", "init", "check", "snapshot", "restore", "replicate", "move", "cliente", "sql")


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "rinha.db")


def run(*words: str, **environment: str) -> tuple[int, str, str]:
    return finish(rinha(*words, **environment))


def test_help_names_every_command_and_every_setting() -> None:
    """`--help` lists every command and the settings."""
    code, out, _ = run("--help")
    assert code == 0
    assert all(command in out for command in (*COMMANDS, "RINHA_LEDGER", "RINHA_RESET"))
    assert run()[0] == 2
    assert run("nonsense")[0] == 2


def test_init_makes_a_ledger_once(file: str) -> None:
    """A second init changes nothing."""
    assert run("init", RINHA_LEDGER=file) == (0, f"{file} is ready\n", "")
    with apsw.Connection(file) as connection:
        connection.execute("UPDATE clientes SET saldo = 5 WHERE cliente = 1")
    connection.close()
    assert run("init", RINHA_LEDGER=file)[0] == 0
    assert run("sql", "SELECT saldo FROM saldos WHERE cliente = 1", RINHA_LEDGER=file)[1] == "5\n"


def test_check_tells_good_from_bad_by_its_exit_code(file: str) -> None:
    """`check` exits with 0 for a sound ledger, and with 1 and the problem's name for another."""
    run("init", RINHA_LEDGER=file)
    code, out, err = run("check", RINHA_LEDGER=file)
    assert (code, err) == (0, "")
    assert out.count(" ok\n") == 5
    assert "every promise holds" in out
    with apsw.Connection(file) as connection:
        connection.execute("UPDATE clientes SET saldo = 5 WHERE cliente = 1")
        connection.executemany(
            "INSERT INTO clientes (cliente, limite) VALUES (?, 1)", [(n,) for n in range(6, 36)]
        )
    connection.close()
    code, out, err = run("check", RINHA_LEDGER=file)
    assert code == 1
    assert "PROBLEM client 1: balance is not the sum of the transactions (saldo 5, sum 0)" in out
    assert "and 15 more clients, all ok" in out


def test_snapshot_names_its_file_and_keeps_others(file: str, tmp_path: Path) -> None:
    """A snapshot opens with any sqlite3; a name that exists is refused."""
    run("init", RINHA_LEDGER=file)
    copy = str(tmp_path / "copy.db")
    assert run("snapshot", copy, RINHA_LEDGER=file) == (0, f"{copy}\n", "")
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT count(*) FROM saldos").fetchone() == (5,)
    connection.close()
    code, _, err = run("snapshot", copy, RINHA_LEDGER=file)
    assert (code, len(err.splitlines())) == (2, 1)


def test_restore_names_what_it_kept_and_audits(file: str, tmp_path: Path) -> None:
    """`restore` audits the new ledger and names the file of the previous one."""
    run("init", RINHA_LEDGER=file)
    copy = str(tmp_path / "copy.db")
    run("snapshot", copy, RINHA_LEDGER=file)
    code, out, err = run("restore", copy, RINHA_LEDGER=file)
    assert (code, err) == (0, "")
    assert "every promise holds" in out
    kept = out.splitlines()[-1].removeprefix("the old ledger is ")
    assert Path(kept).exists()


def test_the_old_name_of_replicate_is_accepted(file: str) -> None:
    """`rinha follow` is `rinha replicate`, with one line of warning."""
    code, out, err = run("follow", "state", RINHA_LEDGER=file)
    assert (code, err) == (0, "rinha: `follow` is now `replicate`\n")
    assert run("replicate", "state", RINHA_LEDGER=file) == (code, out, "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("restore",), "RINHA_REPLICA is not set"),
        (("restore", "missing.db"), "no such file"),
        (("restore", "copy.db", "--at", "10:00"), "--at is for the replica"),
        (("replicate",), "RINHA_REPLICA is not set"),
    ],
)
def test_restore_and_replicate_want_to_know_from_where(
    file: str, words: tuple[str, ...], complaint: str
) -> None:
    """`restore` and `replicate` without a usable source give one line and make no file."""
    assert_refused(run(*words, RINHA_LEDGER=file), complaint)
    assert not Path(file).exists()


def test_keys_in_an_address_are_refused_and_not_shown(file: str) -> None:
    """Keys in the address of a replica are refused, and the error does not show them."""
    err = assert_refused(
        run("init", RINHA_LEDGER=file, RINHA_REPLICA="s3://key:secret@bucket/folder"),
        "AWS_ACCESS_KEY_ID",
    )
    assert "secret@" not in err
    assert "key:" not in err


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_snapshot_and_check_work_under_load(stack: Stack, tmp_path: Path) -> None:
    """A snapshot taken during transactions passes every check."""
    client = stack.client()
    for number in range(20):
        client.transact(1, 1, "cd"[number % 2])
    copy = str(tmp_path / "copy.db")
    taking = rinha("snapshot", copy, RINHA_LEDGER=str(stack.file))
    checking = rinha("check", RINHA_LEDGER=str(stack.file))
    while taking.poll() is None or checking.poll() is None:
        assert client.transact(1, 1, "c").status == 200
    assert finish(taking)[0] == finish(checking)[0] == 0
    assert run("check", RINHA_LEDGER=copy)[0] == 0


def test_an_empty_file_is_no_ledger_to_look_into(file: str) -> None:
    """`check` refuses an empty file and leaves it empty."""
    Path(file).touch()
    assert_refused(run("check", RINHA_LEDGER=file))
    assert Path(file).read_bytes() == b""


def test_nobody_there_to_read_is_not_a_broken_ledger(file: str) -> None:
    """`check` exits with 2 and one line if its output cannot be written."""
    run("init", RINHA_LEDGER=file)
    script = f"RINHA_LEDGER={file} {sys.executable} -m rinha check >/dev/full"
    done = subprocess.run(script, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("command", [["check"], ["snapshot", "copy.db"], ["sql", "SELECT 1"]])
def test_looking_inside_needs_a_ledger(file: str, command: list[str]) -> None:
    """A path without a ledger is an error, and no ledger is made there."""
    code, out, err = run(*command, RINHA_LEDGER=file)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "no ledger" in err
    assert not Path(file).exists()


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"RINHA_SYNCHRONOUS": "OFF"}, "RINHA_SYNCHRONOUS"),
        ({"RINHA_LEDGER": "missing/rinha.db"}, "no directory"),
        ({"RINHA_LEDGER": "/dev/null"}, "not a regular file"),
        ({"RINHA_LEDGER": "{tmp}/other"}, "not a database"),
        ({"RINHA_LISTEN": "unix:missing/api.sock"}, "cannot listen"),
        ({"RINHA_LISTEN": "203.0.113.1:80"}, "cannot listen"),
        ({"RINHA_LISTEN": "unix:{tmp}/other"}, "cannot listen"),
        ({"RINHA_LISTEN": "unix:{tmp}/missing/api.sock", "RINHA_METRICS": "on"}, "api.counts"),
    ],
)
def test_serve_in_a_wrong_environment_ends_with_one_clear_line(
    file: str, tmp_path: Path, environment: dict[str, str], complaint: str
) -> None:
    """`serve` in a wrong environment exits with 2 and one JSON line, without a traceback."""
    (tmp_path / "other").write_text("other notes")
    settings = {name: text.format(tmp=tmp_path) for name, text in environment.items()}
    code, out, err = run("serve", **{"RINHA_LEDGER": file} | settings)
    assert (tmp_path / "other").read_text() == "other notes"
    assert (code, out) == (2, "")
    line = json.loads(err)
    assert (line["level"], line["event"]) == ("error", "refused to start")
    assert complaint in line["reason"]


@pytest.mark.parametrize(
    "watched", [{}, {"RINHA_METRICS": "on"}, {"RINHA_METRICS": "on", "RINHA_AUDIT_EVERY": "1s"}]
)
def test_serve_tells_of_start_and_stop_and_ends_in_time(
    file: str, tmp_path: Path, watched: dict[str, str]
) -> None:
    """SIGTERM ends an idle instance within 2 s, with exit code 0, and removes its socket."""
    address = tmp_path / "api.sock"
    process = rinha("serve", RINHA_LEDGER=file, RINHA_LISTEN=f"unix:{address}", **watched)
    wait_until(address.exists)
    time.sleep(0.2)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, _, err = finish(process)
    assert time.monotonic() - started < 2
    assert code == 0
    assert [json.loads(line)["event"] for line in err.splitlines()] == [
        "started",
        "stopping",
        "stopped",
    ]
    assert not address.exists()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("is_idle_open", [False, True])
def test_ctrl_c_ends_an_instance_as_sigterm_does(
    file: str, tmp_path: Path, times: int, is_idle_open: bool
) -> None:
    """Ctrl-C, also twice, ends an instance with exit code 0, even if a connection is idle."""
    address = tmp_path / "api.sock"
    process = rinha("serve", RINHA_LEDGER=file, RINHA_LISTEN=f"unix:{address}")
    wait_until(address.exists)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(address))
        client.sendall(b"GET /clientes/1/extrato HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        if not is_idle_open:
            client.close()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        code, _, err = finish(process)
    assert code == 0
    events = [json.loads(line)["event"] for line in err.splitlines()]
    ended = "stopped with connections open" if is_idle_open else "stopped"
    assert events == ["started", "stopping", ended]
    assert not address.exists()


def test_sigterm_in_the_middle_of_a_line_of_the_log_ends_an_instance(
    file: str, tmp_path: Path
) -> None:
    """SIGTERM during a blocked log write ends the instance, and no line is lost."""
    address = tmp_path / "api.sock"
    reading, writing = os.pipe()
    # The pipe has room only for the first bytes of a line.
    room = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b" " * (room - 20))
    settings = {"RINHA_LEDGER": file, "RINHA_LISTEN": f"unix:{address}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "rinha", "serve"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stderr=writing,
    )
    os.close(writing)
    wait_until(address.exists)
    time.sleep(0.2)
    process.terminate()
    time.sleep(0.2)
    with os.fdopen(reading) as log:
        events = [json.loads(line)["event"] for line in log]
    assert events == ["started", "stopping", "stopped"]
    assert process.wait(STOP_MAX_S) == 0
    assert not address.exists()


def test_a_socket_left_behind_is_replaced_and_a_living_one_is_not(
    file: str, tmp_path: Path
) -> None:
    """A socket left by kill -9 is replaced; the socket of a running instance is not."""
    address = tmp_path / "api.sock"
    settings = {"RINHA_LEDGER": file, "RINHA_LISTEN": f"unix:{address}"}
    first = rinha("serve", **settings)
    wait_until(address.exists)
    code, _, err = run("serve", **settings)
    assert code == 2
    assert "another instance" in json.loads(err)["reason"]
    first.kill()
    first.communicate()
    assert address.exists()
    second = rinha("serve", **settings)
    assert second.stderr is not None
    assert json.loads(second.stderr.readline())["event"] == "started"
    second.terminate()
    assert finish(second)[0] == 0


def test_a_name_that_sqlite_cannot_take_is_refused(file: str, tmp_path: Path) -> None:
    """A snapshot's name in another encoding than UTF-8 is refused in one line."""
    run("init", RINHA_LEDGER=file)
    code, _, err = run("snapshot", f"{tmp_path}/\udcff.db", RINHA_LEDGER=file)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "UTF-8" in err
