"""The replica as `make up` runs it, and no part of it without RINHA_REPLICA."""

import shutil
import time
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.following import lose
from tests.help.running import Client
from tests.help.transaction_load import TransactionLoad

REPLICATED_MAX_S = 30.0
# Covers a read of the WAL each second, the upload, and a machine that others use too.
SENT_AFTER_S = 5.0


@pytest.fixture
def replica(tmp_path: Path) -> str:
    return f"file://{tmp_path}/copy"


def wait_until_replicated(checkout: Checkout) -> None:
    deadline = time.monotonic() + REPLICATED_MAX_S
    while " is up to date, " not in checkout.stack("status")[1]:
        assert time.monotonic() < deadline, checkout.stack("status")
        time.sleep(0.2)


def balances(checkout: Checkout) -> list[int]:
    client = Client(checkout.port)
    found = [client.extrato(cliente)["saldo"]["total"] for cliente in range(1, 6)]
    client.close()
    return found


def test_a_removed_ledger_is_restored(checkout: Checkout, replica: str) -> None:
    """A removed ledger is restored from the replica, which then goes on; all of this twice.

    A restore under a stack that still runs stops that stack first.
    """
    for number in (1, 2):
        code, said = checkout.stack("up", RINHA_REPLICA=replica)
        assert code == 0, said
        assert f"replica {replica}" in said
        wait_until_replicated(checkout)
        with TransactionLoad(checkout.port, 340, seed=number) as load:
            time.sleep(2)
        assert load.failed == []
        time.sleep(SENT_AFTER_S)
        were, pids = balances(checkout), checkout.instances()
        lose(checkout.folder / "var")
        if number == 2:
            code, said = checkout.stack("up", RINHA_REPLICA=replica)
            assert code == 2
            assert "restore it with `make restore FROM=replica`" in said
        code, said = checkout.stack("restore", RINHA_REPLICA=replica)
        assert code == 0, said
        assert "every promise holds" in said
        assert not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids.values())
        assert checkout.stack("up", RINHA_REPLICA=replica)[0] == 0
        assert balances(checkout) == were
        assert "every promise holds" in checkout.stack("check")[1]
        code, said = checkout.stack("restore", RINHA_REPLICA=replica)
        assert (code, said.count("\n")) == (2, 1)
        assert "in use" in said
        checkout.stack("down")


def test_a_stop_sends_the_last_transactions(checkout: Checkout, replica: str) -> None:
    """The replica stops after the instances and sends their last transactions.

    After a stop it leaves no state.
    """
    checkout.stack("up", RINHA_REPLICA=replica)
    wait_until_replicated(checkout)
    assert Client(checkout.port).transact(1, 7, "d").status == 200
    assert checkout.stack("down")[0] == 0
    assert not list((checkout.folder / "var").glob("*.replica.state"))
    shutil.rmtree(checkout.folder / "var")
    assert checkout.stack("restore", RINHA_REPLICA=replica)[0] == 0
    checkout.stack("up")
    assert Client(checkout.port).extrato(1)["saldo"]["total"] == -7


def test_no_replica_without_its_setting(checkout: Checkout) -> None:
    """Without RINHA_REPLICA there is no service, no file and no message of a replica."""
    code, said = checkout.stack("up")
    assert (code, "replica" in said) == (0, False)
    assert "replica" not in checkout.stack("status")[1]
    services = {path.name for path in (checkout.folder / "var" / "service").glob("[!.]*")}
    assert services == {"api01", "api02", "nginx"}
    assert not list((checkout.folder / "var").glob("*replica*"))
    assert not list((checkout.folder / "var").glob(".*"))


def test_an_unwritable_replica_is_a_warning(checkout: Checkout) -> None:
    """A replica that cannot be written is a warning, and the ledger still serves."""
    assert checkout.stack("up")[0] == 0
    assert checkout.stack("down")[0] == 0
    place = "file:///proc/rinha/copy"
    code, text = checkout.stack("up", RINHA_REPLICA=place)
    assert (code, "replica file:" in text) == (0, False)
    assert f"rinha: warning: no replica can be written to {place}: No such file" in text
