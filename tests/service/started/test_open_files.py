"""An instance that is started with a shell's limit of open files."""

import shlex
import sys
from pathlib import Path

from tests.help.instance_sockets import answer, connected, transaction
from tests.help.running import finish, started


def test_connections_may_exceed_a_shells_limit_of_files(tmp_path: Path) -> None:
    """More connections than the soft limit are answered: an instance raises it. Without a
    descriptor it cannot open the WAL either, and answers 503."""
    socket = tmp_path / "a.sock"
    serve = f"ulimit -Sn 100 && exec {shlex.quote(sys.executable)} -m rinha serve"
    instance = started(
        ["sh", "-c", serve], RINHA_LEDGER=str(tmp_path / "r.db"), RINHA_LISTEN=f"unix:{socket}"
    )
    try:
        assert instance.stderr
        assert "started" in instance.stderr.readline()
        connections = [connected(socket) for _ in range(200)]
        connections[-1].sendall(transaction(1, 1, "c", "abc"))
        assert answer(connections[-1]).startswith(b"HTTP/1.1 200")
        for connection in connections:
            connection.close()
    finally:
        instance.terminate()
        finish(instance)
