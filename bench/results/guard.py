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


class Verdict(NamedTuple):
    guarded: Guarded
    # One line of text for the reader.
    text: str
    fails: bool


def assert_guards(guarded: Iterable[Guarded], baseline: Results, path: Path) -> None:
    """Raises if the results have none of the guarded ratios, such as those of another edition."""
    if not any(ratio_of(baseline, *one) for one in guarded):
        raise BadResultsError(f"{path}: none of the ratios that the guard compares")


def judge(guarded: Iterable[Guarded], before: Results, now: Results) -> list[Verdict]:
    return [_verdict(one, ratio_of(before, *one), ratio_of(now, *one)) for one in guarded]


def _verdict(guarded: Guarded, before: Spread | None, now: Spread | None) -> Verdict:
    name = f"{guarded.workload} {guarded.figure}, {guarded.contender} to {guarded.reference}"
    if before is None:
        return Verdict(guarded, f"  new     {name}", fails=False)
    if now is None:
        return Verdict(guarded, f"  MISSING {name}", fails=True)
    change = now.median / before.median
    # Of all figures, only a higher rate is better.
    worse = (1 / change if guarded.figure == "rate" else change) - 1
    allowed = TOLERANCE + before.noise + now.noise
    text = (
        f"  {'WORSE  ' if worse > allowed else 'ok     '} {name}: "
        f"{before.median:.3f} -> {now.median:.3f}, "
        f"{abs(worse):.1%} {'worse' if worse > 0 else 'better'}, where {allowed:.1%} is noise"
    )
    return Verdict(guarded, text, fails=worse > allowed)
