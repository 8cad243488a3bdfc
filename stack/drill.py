"""A recovery drill: loses a ledger under load, and restores it from its replica.

The drill makes a ledger of its own, and touches no stack that runs. It keeps the lost ledger only
to compare it with the restored one. The replica is in a temporary folder, or in a new folder under
RINHA_REPLICA.
"""

import argparse
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from rinha import settings
from rinha.errors import RinhaError
from rinha.terminal import INTERRUPTED
from stack import dotenv
from stack.parts import Layout, parts_of
from stack.paths import RINHA, ROOT
from stack.run.processes import Processes, StackFailedError

RATE = 340
# Litestream reads the WAL once a second, and then has to upload what it read.
LOST_MAX_S = 2.0
EXIT_BAD, EXIT_BROKEN = 1, 2
Row = tuple[Any, ...]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make drill", usage="make drill DRILL=SECONDS", description=__doc__
    )
    parser.add_argument("seconds", type=float, help="how long the load lasts, above 0")
    seconds = parser.parse_args().seconds
    if not 0 < seconds < math.inf:
        parser.error("SECONDS must be above 0")
    with tempfile.TemporaryDirectory(prefix="rinha-drill-") as name:
        # A program that is killed leaves its temporary files.
        os.environ["TMPDIR"] = name
        try:
            read_dotenv(ROOT / ".env")
            return drill(Path(name), seconds)
        except (StackFailedError, RinhaError, OSError) as error:
            print(f"rinha: the drill failed: {error}", file=sys.stderr)
            return EXIT_BROKEN
        except KeyboardInterrupt:
            return INTERRUPTED


def drill(top: Path, seconds: float) -> int:
    disk, lost, restored = (top / name for name in ("disk", "lost", "restored"))
    disk.mkdir()
    replica = place_of(top)
    port, environment = free_port(), settings_of(Path("rinha.db"), replica)
    parts = parts_of(Layout(settings.load({**environment, "PORT": str(port)}), disk))
    with Processes(parts, disk, environment) as running:
        running.wait(lambda: rinha(["replicate", "state"], disk, replica).returncode == 0)
        print(f"1. {RATE} requests/s for {seconds:g} s, replicated to {replica}", flush=True)
        load(port, seconds)
        # SIGKILL ends all parts, so Litestream cannot upload its last changes.
        running.kill()
    disk.rename(lost)
    lost_at = time.time()
    print("2. every process was killed, and the disk is gone")
    restored.mkdir()
    started_at = time.monotonic()
    done = rinha(["restore"], restored, replica)
    if done.returncode:
        raise StackFailedError(done.stderr.strip())
    print(f"3. restored and audited in {time.monotonic() - started_at:.1f} s:")
    print(f"   {done.stdout.strip().splitlines()[-1].rpartition(': ')[2]}")
    return compare(rows(lost / "rinha.db"), rows(restored / "rinha.db"), lost_at)


def compare(was: list[Row], came: list[Row], lost_at: float) -> int:
    """Checks that a gapless beginning of each client's history came back; prints the time lost."""
    kept = set(came)
    gone = [row for row in was if row not in kept]
    first_gone = {cliente: sequencia for cliente, sequencia, *_ in reversed(gone)}
    is_beginning = kept <= set(was) and all(
        sequencia < first_gone.get(cliente, sequencia + 1) for cliente, sequencia, *_ in came
    )
    oldest_s = lost_at - min((row[5] / 1e6 for row in gone), default=lost_at)
    print(
        f"4. {len(came)} of {len(was)} transactions came back: the last {oldest_s:.2f} s are gone"
    )
    if not is_beginning:
        print("   NOT how each client's history began: this must never be")
    elif oldest_s > LOST_MAX_S:
        print(f"   more than the {LOST_MAX_S:g} s that it may be")
    return 0 if is_beginning and oldest_s <= LOST_MAX_S else EXIT_BAD


def read_dotenv(path: Path) -> None:
    """Takes the replica's place and its credentials from the file, unless the environment has
    them."""
    for name, value in dotenv.read(path).items():
        if name == "RINHA_REPLICA" or name.startswith("AWS_"):
            os.environ.setdefault(name, value)


def place_of(top: Path) -> str:
    asked = os.environ.get("RINHA_REPLICA") or f"file://{top}/copy"
    place, mark, query = asked.partition("?")
    name = time.strftime("drill-%Y%m%dT%H%M%SZ", time.gmtime())
    return f"{place.rstrip('/')}/{name}{mark}{query}"


def settings_of(ledger: Path, replica: str) -> dict[str, str]:
    return {
        "RINHA_EDITION": "crebitos",
        "RINHA_LEDGER": str(ledger),
        "RINHA_REPLICA": replica,
        "OPS_PORT": "off",
    }


def load(port: int, seconds: float) -> None:
    target = [f"http://127.0.0.1:{port}", "--plain", "--no-checks"]
    args = ["run", *target, "-r", str(RATE), "-d", f"{seconds:g}"]
    done = _run([sys.executable, "-m", "loadtest", *args], {})
    # 4: the generator got too little CPU to keep its rate, which is no failure of the drill.
    if done.returncode not in (0, 4):
        raise StackFailedError(f"the load: {(done.stderr or done.stdout).strip()[-500:]}")


def rinha(command: Sequence[str], folder: Path, replica: str) -> "subprocess.CompletedProcess[str]":
    return _run([*RINHA, *command], settings_of(folder / "rinha.db", replica))


def _run(
    command: Sequence[str], variables: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, **variables}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def rows(file: Path) -> list[Row]:
    """Returns all transactions, by client and sequence."""
    with closing(apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        return connection.execute("SELECT * FROM transacoes ORDER BY cliente, sequencia").fetchall()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
