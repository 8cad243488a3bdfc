"""A disk that fills up under the service, and is freed again. Imports running."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Answer, Stack

SIZE_BYTES = 3_000_000


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
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (SIZE_BYTES * 6 // 10))
    client = stack.client()
    taken = 0
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
    assert client.transact(3, 1, "c").json["saldo"] == taken + 1
    stack.stop()
    troubles = [line for line in stack.logs() if line["level"] == "error"]
    assert 1 <= len(troubles) <= len(stack.instances) * 2
    client.close()
