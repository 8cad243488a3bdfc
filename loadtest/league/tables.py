"""The tables of a league: one for each edition and machine, the best row first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.league.entries import LeagueError, Saved
from loadtest.league.rows import Row, closed_loop, machine_of
from loadtest.measure.machine import Machine
from loadtest.report.tables import milliseconds
from loadtest.wire.outcome import one_line

LAST = float("inf")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, its texts and, where they are numbers, what they are sorted by."""

    name: str
    text: Callable[[Row], str]
    value: Callable[[Row], float | None] | None = None


@dataclass(frozen=True, slots=True)
class LeagueTable:
    """The rows of one edition on one machine, which alone compare with each other."""

    edition: str
    machine: Machine | None
    rows: list[Row]
    ceiling: Saved | None

    @property
    def title(self) -> str:
        machine = "a machine that the reports do not name" if self.machine is None else self.machine
        return one_line(f"{self.edition} on {machine}")

    @property
    def note(self) -> str:
        """Returns what the share of the ceiling refers to, if there is a ceiling."""
        if self.ceiling is None:
            return ""
        way = one_line(self.ceiling.report.way)
        return f"ceiling: {self._ceiling_rate:,.0f} requests/s of a constant answer, {way}"

    @property
    def columns(self) -> list[Column]:
        """The columns from the verdict to the load; the entry's name and links surround them."""
        scores = [row.score.name for row in self.rows if row.score is not None]
        return [
            Column("verdict", lambda row: row.state),
            Column("broken rules", _broken_text, lambda row: row.broken),
            Column(scores[0] if scores else "score", _score_text, _score),
            Column("p50 ms", lambda row: _ms(row.p50_us), lambda row: row.p50_us),
            Column("p99 ms", lambda row: _ms(row.p99_us), lambda row: row.p99_us),
            Column("max ms", lambda row: _ms(row.max_us), lambda row: row.max_us),
            Column("requests/s", lambda row: _whole(row.rate), lambda row: row.rate),
            Column("of the ceiling", self._share_text, self.share_of_ceiling),
            Column("CPU us a request", _cpu_text, lambda row: row.cpu_us_per_request),
            Column("memory MB", _memory_text, lambda row: row.memory_bytes),
            Column("load", lambda row: row.way),
        ]

    def share_of_ceiling(self, row: Row) -> float | None:
        if row.rate is None or not self._ceiling_rate:
            return None
        return row.rate / self._ceiling_rate

    def _share_text(self, row: Row) -> str:
        share = self.share_of_ceiling(row)
        return "" if share is None else f"{share:.1%}"

    @property
    def _ceiling_rate(self) -> float:
        load = self.ceiling.report.load if self.ceiling is not None else None
        return load.rate.achieved if load is not None else 0.0


def tables_of(rows: Sequence[Row], ceilings: Sequence[Saved]) -> list[LeagueTable]:
    """Returns the tables; a ceiling belongs to the table of its own machine only."""
    of_machine: dict[Machine | None, Saved] = {}
    for one in ceilings:
        if closed_loop(one.report) is None:
            raise LeagueError(
                f"{one.path} is no ceiling: that is a closed loop, as `run -c 14 --no-checks` "
                "against a server that answers a constant"
            )
        machine = machine_of(one.report)
        if machine is None:
            raise LeagueError(f"{one.path} is no ceiling: it does not name its machine")
        of_machine[machine] = one
    together: dict[tuple[str, Machine | None], list[Row]] = {}
    for row in rows:
        together.setdefault((row.edition, row.machine), []).append(row)
    return [
        LeagueTable(edition, machine, sorted(those, key=_rank), of_machine.get(machine))
        for (edition, machine), those in together.items()
    ]


def _rank(row: Row) -> tuple[float, float, float, str]:
    """The order of rows: the most money first, then the fewest broken rules, then the p99."""
    score = -row.score.value if row.score is not None else LAST
    broken = LAST if row.broken is None else row.broken
    return score, broken, LAST if row.p99_us is None else row.p99_us, row.about.name


def _broken_text(row: Row) -> str:
    return "" if row.broken is None else f"{row.broken} of {len(row.rules)}"


def _score(row: Row) -> float | None:
    return row.score.value if row.score is not None else None


def _score_text(row: Row) -> str:
    return row.score.text if row.score is not None else ""


def _ms(us: int | None) -> str:
    return "" if us is None else milliseconds(us)


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _cpu_text(row: Row) -> str:
    return _whole(row.cpu_us_per_request)


def _memory_text(row: Row) -> str:
    return "" if row.memory_bytes is None else f"{row.memory_bytes / 1e6:,.0f}"
