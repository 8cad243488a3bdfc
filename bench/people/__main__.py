"""`make bench EDITION=2023q3`: measures the stacks that carry people."""

import argparse
import importlib
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.drive import load_of, measure
from bench.parts.cgroups import ControlGroups
from bench.parts.machine import origin, versions
from bench.parts.stack import ROOT, Running, Stack
from bench.people.growth import MANY, make_registry
from bench.people.plan import EDITION, FILL, OFFICIAL, ROUNDS
from bench.people.searches import Cost, Insert, costs, inserts
from bench.people.table import page
from bench.plan import Work
from bench.results.cell import Cell
from bench.results.data import Results, write_results
from bench.rounds import PORT
from loadtest.pessoas.report import PessoasReport

WORK_FOLDER = Path("/var/tmp")  # noqa: S108 - a folder of our own is made in it
STACKS = ("rinha_people", "fastapi_pg_trgm")
GROWN = "rinha_2m_people"
FEW = 46_500


class People:
    """Every stack takes its turn; each step can be taken alone."""

    def __init__(self, folder: Path, groups: ControlGroups) -> None:
        self._folder = folder
        self._groups = groups
        self._began_at = time.monotonic()
        self.stacks = {name: stack_of(name) for name in (*STACKS, GROWN)}
        titles = {name: stack.title for name, stack in self.stacks.items()}
        self.results = Results(
            quick=False, origin=origin(folder), versions=versions(), titles=titles
        )
        self.ready_s: list[float] = []
        self.searches: dict[int, list[Cost]] = {}
        self.inserts: list[Insert] = []
        if groups.remark:
            self.results.remarks.append(groups.remark)

    def steps(self) -> list[Callable[[], None]]:
        """In their order; none takes longer than four minutes."""
        rounds = [
            (lambda name=name, number=number: self._turn(name, number, self.stacks[name].works))
            for number in range(ROUNDS)
            for name in (STACKS if number % 2 else reversed(STACKS))
        ]
        official = [(lambda name=name: self._turn(name, 0, (OFFICIAL,))) for name in STACKS]
        grown = [
            (lambda number=number: self._turn(GROWN, number, self.stacks[GROWN].works))
            for number in range(ROUNDS)
        ]
        return [self._alone, *rounds, *official, self._make_many, *grown, self._alone_among_many]

    def _turn(self, name: str, number: int, works: tuple[Work, ...]) -> None:
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            began_at = time.monotonic()
            with Running(self.stacks[name], folder, PORT, self._groups) as running:
                if name == GROWN:
                    self.ready_s.append(time.monotonic() - began_at)
                self.results.shares[name] = dict(running.shares)
                for work in works:
                    self._work(running, name, work, number)
        except Exception as error:  # noqa: BLE001 - a stack is somebody else's code
            self.results.failed[name] = f"{error or type(error).__name__}"
            self._tell(f"{name} FAILED: {error}")

    def _work(self, running: Running, name: str, work: Work, number: int) -> None:
        cell = Cell(name, work.name, number)
        words = [*work.words, *EDITION]
        if work is not OFFICIAL:
            words.append("--no-checks")
        if work.seconds and work is not OFFICIAL:
            words += ["-d", f"{work.seconds:g}"]
        before = running.disk_bytes()
        report = measure(running, words, PessoasReport, cell)
        if work is FILL:
            added = sum(one.count for one in load_of(report).times if one.code == 201)
            cell.figures["bytes_a_person"] = (running.disk_bytes() - before) / max(added, 1)
        if report.people is not None:
            cell.figures["stored"] = report.people.stored or 0
            cell.figures["acknowledged"] = report.people.acknowledged
            cell.figures["expected"] = report.people.expected or 0
        self.results.cells.append(cell)
        shown = ("rate", "p50_ms", "p99_ms", "failures", "cpu_us", "memory_mb")
        figures = "  ".join(f"{one} {cell.figures[one]:,.2f}" for one in shown)
        why = f"  THROWN OUT: {cell.thrown_out}" if cell.thrown_out else ""
        self._tell(f"{name:<16} {work.name:<9} {figures}{why}")

    def _alone(self) -> None:
        file = self._folder / "few.db"
        make_registry(file, FEW)
        self.searches[FEW] = costs(file, alternatives=True)
        self.inserts = inserts(self._folder, FEW)
        self._tell("searches and inserts without HTTP")

    def _make_many(self) -> None:
        make_registry(self._folder / f"{GROWN}.db", MANY)
        self._tell(f"{MANY:,} people made")

    def _alone_among_many(self) -> None:
        self.searches[MANY] = costs(self._folder / f"{GROWN}.db", alternatives=False)
        self._tell(f"searches among {MANY:,} without HTTP")

    def write(self) -> None:
        folder = ROOT / "docs" / "benchmarks"
        write_results(self.results, folder / "pessoas.json")
        text = page(self.results, self.searches, self.inserts, self.ready_s)
        (folder / "pessoas.md").write_text(text)
        self._tell(f"written to {folder}: pessoas.md and pessoas.json")

    def _tell(self, line: str) -> None:
        print(f"{time.monotonic() - self._began_at:6.0f} s  {line}", flush=True)


def stack_of(name: str) -> Stack:
    stack: Stack = importlib.import_module(f"bench.people.stacks.{name}").STACK
    return stack


def main() -> int:
    argparse.ArgumentParser(prog="make bench EDITION=2023q3", description=__doc__).parse_args()
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            print(f"bench: port {PORT} is in use, stop what listens there", file=sys.stderr)
            return 2
    groups = ControlGroups()
    with tempfile.TemporaryDirectory(prefix="rinha-bench-", dir=WORK_FOLDER) as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            people = People(folder, groups)
            for step in people.steps():
                step()
        except KeyboardInterrupt:
            return 130
        finally:
            groups.remove()
    people.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
