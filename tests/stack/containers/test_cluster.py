"""`make cluster` with containers: one container for each node."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.help import commands
from tests.help.checkout import Checkout
from tests.help.effort import drawn_seed
from tests.help.running import Client
from tests.help.transaction_load import TransactionLoad

PROJECT = "rinha-tests-cluster"
WALK_MAX_S = 150.0
RATE = 100


def run(checkout: Checkout, *words: str) -> tuple[int, str]:
    environment = {"MODE": "docker", "COMPOSE_PROJECT_NAME": PROJECT}
    done = commands.run(sys.executable, "-m", *words, cwd=checkout.folder, env=environment)
    return done.code, done.text


def primary(checkout: Checkout) -> str:
    """Waits until the cluster is healthy, and returns the name of its primary."""
    deadline = time.monotonic() + WALK_MAX_S
    while (said := run(checkout, "stack.cluster", "status"))[0]:
        assert time.monotonic() < deadline, said[1]
        time.sleep(0.5)
    (name,) = re.findall(r"^(\w+) +leader", said[1], re.MULTILINE)
    return str(name)


@pytest.fixture
def address(checkout: Checkout) -> Iterator[str]:
    """Starts a cluster and yields its address; removes it with its volumes."""
    code, text = run(checkout, "stack.cluster", "up")
    try:
        assert code == 0, text
        (found,) = re.findall("^RINHA_LEDGER=(.*)$", text, re.MULTILINE)
        yield str(found)
    finally:
        checkout.stack("down")
        run(checkout, "stack.cluster", "down")
        volumes = [f"{PROJECT}_node{number}" for number in (1, 2, 3)]
        subprocess.run(["docker", "volume", "rm", "--force", *volumes], check=False)


def assert_secrets_are_hidden(checkout: Checkout) -> None:
    """Asserts that `docker inspect` shows no password and no key."""
    names = [f"{PROJECT}-node{number}-1" for number in (1, 2, 3)]
    shown = commands.run("docker", "inspect", *names).out
    passwords = json.loads((checkout.folder / "var" / "cluster" / "passwords.json").read_text())
    assert [name for name, password in passwords.items() if password in shown] == []
    assert "PRIVATE KEY" not in shown


def test_a_node_in_a_container_is_lost_and_comes_back(checkout: Checkout, address: str) -> None:
    """Neither a killed node nor a stop of the whole cluster loses an acknowledged write."""
    (checkout.folder / ".env").write_text(f"RINHA_LEDGER={address}\n")
    code, text = checkout.stack("up")
    assert code == 0, text
    assert_secrets_are_hidden(checkout)
    lost = primary(checkout)
    with TransactionLoad(checkout.port, RATE, drawn_seed()) as load:
        time.sleep(1)
        subprocess.run(["docker", "kill", f"{PROJECT}-{lost}-1"], check=True)
        # Requests sent before the kill are among the next RATE ones.
        asked = len(load.outcomes) + RATE
        commands.wait_until(
            lambda: any(outcome.status == 200 for outcome in load.outcomes[asked:]),
            lambda: "nobody took over",
            WALK_MAX_S,
        )
    load.assert_explains_every_row(address)
    code, text = run(checkout, "stack.cluster", "up")
    assert code == 0, text
    assert primary(checkout) != lost
    assert "every promise holds" in checkout.stack("check")[1]
    client = Client(checkout.port)
    before = [client.extrato(cliente) for cliente in (1, 2, 3, 4, 5)]
    assert checkout.stack("down")[0] == 0

    assert run(checkout, "stack.cluster", "down")[0] == 0
    assert run(checkout, "stack.cluster", "status") == (3, "the cluster is not up\n")
    code, text = run(checkout, "stack.cluster", "up")
    assert code == 0, text
    code, text = checkout.stack("up")
    assert code == 0, text
    client = Client(checkout.port)
    after = [client.extrato(cliente) for cliente in (1, 2, 3, 4, 5)]
    assert [each["ultimas_transacoes"] for each in after] == [
        each["ultimas_transacoes"] for each in before
    ]
