"""The rounds of a run: each round measures every contender once."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from bench.contender import Contender, Workload
from bench.edition import Direct, Edition
from bench.measure import check, measure
from bench.parts.machine import fsync_times_ms
from bench.parts.running import Running
from bench.results.data import Cell, Results
from stack.run.limits import ControlGroups

PORT = 9999
LOGGED = ("rate", "p50_ms", "p99_ms", "cpu_us", "failures")


@dataclass(frozen=True)
class Rounds:
    edition: Edition
    contenders: Mapping[str, Contender]
    results: Results
    folder: Path
    groups: ControlGroups
    started_at: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        quick = self.results.quick
        budget = self.edition.quick if quick else self.edition.full
        for name, contender in self.contenders.items():
            if contender.judged:
                self.attempt(name, partial(self._check, name, contender))
        # Contenders of STACKS bring their own time with them.
        own = self.contenders.keys() & self.edition.contenders.keys()
        deadline = time.monotonic() + budget.max_s * len(self.contenders) / len(own)
        for round_ in range(budget.rounds):
            self.results.fsync_ms.append(median(fsync_times_ms(self.folder)))
            for name, step in self._steps(round_):
                if time.monotonic() < deadline:
                    self.attempt(name, step)
                else:
                    self.results.remarks.append(f"no time for {name} in round {round_ + 1}")
        for name in self.edition.official_contenders[: 1 if quick else None]:
            self.attempt(name, partial(self._run_official, name))

    def attempt(self, name: str, step: Callable[[], None]) -> None:
        """Runs the step. Records its error, so that the other contenders are still measured."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - a contender is foreign code
            self.results.failed[name] = f"{error or type(error).__name__}"
            self._log(f"{name} FAILED: {error}")

    def _steps(self, round_: int) -> Iterable[tuple[str, Callable[[], None]]]:
        steps: list[tuple[str, Callable[[], None]]] = [
            (name, partial(self._run_contender, name, contender, round_))
            for name, contender in self.contenders.items()
        ]
        steps += [
            (name, partial(self._run_direct, name, direct, round_))
            for name, direct in self.edition.directs.items()
            if direct.each_round or (round_ == 0 and not self.results.quick)
        ]
        # Every other round runs backwards, so that the effects of neighbours cancel out.
        return reversed(steps) if round_ % 2 else steps

    def _run_contender(self, name: str, contender: Contender, round_: int) -> None:
        """Starts a contender on an empty folder and runs its workloads."""
        folder = self._empty_folder(name)
        with self._running(contender, folder) as running:
            self.results.shares[name] = {
                part.name: part.share for part in running.parts.values() if part.share
            }
            empty_bytes = contender.disk_bytes(folder)
            added = 0
            if warm_up := self.edition.warm_up:
                cell = Cell(name, warm_up.name, round_)
                added += measure(running, self.edition, warm_up, warm_up.seconds, cell)
            for workload in contender.workloads or self.edition.workloads:
                added += self._run_workload(running, name, workload, round_)
        # Measured after the stop, which checkpoints the WAL.
        if added:
            grown_bytes = contender.disk_bytes(folder) - empty_bytes
            self.results.bytes_per_transaction.setdefault(name, []).append(grown_bytes / added)
        shutil.rmtree(folder)

    def _check(self, name: str, contender: Contender) -> None:
        """Starts a contender on an empty folder and checks it by the judge's rules."""
        with self._running(contender, self._empty_folder(name)) as running:
            self.results.verdicts[name] = check(running, self.edition)
        self._log(f"checked  {name:<16} {self.results.verdicts[name]}")

    def _running(self, contender: Contender, folder: Path) -> Running:
        parts = contender.parts(folder, PORT)
        return Running(parts, folder, PORT, self.edition.ready_path, self.groups)

    def _run_workload(self, running: Running, name: str, workload: Workload, round_: int) -> int:
        seconds = workload.quick_seconds if self.results.quick else workload.seconds
        added = 0
        # A measurement that is thrown out is repeated once, at once, under the same conditions.
        for _ in range((2 if workload.repeatable else 1) if seconds else 0):
            cell = Cell(name, workload.name, round_, {"ready_s": running.ready_s})
            added += measure(running, self.edition, workload, seconds, cell)
            self._add(cell)
            if not cell.thrown_out:
                break
        return added

    def _run_direct(self, name: str, direct: Direct, round_: int) -> None:
        folder = self._empty_folder(name)
        for cell in direct.measure(folder, self.groups):
            cell.round = round_
            self._add(cell)
        shutil.rmtree(folder)

    def _run_official(self, name: str) -> None:
        with self._running(self.contenders[name], self._empty_folder(name)) as running:
            self._run_workload(running, name, self.edition.official, 0)

    def _add(self, cell: Cell) -> None:
        self.results.cells.append(cell)
        figures = "  ".join(
            f"{figure} {cell.figures[figure]:,.2f}" for figure in LOGGED if figure in cell.figures
        )
        why = f"  THROWN OUT: {cell.thrown_out}" if cell.thrown_out else ""
        self._log(
            f"round {cell.round + 1}  {cell.contender:<16} {cell.workload:<12} {figures}{why}"
        )

    def _log(self, line: str) -> None:
        print(f"{time.monotonic() - self.started_at:6.0f} s  {line}", flush=True)

    def _empty_folder(self, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder
