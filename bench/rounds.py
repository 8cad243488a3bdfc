"""The run: every stack takes its turn, round after round."""

import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median

from bench import ledger_alone
from bench.drive import drive, warm_up
from bench.parts.cgroups import ControlGroups
from bench.parts.disk import fsync_times_ms
from bench.parts.stack import Running, Stack
from bench.plan import (
    ALONE,
    ALONE_MODES,
    OFFICIAL,
    QUICK_ROUNDS,
    QUICK_ROUNDS_MAX_S,
    ROUNDS,
    ROUNDS_MAX_S,
    Work,
)
from bench.results.cell import Cell
from bench.results.data import Results

PORT = 9999


class Rounds:
    def __init__(
        self,
        stacks: dict[str, Stack],
        results: Results,
        folder: Path,
        groups: ControlGroups,
        tell: Callable[[str], None],
    ) -> None:
        self._stacks = stacks
        self._results = results
        self._folder = folder
        self._groups = groups
        self._tell = tell

    def run(self) -> None:
        quick = self._results.quick
        ends_at = time.monotonic() + (QUICK_ROUNDS_MAX_S if quick else ROUNDS_MAX_S)
        for round_ in range(QUICK_ROUNDS if quick else ROUNDS):
            for name, turn in self._turns(round_):
                if time.monotonic() < ends_at:
                    self.take(name, turn)
                else:
                    self._results.remarks.append(f"no time for {name} in round {round_ + 1}")
        name, stack = next(iter(self._stacks.items()))
        self.take(name, partial(self._official, name, stack))

    def take(self, name: str, turn: Callable[[], None]) -> None:
        """A stack that fails, in whatever way, is written down and ends nobody else's turn."""
        try:
            turn()
        except Exception as error:  # noqa: BLE001 - a stack is somebody else's code
            self._results.failed[name] = f"{error or type(error).__name__}"
            self._tell(f"{name} FAILED: {error}")

    def _turns(self, round_: int) -> Iterable[tuple[str, Callable[[], None]]]:
        times_ms = sorted(fsync_times_ms(self._folder))
        self._results.fsync_ms.append(median(times_ms))
        turns: list[tuple[str, Callable[[], None]]] = [
            (name, partial(self._turn, name, stack, round_)) for name, stack in self._stacks.items()
        ]
        turns += [
            (f"ledger_{mode.lower()}", partial(self._alone, mode, round_)) for mode in ALONE_MODES
        ]
        # Every other round backwards: what a turn leaves to the next one goes both ways.
        return reversed(turns) if round_ % 2 else turns

    def _turn(self, name: str, stack: Stack, round_: int) -> None:
        """One start of a stack on a fresh folder, and its works."""
        folder = self._fresh_folder(name)
        transacoes = 0
        with Running(stack, folder, PORT, self._groups) as running:
            self._results.shares[name] = dict(running.shares)
            empty_bytes = running.disk_bytes()
            transacoes += warm_up(running)
            for work in stack.works:
                transacoes += self._work(running, name, work, round_)
        # After the stop, when nothing waits in a log any more.
        if transacoes:
            grown_bytes = running.disk_bytes() - empty_bytes
            self._results.bytes_per_transaction.setdefault(name, []).append(
                grown_bytes / transacoes
            )
        shutil.rmtree(folder)

    def _work(self, running: Running, name: str, work: Work, round_: int) -> int:
        seconds = work.quick_seconds if self._results.quick else work.seconds
        transacoes = 0
        # What was thrown out is tried once more, at once, so that it stands beside its neighbours;
        # the official run is too long for that.
        for _ in range((1 if work == OFFICIAL else 2) if seconds else 0):
            cell = Cell(name, work.name, round_)
            transacoes += drive(running, work, seconds, cell)
            self._keep(cell)
            if not cell.thrown_out:
                break
        return transacoes

    def _alone(self, mode: str, round_: int) -> None:
        name = f"ledger_{mode.lower()}"
        folder = self._fresh_folder(name)
        cell = Cell(name, ALONE.name, round_)
        ledger_alone.measure(mode, ALONE.seconds, folder, self._groups, cell)
        self._keep(cell)
        shutil.rmtree(folder)

    def _official(self, name: str, stack: Stack) -> None:
        with Running(stack, self._fresh_folder(name), PORT, self._groups) as running:
            self._work(running, name, OFFICIAL, 0)

    def _keep(self, cell: Cell) -> None:
        self._results.cells.append(cell)
        figures = "  ".join(
            f"{figure} {cell.figures[figure]:,.2f}"
            for figure in ("rate", "p50_ms", "p99_ms", "cpu_us")
            if figure in cell.figures
        )
        why = f"  THROWN OUT: {cell.thrown_out}" if cell.thrown_out else ""
        self._tell(f"round {cell.round + 1}  {cell.stack:<16} {cell.work:<12} {figures}{why}")

    def _fresh_folder(self, name: str) -> Path:
        folder = self._folder / name
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
        folder.mkdir()
        return folder
