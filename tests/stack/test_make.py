"""The stack as `make up` runs it in its own checkout: restarts, instances, clear refusals."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import paths
from tests.help.checkout import Checkout, processes_in
from tests.help.commands import wait_until
from tests.help.constant_rate import CONNECTIONS
from tests.help.ports import free_port
from tests.help.running import ANSWER_MAX_S, Client
from tests.help.transaction_load import TransactionLoad


def test_up_again_and_down_keep_the_balances(checkout: Checkout) -> None:
    """`up` prints address and example, a second `up` does nothing, `down` keeps the ledger."""
    code, text = checkout.stack("up")
    assert code == 0, text
    assert f"http://localhost:{checkout.port}" in text
    assert "curl" in text
    assert Client(checkout.port).transact(1, 7, "d").json["saldo"] == -7
    pids = checkout.instances()
    assert len(pids) == 2
    assert checkout.stack("up") == (0, f"rinha is up already: http://localhost:{checkout.port}\n")
    assert pids == checkout.instances()
    assert "every promise holds" in checkout.stack("check")[1]
    assert checkout.stack("down")[0] == 0
    assert checkout.stack("down")[1] == "rinha is not up\n"
    assert checkout.stack("status")[0] == 3
    assert not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids.values())
    assert checkout.stack("up", INSTANCES="4")[0] == 0
    assert len(checkout.instances()) == 4
    assert Client(checkout.port).extrato(1)["saldo"]["total"] == -7
    assert checkout.stack("reset")[0] == 0
    assert Client(checkout.port).extrato(1)["saldo"]["total"] == 0


def test_dotenv_is_read_and_the_environment_wins(checkout: Checkout) -> None:
    """The settings of .env hold for every command, unless the environment says otherwise."""
    (checkout.folder / ".env").write_text(
        "# mine\nexport INSTANCES='3'\nRINHA_RESET=off # for now\n"
    )
    assert checkout.stack("up")[0] == 0
    assert len(checkout.instances()) == 3
    code, text = checkout.stack("reset")
    assert (code, "RINHA_RESET" in text) == (2, True)
    checkout.stack("down")
    code, text = checkout.stack("up", INSTANCES="1")
    assert (code, "nginx, 1 instance, ledger" in text) == (0, True)
    assert len(checkout.instances()) == 1


def test_what_is_wrong_is_said_in_one_line(checkout: Checkout) -> None:
    """A port in use, a bad setting or a stack that is not up gives one line and no traceback."""
    with socket.create_server(("", checkout.port)):
        code, text = checkout.stack("up")
        assert (code, text.count("\n")) == (2, 1)
        assert f"port {checkout.port} is in use" in text
    for environment in ({"INSTANCES": "0"}, {"RINHA_SYNCHRONOUS": "no"}):
        code, text = checkout.stack("up", **environment)
        assert (code, text.count("\n")) == (2, 1)
        assert next(iter(environment)) in text
    assert checkout.stack("reset") == (2, "rinha: nothing runs: `make up` first\n")
    assert checkout.stack("logs")[0] == 2
    code, text = checkout.stack("up", PATH="/nowhere")
    assert (code, text.count("\n")) == (2, 1)


def test_a_stack_that_cannot_start_says_why(checkout: Checkout) -> None:
    """A ledger that cannot be opened gives one line at once, and no process is left."""
    (checkout.folder / "var").mkdir()
    (checkout.folder / "var" / "rinha.db").write_text("not a database, but notes")
    code, text = checkout.stack("up")
    assert (code, text.count("\n")) == (2, 1)
    assert "not a database" in text
    assert checkout.stack("status")[0] == 3


def test_a_stack_without_its_supervisor_can_be_taken_down_and_up(checkout: Checkout) -> None:
    """Without its supervisor the stack goes on serving, and `down` and `up` still work."""
    for command in ("down", "up"):
        assert checkout.stack("up")[0] == 0
        os.kill(int((checkout.folder / "var" / "runsvdir.pid").read_text()), signal.SIGKILL)
        assert Client(checkout.port)("GET", "/health").status == 200
        assert checkout.stack(command)[0] == 0
        assert checkout.stack("status")[0] == (3 if command == "down" else 0)


@pytest.mark.parametrize("victim", ["nginx: master", "nginx: worker", "runsv nginx", "runsv api01"])
def test_what_a_kill_leaves_is_taken_over_and_ended(checkout: Checkout, victim: str) -> None:
    """A worker without its master or an instance without its supervisor is replaced.

    `down` ends all processes. No connection is refused, even if nginx starts slowly.
    """

    def found() -> dict[int, str]:
        return {pid: words for pid, words in processes_in(checkout.folder).items() if words}

    slow = checkout.folder / "slow" / "nginx"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 0.5\nexec {paths.NGINX} "$@"\n')
    slow.chmod(0o755)
    checkout.stack("up", PATH=f"{slow.parent}:{os.environ['PATH']}")
    whole = sorted(found().values())
    with TransactionLoad(checkout.port, 340, seed=3) as load:
        (pid,) = [pid for pid, words in found().items() if words.startswith(victim)]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: pid not in found() and sorted(found().values()) == whole, found)
        time.sleep(0.5)
    assert len(load.failed) <= CONNECTIONS, "at most what was in flight"
    load.assert_explains_every_balance()
    master = int((checkout.folder / "var" / "nginx.pid").read_text())
    assert found()[master].startswith("nginx: master")
    checkout.stack("down")
    assert found() == {}
    with socket.create_server(("", checkout.port)):
        pass


def test_two_who_start_at_once_start_one_stack(checkout: Checkout) -> None:
    """Two concurrent `make up` start one stack; the second one finds it up."""
    words = [sys.executable, "-m", "stack", "up"]
    ports = {"PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}
    environment = {**os.environ, **ports}
    hands = [
        subprocess.Popen(
            words, cwd=checkout.folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = sorted(hand.communicate(timeout=ANSWER_MAX_S)[0].split(":")[0] for hand in hands)
    assert said == ["rinha is up", "rinha is up already"]
    assert checkout.stack("down")[0] == 0
    assert checkout.stack("status")[0] == 3


def test_a_stack_whose_start_nobody_reads_stays_up(checkout: Checkout) -> None:
    """A reader that has gone before `make up` prints the address does not end the stack."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}
    words = [sys.executable, "-m", "stack", "up"]
    with os.fdopen(writer, "wb") as unread:
        subprocess.run(words, cwd=checkout.folder, env=environment, stdout=unread, check=False)
    assert checkout.stack("status")[0] == 0


