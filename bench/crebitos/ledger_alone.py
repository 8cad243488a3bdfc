"""The ceiling of the ledger: two processes run the same transactions in a bare loop without HTTP,
each with an instance's share of CPU.

Run as a program, it is one of the two processes: FILE SYNCHRONOUS SECONDS.
"""

import json
import random
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

from bench.crebitos.plan import ALONE, ALONE_MODES, ALONE_S
from bench.edition import Direct
from bench.parts.usage import MachineUsage, why_thrown_out
from bench.results.data import Cell
from rinha.crebitos.ledger import LimiteExceededError
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from stack.part import Part, Share
from stack.run.limits import ControlGroups
from stack.run.processes import Processes, StackFailedError

PROCESSES = 2
SHARE = Share(0.53, 250)
# As in the load: 22 debits, 11 credits, 1 statement.
TIPOS: tuple[Literal["c", "d"] | None, ...] = ("d",) * 22 + ("c",) * 11 + (None,)
# Repetitions of TIPOS that are shuffled together; the clock is read once for each such batch.
BATCH = 10
START_MAX_S = 20.0
LOCK_WAIT_S = 1.0
# A process says that it is ready, and starts when this file exists.
READY, GO = "ready\n", "go"


def measure(synchronous: str, folder: Path, groups: ControlGroups) -> list[Cell]:
    args = [str(folder / "rinha.db"), synchronous, f"{ALONE_S:g}"]
    command = [sys.executable, "-m", __name__, *args]
    logs = [folder / f"alone{number}.log" for number in range(PROCESSES)]
    parts = [Part(log.stem, command, SHARE, is_ready=partial(_is_ready, log)) for log in logs]
    machine = MachineUsage()
    with Processes(parts, folder, groups=groups) as running:
        (folder / GO).touch()
        codes = [running[part.name].wait(ALONE_S + START_MAX_S) for part in parts]
    texts = [log.read_text().strip() for log in logs]
    if any(codes):
        raise StackFailedError("\n".join(texts))
    found = [json.loads(text.splitlines()[-1]) for text in texts]
    figures = {
        "rate": sum(one["count"] / one["elapsed_s"] for one in found),
        "cpu_us": sum(one["cpu_s"] for one in found) / sum(one["count"] for one in found) * 1e6,
        **machine.figures(),
    }
    reason = why_thrown_out([], figures, limited=groups.limit_cpu)
    return [Cell(name_of(synchronous), ALONE, 0, figures, thrown_out=reason)]


def _is_ready(log: Path) -> bool:
    return log.read_text() == READY


def name_of(synchronous: str) -> str:
    return f"ledger_{synchronous.lower()}"


DIRECTS = {
    name_of(mode): Direct(f"ledger alone, {mode}", partial(measure, mode), each_round=True)
    for mode in ALONE_MODES
}


def main() -> None:
    file, synchronous, seconds = sys.argv[1:]
    ledger = SqliteLedger(Path(file), synchronous=synchronous, lock_wait_s=LOCK_WAIT_S)
    requests = _requests()
    print(READY, end="", flush=True)
    while not Path(file).with_name(GO).exists():
        time.sleep(0.001)
    count, started_at, cpu_s = 0, time.monotonic(), time.process_time()
    while time.monotonic() < started_at + float(seconds):
        for cliente, transacao in requests:
            if transacao is None:
                ledger.extrato(cliente)
                continue
            with suppress(LimiteExceededError):
                ledger.transact(cliente, transacao)
        count += len(requests)
    elapsed_s, cpu_s = time.monotonic() - started_at, time.process_time() - cpu_s
    print(json.dumps({"count": count, "elapsed_s": elapsed_s, "cpu_s": cpu_s}))
    ledger.close()


def _requests() -> list[tuple[int, Transacao | None]]:
    """Returns client and transaction of each request; None is a statement."""
    requests: list[tuple[int, Transacao | None]] = []
    for tipo in TIPOS * BATCH:
        transacao = Transacao(random.randint(1, 10_000), tipo, "abcdefghij") if tipo else None
        requests.append((random.randint(1, 5), transacao))
    random.shuffle(requests)
    return requests


if __name__ == "__main__":
    main()
