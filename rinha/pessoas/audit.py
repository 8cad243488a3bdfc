"""Result of an audit, and its text."""

from typing import NamedTuple

from rinha.pessoas.limits import AUDIT_PROBLEMS_SHOWN_MAX


class Audit(NamedTuple):
    problems: list[str]
    pessoas: int

    def lines(self, where: str) -> list[str]:
        """Returns the first problems, and the verdict."""
        lines = [f"PROBLEM {problem}" for problem in self.problems[:AUDIT_PROBLEMS_SHOWN_MAX]]
        hidden = len(self.problems) - len(lines)
        if hidden:
            lines.append(f"and {hidden} problems more")
        verdict = f"{len(self.problems)} problems" if self.problems else "every promise holds"
        return [*lines, f"{where}: {self.pessoas} pessoas, {verdict}"]
