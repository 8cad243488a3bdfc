"""This edition's part of a report: the counts of people, and their differences."""

from collections.abc import Sequence

from msgspec import Struct, field

from loadtest.report.data import Check, Count, Report, Score
from loadtest.report.judgement import counts_text
from loadtest.report.table import Mark, Table
from loadtest.report.tables import count_text

UNKNOWN = "an unknown number of"


class People(Struct):
    """Counts of right people: expected, acknowledged with 201, and stored by the service's count.

    An unanswered post may have added a person or not.
    """

    acknowledged: int
    stored: int | None
    unanswered: int = 0
    expected: int | None = None
    differences: list[Count] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        expected = self.acknowledged if self.expected is None else self.expected
        return self.stored == self.acknowledged == expected and not self.differences


class Official(Struct):
    """The completeness of an official run, and the expected number of requests of each type."""

    expected: dict[str, int]
    complete: bool
    rehearsal: bool


class PessoasReport(Report, tag="pessoas", kw_only=True):
    """A report of the 2023/Q3 edition."""

    official: Official | None = None
    people: People | None = None

    def score(self) -> Score | None:
        if self.official is None or self.people is None or self.people.stored is None:
            return None
        return Score("people stored", self.people.stored, f"{self.people.stored:,}")

    def summary(self) -> str:
        if self.official is None or self.people is None:
            return ""
        people = self.people
        rehearsal = " (REHEARSAL, not the official run)" if self.official.rehearsal else ""
        stored, expected = (count_text(one, UNKNOWN) for one in (people.stored, people.expected))
        return f"the arena would count {stored} of {expected} people{rehearsal}"

    def faults(self) -> list[str]:
        people = self.people
        if people is None:
            return []
        found = [f"{one.what} ({one.count:,})" for one in people.differences]
        if people.stored is None:
            found.append("the service's own count could not be read")
        return found

    def checks(self) -> list[Check]:
        found, official, people = [], self.official, self.people
        if official is not None:
            got = "all of them" if official.complete else "not all of them"
            wanted = counts_text(official.expected)
            found.append(Check("every request was sent", wanted, got, passed=official.complete))
        if people is not None:
            expected = people.acknowledged if people.expected is None else people.expected
            stored = f"{count_text(people.stored, UNKNOWN)} people"
            wanted = f"{expected:,} people"
            found.append(Check("all people are stored", wanted, stored, people.is_whole))
            found += [
                Check(one.what, "never", f"{one.count:,} times", passed=False)
                for one in people.differences
            ]
        return found

    def tables(self) -> Sequence[Table]:
        return [_people_table(self.people)] if self.people is not None else []


def _people_table(people: People) -> Table:
    rows: list[tuple[str, str | Mark]] = []
    if people.expected is not None:
        rows.append(("expected: sent without a fault, each apelido once", f"{people.expected:,}"))
    rows += [
        ("acknowledged with 201", f"{people.acknowledged:,}"),
        ("stored, by /contagem-pessoas", Mark(count_text(people.stored), people.is_whole)),
        ("posts without an answer", f"{people.unanswered:,}"),
    ]
    rows += [(one.what, Mark(f"{one.count:,}", good=False)) for one in people.differences]
    return Table("people", ("", ""), rows)
