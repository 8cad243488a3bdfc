"""A disk that fills up under the service, and is freed again."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.effort import effort
from tests.help.running import Answer, Stack

SIZE_BYTES = 3_000_000
BALLAST_SHARE = 0.6
BACK_MAX_S = 1.0
ROUNDS = effort(1, 3, 3)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, nearly full."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
            pytest.skip("a small file system can be mounted by root only")
        yield Path(folder)
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_gives_no_false_success_and_heals_by_itself(small_disk: Path) -> None:
    """503 for what cannot be written, statements go on, one traceback, and no restart is needed."""
    stack = Stack(small_disk)
    taken = 0
    for _ in range(ROUNDS):
        taken = fill_and_free(stack, small_disk / "ballast", taken)
    stack.stop()
    troubles = [line for line in stack.logs() if line["level"] == "error"]
    assert 1 <= len(troubles) <= len(stack.instances) * 2


def fill_and_free(stack: Stack, ballast: Path, taken: int) -> int:
    """How many credits of 1 were taken by the end, of those before and after the disk was full."""
    free = os.statvfs(ballast.parent)
    ballast.write_bytes(b"x" * int(free.f_bavail * free.f_bsize * BALLAST_SHARE))
    client = stack.client()
    refused: list[Answer] = []
    while len(refused) < 100:
        answer = client.transact(3, 1, "c", "x" * 10)
        assert answer.status in (200, 503)
        taken += answer.status == 200
        refused += [answer] if answer.status == 503 else []
        assert taken < 60_000, "the disk never became full"
    assert "full" in refused[0].json["error"]
    assert client.extrato(3)["saldo"]["total"] == taken
    assert client("GET", "/health").status == 200
    ballast.unlink()
    freed_at = time.monotonic()
    assert client.transact(3, 1, "c").json["saldo"] == taken + 1
    assert time.monotonic() - freed_at < BACK_MAX_S
    client.close()
    return taken + 1
