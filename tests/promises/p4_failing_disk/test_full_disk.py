"""A disk that fills up under the service, and is freed again."""

import http.client
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.help.effort import effort
from tests.help.running import Answer, Client, Stack
from tests.help.small_disk import small_disk

SIZE_BYTES = 3_000_000
BALLAST_SHARE = 0.6
BACK_MAX_S = 1.0
ROUNDS = effort(1, 3, 3)
INSTANCES = 2


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system of its own."""
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder), SIZE_BYTES) as disk:
        yield disk


def place_of(line: dict[str, Any]) -> tuple[int, str, str]:
    """Returns the process, the event, and the kind of the error with the line that raised it, or
    the number of its repetitions."""
    if "traceback" not in line:
        return line["pid"], line["event"], f"repeated {line['repeated']}"
    raised = re.findall(r'File "(.*)", line (\d+)', line["traceback"])[-1]
    kind = line["traceback"].strip().splitlines()[-1].split(":")[0]
    return line["pid"], line["event"], f"{kind} {raised}"


class Ledger:
    """Writes credits of 1; the balance is the number of those that were accepted."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, number: int) -> Answer:
        return self._client.transact(3, 1, "c", f"{number:010}"[:10])

    def taken(self) -> int:
        saldo: int = self._client.extrato(3)["saldo"]["total"]
        return saldo


class Registry:
    """Adds people with long words; the count is checked by a search for the newest."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, number: int) -> Answer:
        return self._client.add(f"quem {number}", nome="n" * 100, stack=["s" * 32] * 5)

    def taken(self) -> int:
        count = self._client.count()
        assert self._client.search(f"QUEM {count - 1}")[:1] == [f"quem {count - 1}"]
        return count


@pytest.mark.parametrize(
    ("edition", "done", "of"), [("crebitos", 200, Ledger), ("pessoas", 201, Registry)]
)
def test_a_full_disk_gives_no_false_success_and_heals_by_itself(
    disk: Path, edition: str, done: int, of: type[Ledger] | type[Registry]
) -> None:
    """A full disk refuses writes with 503, allows reads, logs each error once and needs no
    restart."""
    stack = Stack(disk, RINHA_EDITION=edition)
    client, taken = stack.client(), 0
    for _ in range(ROUNDS):
        taken = fill_and_free(client, of(client), done, disk / "ballast", taken)
    stack.stop()
    errors = [line for line in stack.logs() if line["level"] == "error"]
    assert errors
    # After a minute an error is logged again, with the number of repetitions in place of its place.
    assert len({place_of(line) for line in errors}) == len(errors)
    assert len(stack.instances) == INSTANCES


def fill_and_free(
    client: Client, store: Ledger | Registry, done: int, ballast: Path, taken: int
) -> int:
    """Fills the disk and frees it; returns the number of accepted writes so far.

    Each instance may break one answer off, whose commit failed after its first half was sent."""
    free = os.statvfs(ballast.parent)
    ballast.write_bytes(b"x" * int(free.f_bavail * free.f_bsize * BALLAST_SHARE))
    refused: list[Answer] = []
    broken = 0
    while len(refused) < 100:
        try:
            answer = store.write(taken)
        except http.client.IncompleteRead:
            broken += 1
            assert store.taken() == taken
            continue
        assert answer.status in (done, 503)
        taken += answer.status == done
        refused += [answer] if answer.status == 503 else []
        assert taken < 60_000, "the disk never became full"
    assert broken <= INSTANCES
    assert "full" in refused[0].json["error"]
    assert store.taken() == taken
    assert client("GET", "/health").status == 200
    ballast.unlink()
    freed_at = time.monotonic()
    assert store.write(taken).status == done
    assert time.monotonic() - freed_at < BACK_MAX_S
    assert store.taken() == taken + 1
    return taken + 1
