"""Whether a run is worse than a stored one: ratios of ours to its ceiling, which a slower machine
leaves as they are."""

from typing import NamedTuple

from bench.results.data import Results
from bench.results.figures import Spread, ratio_of

# Two runs of the same code differ by less than this, beside what their own rounds differ by.
TOLERANCE = 0.05


class Guarded(NamedTuple):
    """One ratio that is held against the stored one."""

    stack: str
    ceiling: str
    work: str
    figure: str
    higher_is_better: bool


# No p99 at capacity: whether the pause of a used up share of CPU falls on one request in a hundred,
# or on a few less, is chance, and moves it from 1 to 50 ms.
GUARDED = (
    Guarded("rinha_normal", "constant", "capacity_14", "rate", True),
    Guarded("rinha_normal", "constant", "capacity_64", "rate", True),
    Guarded("rinha_normal", "constant", "capacity_14", "cpu_us", False),
    Guarded("rinha_normal", "constant", "steady_340", "p50_ms", False),
    Guarded("rinha_normal", "constant", "steady_340", "p99_ms", False),
    Guarded("rinha_full", "constant", "capacity_14", "cpu_us", False),
)


class Verdict(NamedTuple):
    guarded: Guarded
    before: Spread | None
    now: Spread | None
    # Above 0: how much worse, as a share.
    worse: float
    allowed: float

    @property
    def fails(self) -> bool:
        return self.before is not None and (self.now is None or self.worse > self.allowed)


def judge(before: Results, now: Results) -> list[Verdict]:
    verdicts = []
    for guarded in GUARDED:
        ratios = [
            ratio_of(results, guarded.stack, guarded.ceiling, guarded.work, guarded.figure)
            for results in (before, now)
        ]
        verdicts.append(_verdict(guarded, *ratios))
    return verdicts


def _verdict(guarded: Guarded, before: Spread | None, now: Spread | None) -> Verdict:
    if before is None or now is None:
        return Verdict(guarded, before, now, 0.0, 0.0)
    change = now.median / before.median
    worse = (1 / change if guarded.higher_is_better else change) - 1
    return Verdict(guarded, before, now, worse, TOLERANCE + before.noise + now.noise)


def told(verdicts: list[Verdict]) -> list[str]:
    lines = []
    for one in verdicts:
        name = f"{one.guarded.work} {one.guarded.figure}, {one.guarded.stack} to ceiling"
        if one.before is None:
            lines.append(f"  new     {name}")
        elif one.now is None:
            lines.append(f"  MISSING {name}")
        else:
            word = "WORSE  " if one.fails else "ok     "
            change = f"{abs(one.worse):.1%} {'worse' if one.worse > 0 else 'better'}"
            lines.append(
                f"  {word} {name}: {one.before.median:.3f} -> {one.now.median:.3f}, "
                f"{change} where {one.allowed:.1%} is noise"
            )
    return lines
