"""A recovery drill: loses a ledger under load, and restores it from its replica: drill.py SECONDS.

The drill makes a ledger of its own, and touches no stack that runs. It keeps the lost ledger only
to compare it with the restored one. The replica is in a temporary folder, or in a new folder under
RINHA_REPLICA.
"""

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from rinha.errors import RinhaError
from stack import launch
from stack.interrupts import INTERRUPTED, delayed
from stack.launch import ROOT

RATE = 340
START_MAX_S = 20.0
LOOK_AGAIN_S = 0.1
# Litestream reads the WAL once a second, and then has to upload what it read.
LOST_MAX_S = 2.0
EXIT_BAD, EXIT_BROKEN = 1, 2
READ_ROWS = "SELECT * FROM transacoes ORDER BY cliente, sequencia"


class DrillFailedError(Exception):
    """The drill could not be completed; the text says why."""


def main() -> int:
    seconds = seconds_of(sys.argv[1:])
    if seconds is None:
        print("usage: make drill DRILL=SECONDS, of load: a number above 0", file=sys.stderr)
        return EXIT_BROKEN
    with tempfile.TemporaryDirectory(prefix="rinha-drill-") as name:
        try:
            return drill(Path(name), seconds)
        except (DrillFailedError, RinhaError, OSError) as error:
            print(f"rinha: the drill failed: {error}", file=sys.stderr)
            return EXIT_BROKEN
        except KeyboardInterrupt:
            return INTERRUPTED


def seconds_of(words: Sequence[str]) -> float | None:
    try:
        (seconds,) = map(float, words)
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None


def drill(top: Path, seconds: float) -> int:
    disk, lost, back = (top / name for name in ("disk", "lost", "back"))
    disk.mkdir()
    replica = place_of(top)
    with running(disk, replica) as port:
        print(f"1. {RATE} requests/s for {seconds:g} s, a copy follows at {replica}")
        load(port, seconds)
    # SIGKILL has ended all processes, so Litestream could not upload its last changes.
    disk.rename(lost)
    lost_at = time.time()
    print("2. everything was killed, and the disk is gone")
    back.mkdir()
    started_at = time.monotonic()
    restored = rinha(["restore"], back, replica)
    if restored.returncode:
        raise DrillFailedError(restored.stderr.strip())
    print(f"3. restored and audited in {time.monotonic() - started_at:.1f} s:")
    print(f"   {restored.stdout.strip().splitlines()[-1].rpartition(': ')[2]}")
    return compare(rows(lost), rows(back), lost_at)


def compare(was: list[tuple[int, ...]], came: list[tuple[int, ...]], lost_at: float) -> int:
    """Checks that a gapless beginning of each client's history came back; prints the time lost."""
    kept = set(came)
    gone = [row for row in was if row not in kept]
    first_gone: dict[int, int] = {}
    for cliente, sequencia, *_ in gone:
        first_gone.setdefault(cliente, sequencia)
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


def place_of(top: Path) -> str:
    asked = os.environ.get("RINHA_REPLICA") or f"file://{top}/copy"
    place, mark, query = asked.partition("?")
    return (
        f"{place.rstrip('/')}/drill-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}{mark}{query}"
    )


@contextlib.contextmanager
def running(disk: Path, replica: str) -> Iterator[int]:
    """Runs nginx, two instances and Litestream, and kills them at the end of the block."""
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RINHA_EDITION": "crebitos",
        "RINHA_LEDGER": "rinha.db",
        "RINHA_REPLICA": replica,
    }
    commands = [([*launch.FOLLOW], environment)]
    commands += [
        ([*launch.INSTANCE], {**environment, "RINHA_LISTEN": f"unix:{name}.sock"})
        for name in launch.instance_names(2)
    ]
    commands.append((launch.nginx(disk, port=port, instances=2), environment))
    started: list[subprocess.Popen[bytes]] = []
    try:
        with delayed(), (disk / "log").open("wb") as log:
            for words, settings in commands:
                process = subprocess.Popen(
                    words, cwd=disk, env=settings, stdout=log, stderr=log, start_new_session=True
                )
                started.append(process)
        wait_until_all_is_well(disk, port, replica)
        yield port
    finally:
        with delayed():
            for process in started:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_until_all_is_well(disk: Path, port: int, replica: str) -> None:
    deadline = time.monotonic() + START_MAX_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=START_MAX_S)
            if rinha(["follow", "state"], disk, replica).returncode == 0:
                return
        time.sleep(LOOK_AGAIN_S)
    words = (disk / "log").read_text(errors="replace").strip().splitlines() or ["no word"]
    raise DrillFailedError(f"it did not start: {words[-1]}")


def load(port: int, seconds: float) -> None:
    where = [f"http://127.0.0.1:{port}", "--plain", "--no-checks"]
    words = ["run", *where, "-r", str(RATE), "-d", f"{seconds:g}"]
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # 4: the generator got too little CPU to keep its rate, which is no failure of the drill.
    if done.returncode not in (0, 4):
        raise DrillFailedError(f"the load: {(done.stderr or done.stdout).strip()[-500:]}")


def rinha(command: Sequence[str], folder: Path, replica: str) -> "subprocess.CompletedProcess[str]":
    settings = {
        "RINHA_EDITION": "crebitos",
        "RINHA_LEDGER": str(folder / "rinha.db"),
        "RINHA_REPLICA": replica,
    }
    return subprocess.run(
        [*launch.RINHA, *command],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(folder: Path) -> list[tuple[int, ...]]:
    connection = apsw.Connection(str(folder / "rinha.db"))
    try:
        found: list[Any] = connection.execute(READ_ROWS).fetchall()
        return found
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
