"""A replica in S3: a local server that asks for keys, which nobody else can see."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from stack.drill import rows
from stack.part import Part, listens
from stack.run.processes import Processes
from tests.help.effort import drawn_seed
from tests.help.following import Following, replicated, restore
from tests.help.ports import free_port
from tests.help.running import Stack
from tests.help.transaction_load import TransactionLoad

RATE = 340
WHEN_COLUMN = 5
KEY, SECRET = "AKIARINHA", "a-secret-that-nobody-sees"
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
RCLONE = Path(sys.executable).with_name("rclone")


@pytest.fixture
def bucket(folder: Path) -> Iterator[str]:
    """Address of a replica in a bucket of a local S3 server, which asks for keys."""
    port = free_port()
    (folder / "s3" / "ledgers").mkdir(parents=True)
    server = Part(
        "rclone",
        [RCLONE, "serve", "s3", "--addr", f"127.0.0.1:{port}", folder / "s3"],
        environment={"RCLONE_AUTH_KEY": f'"{KEY},{SECRET}"'},
        is_ready=partial(listens, ("127.0.0.1", port)),
    )
    with Processes([server], folder):
        yield f"s3://ledgers/rinha?endpoint=http://127.0.0.1:{port}&region=us-east-1"


def seen_by_others(following: Following) -> str:
    """Returns all that others could read: command lines, files beside the ledger, log, state."""
    pids = [following.pid, following.watcher]
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]
    files = [path for path in following.folder.rglob("*") if path.is_file()]
    texts = [path.read_bytes().decode(errors="replace") for path in files]
    return "\n".join([*lines, *texts, following.state()[1]])


def test_a_replica_in_s3_is_restored(folder: Path, bucket: str) -> None:
    """A restore from S3 has every row of a load, and the keys are only in the environment."""
    with replicated(folder, bucket, **KEYS) as (stack, following):
        with TransactionLoad(stack.port, RATE, drawn_seed()) as load:
            time.sleep(3)
        time.sleep(2.5)
        following.wait_until_follows()
        assert SECRET not in seen_by_others(following)
        assert load.failed == []
        history = rows(folder / "ledger" / "rinha.db")
    code, said = restore(folder / "back.db", bucket, **KEYS)
    assert code == 0, said
    assert rows(folder / "back.db") == history
    at_us = sorted(row[WHEN_COLUMN] for row in history)[len(history) // 2]
    at = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)).isoformat()
    code, said = restore(folder / "then.db", bucket, "--at", at, **KEYS)
    assert code == 0, said
    assert rows(folder / "then.db") == [row for row in history if row[WHEN_COLUMN] <= at_us]


def test_wrong_keys_are_told_and_not_shown(folder: Path, bucket: str) -> None:
    """Wrong keys are reported in the log, the state and the error of a restore, and never shown.
    The service goes on."""
    wrong = {**KEYS, "AWS_SECRET_ACCESS_KEY": f"not-{SECRET}"}
    with (
        Stack(folder / "ledger") as stack,
        Following(folder / "ledger", bucket, **wrong) as following,
    ):
        following.wait_for("replica is behind")
        assert stack.client().transact(1, 7, "c").status == 200
        assert "behind" in following.wait_until_behind()
        assert "SignatureDoesNotMatch" in following.log_text()
        assert SECRET not in seen_by_others(following)
    code, said = restore(folder / "back.db", bucket, **wrong)
    assert code == 2
    assert said.count("\n") == 1
    assert "SignatureDoesNotMatch" in said
    assert SECRET not in said
    assert not (folder / "back.db").exists()
