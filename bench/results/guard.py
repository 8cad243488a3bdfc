"""The guard: compares a run with a stored one by ratios of this service to another contender. A
slower machine does not change these ratios."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bench.results.data import BadResultsError, Results
from bench.results.figures import Spread, ratio_of

# Two runs of the same code differ by less than this plus the noise of their rounds.
TOLERANCE = 0.05


class Guarded(NamedTuple):
    """One ratio that must not be worse than the stored one."""

    contender: str
    reference: str
    workload: str
    figure: str
    higher_is_better: bool


class Verdict(NamedTuple):
    guarded: Guarded
    before: Spread | None
    now: Spread | None
    # Relative; negative for a better ratio.
    worse: float
    allowed: float

    @property
    def fails(self) -> bool:
        return self.before is not None and (self.now is None or self.worse > self.allowed)


def assert_guards(guarded: Iterable[Guarded], baseline: Results, path: Path) -> None:
    """Raises if the results have none of the guarded ratios, such as those of another edition."""
    if not any(ratio_of(baseline, *one[:4]) for one in guarded):
        raise BadResultsError(f"{path}: none of the ratios that the guard compares")


def judge(guarded: Iterable[Guarded], before: Results, now: Results) -> list[Verdict]:
    return [
        _verdict(one, *(ratio_of(results, *one[:4]) for results in (before, now)))
        for one in guarded
    ]


def _verdict(guarded: Guarded, before: Spread | None, now: Spread | None) -> Verdict:
    if before is None or now is None:
        return Verdict(guarded, before, now, 0.0, 0.0)
    change = now.median / before.median
    worse = (1 / change if guarded.higher_is_better else change) - 1
    return Verdict(guarded, before, now, worse, TOLERANCE + before.noise + now.noise)


def lines(verdicts: Iterable[Verdict]) -> list[str]:
    """Returns a line of text for each verdict."""
    lines = []
    for one in verdicts:
        guarded = one.guarded
        name = f"{guarded.workload} {guarded.figure}, {guarded.contender} to {guarded.reference}"
        if one.before is None:
            lines.append(f"  new     {name}")
        elif one.now is None:
            lines.append(f"  MISSING {name}")
        else:
            word = "WORSE  " if one.fails else "ok     "
            change = f"{abs(one.worse):.1%} {'worse' if one.worse > 0 else 'better'}"
            lines.append(
                f"  {word} {name}: {one.before.median:.3f} -> {one.now.median:.3f}, "
                f"{change}, where {one.allowed:.1%} is noise"
            )
    return lines