def test_the_stack_that_runs_is_asked_where_it_listens(checkout: Checkout) -> None:
    """A running stack is found with settings other than those that it was started with."""
    assert checkout.stack("up")[0] == 0
    other = str(free_port())
    refused = checkout.stack("up", PORT=other, RINHA_LEDGER="var/other.db")
    assert f"http://localhost:{checkout.port} runs with other settings" in refused[1]
    assert checkout.stack("status", PORT=other)[0] == 0
    assert checkout.stack("reset", PORT=other)[0] == 0


def end_each_twice(checkout: Checkout, how: signal.Signals, pause_s: float) -> None:
    """Ends each instance twice, and waits each time until it is back."""
    for name in ("api01", "api02") * 2:
        time.sleep(pause_s)
        pid = checkout.instances()[name]
        os.kill(pid, how)
        checkout.wait_for_another(name, pid)
    time.sleep(0.5)


def test_instances_restarted_one_by_one_lose_no_request(checkout: Checkout) -> None:
    """SIGTERM to each instance, twice, under 340 requests/s: every request is answered."""
    checkout.stack("up")
    with TransactionLoad(checkout.port, 340, seed=1) as load:
        end_each_twice(checkout, signal.SIGTERM, pause_s=0.5)
    assert load.failed == []
    assert len(load.outcomes) > 340 * 3
    load.assert_explains_every_balance()
    assert "every promise holds" in checkout.stack("check")[1]


def test_restart_replaces_every_instance_and_no_request_fails(checkout: Checkout) -> None:
    """`restart` replaces the instances one after the other; under 340 requests/s none fails."""
    assert checkout.stack("restart") == (2, "rinha: nothing runs: `make up` first\n")
    checkout.stack("up")
    before = checkout.instances()
    with TransactionLoad(checkout.port, 340, seed=4) as load:
        code, text = checkout.stack("restart")
        assert (code, "instances replaced: 2" in text) == (0, True), text
    assert load.failed == []
    assert len(load.outcomes) > 340
    after = checkout.instances()
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    load.assert_explains_every_balance()


def test_a_killed_instance_loses_what_was_in_flight_at_most(checkout: Checkout) -> None:
    """`kill -9` under load loses at most the requests in flight; acknowledged ones exist once."""
    checkout.stack("up")
    with TransactionLoad(checkout.port, 340, seed=2) as load:
        end_each_twice(checkout, signal.SIGKILL, pause_s=1.2)
    assert len(load.failed) <= 4 * 16, "at most what was in flight at each of four kills"
    load.assert_explains_every_balance()
    assert "every promise holds" in checkout.stack("check")[1]
