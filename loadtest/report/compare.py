"""Compares two reports: whether it can be done, the ratio of each figure, and the noise in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.limits import (
    DURATIONS_RATIO_MAX,
    FALSE_ALARMS_MAX,
    MIX_DIFFERS_MAX,
    SECONDS_COMPARED_MIN,
)
from loadtest.measure.histogram import Histogram
from loadtest.report.data import PERCENTS, Load, Report
from loadtest.report.noise import (
    Limits,
    freedom_of,
    is_long_enough,
    mean_error,
    percentile_limits,
    student,
    together,
)
from loadtest.report.table import Mark, Table

NOISE = "noise"
CANNOT_TELL = "cannot tell"
WHOLE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both runs; a ratio above 1 is worse.

    A ratio between `lowest` and `highest` is noise; without them the verdict is "cannot tell".
    """

    name: str
    unit: str
    before: float
    after: float
    ratio: float
    lowest: float | None = None
    highest: float | None = None

    @property
    def verdict(self) -> str:
        if self.lowest is None or self.highest is None:
            return CANNOT_TELL
        if self.lowest <= self.ratio <= self.highest:
            return NOISE
        return "worse" if self.ratio > 1 else "better"

    def is_regression(self, percent: float) -> bool:
        return self.verdict == "worse" and self.ratio > 1 + percent / 100


def comparison_table(figures: Sequence[Figure], failing: Sequence[Figure]) -> Table:
    rows = []
    for figure in figures:
        verdict = "REGRESSION" if figure in failing else figure.verdict
        noise = "" if figure.lowest is None else f"{figure.lowest:.2f} to {figure.highest:.2f}"
        row = (
            figure.name,
            f"{figure.before:,.3f} {figure.unit}",
            f"{figure.after:,.3f} {figure.unit}",
            f"{figure.ratio:.2f}",
            noise,
            verdict
            if verdict in {NOISE, CANNOT_TELL}
            else Mark(verdict, figure.verdict == "better"),
        )
        rows.append(row)
    title = 'a ratio above 1 is worse; "noise" means that no difference can be told'
    columns = ("figure", "before", "after", "ratio", "noise", "verdict")
    note = (
        '"cannot tell": the runs are too short for this figure, or too few answers were slower'
        if any(figure.verdict == CANNOT_TELL for figure in figures)
        else ""
    )
    return Table(title, columns, rows, text_columns=(0, 5), note=note)


def compare(before: Load, after: Load) -> list[Figure]:
    """Compares latency percentiles of the whole and of each type, the rate and the target's CPU.

    The more figures are compared, the stricter each test must be: at most one pair of equal runs in
    twenty may show any figure as worse. Most of that share goes to the figures of the whole. The
    figures of types show where a change is.
    """
    kinds: list[str | None] = [None, *before.mix]
    histograms = {
        kind: (before.answered("response", kind), after.answered("response", kind))
        for kind in kinds
    }
    answered = {kind: both for kind, both in histograms.items() if all(one.total for one in both)}
    whole = 1 - FALSE_ALARMS_MAX * WHOLE_SHARE / (len(PERCENTS) + 2)
    by_type = 1 - FALSE_ALARMS_MAX * (1 - WHOLE_SHARE) / max((len(answered) - 1) * len(PERCENTS), 1)
    figures = [
        _latency(kind or "all", percent, (before, after), both, by_type if kind else whole)
        for kind, both in answered.items()
        for percent in PERCENTS
    ]
    return [*figures, *_rate(before, after, whole), *_cpu(before, after, whole)]


def _latency(
    kind: str, percent: float, loads: tuple[Load, Load], both: tuple[Histogram, Histogram],
    sure: float,
) -> Figure:  # fmt: skip
    before_us, after_us = (max(one.percentile(percent), 1) for one in both)
    limits: list[Limits | None] = [None, None]
    if all(map(is_long_enough, loads)):
        limits = [
            percentile_limits(load, times, percent, student(sure, sum(map(freedom_of, loads))))
            for load, times in zip(loads, both, strict=True)
        ]
    named = (f"response p{percent:g}, {kind}", "ms", before_us / 1000, after_us / 1000)
    ratio, (old, new) = after_us / before_us, limits
    if old is None or new is None:
        return Figure(*named, ratio)
    # `up`: by random the old figure is too low and the new one too high. `down`: the reverse.
    up = together(math.log(old[1] / before_us), math.log(after_us / new[0]))
    down = together(math.log(before_us / old[0]), math.log(new[1] / after_us))
    return Figure(*named, ratio, math.exp(-down), math.exp(up))


def _rate(before: Load, after: Load, sure: float) -> list[Figure]:
    old, new = (load.rate.achieved for load in (before, after))
    if not old or not new:
        return []
    series = [[float(second.answers) for second in load.seconds[:-1]] for load in (before, after)]
    return [_mean(("rate", "/s", old, new), old / new, series, sure)]


def _cpu(before: Load, after: Load, sure: float) -> list[Figure]:
    series = [cpu_us_per_answer(load) for load in (before, after)]
    if not all(series):
        return []
    old, new = (sum(one) / len(one) for one in series)
    return [_mean(("target CPU per answer", "us", old, new), new / old, series, sure)]


def _mean(
    named: tuple[str, str, float, float], ratio: float, series: list[list[float]], sure: float
) -> Figure:
    if min(map(len, series)) < SECONDS_COMPARED_MIN or not all(map(sum, series)):
        return Figure(*named, ratio)
    steps = student(sure, sum(map(len, series)) - 2)
    noise = together(*(steps * mean_error(one) for one in series))
    return Figure(*named, ratio, math.exp(-noise), math.exp(noise))


def cpu_us_per_answer(load: Load) -> list[float]:
    """Returns the CPU time per answer of each sample, other work of the target included."""
    rate = load.requests_per_s
    cores = [sum(p.cpu for p in sample.parts.values()) for sample in load.target_usage.samples]
    return [one / rate * 1e6 for one in cores] if rate and any(cores) else []


def other_loads(before: Report, after: Report) -> list[str]:
    """Returns the differences between two loads; with any, figures cannot be compared."""
    found = []
    if before.way != after.way:
        found.append(f"different loads: {before.way}; {after.way}")
    if (
        before.load is not None
        and after.load is not None
        and _mixes_differ(before.load, after.load)
    ):
        found.append("different mixes: the types of requests do not have the same shares")
    return found


def remarks(before: Report, after: Report) -> list[str]:
    """Returns notes for the reader of a comparison: other targets or durations."""
    found = []
    if before.target != after.target:
        found.append(f"different targets: {before.target}, {after.target}")
    if before.load is not None and after.load is not None:
        short, long = sorted(one.rate.elapsed_s for one in (before.load, after.load))
        if long > DURATIONS_RATIO_MAX * short:
            found.append(f"different durations: {short:.1f} s and {long:.1f} s")
    return found


def unfit(before: Report, after: Report) -> list[str]:
    """Returns a reason for each run that is invalid: its figures prove nothing."""
    named = (("BEFORE", before.load), ("AFTER", after.load))
    return [
        f"{name} is invalid: {load.invalid[0]}"
        for name, load in named
        if load is not None and load.invalid
    ]


def _mixes_differ(before: Load, after: Load) -> bool:
    old, new = (sum(load.mix.values()) or 1 for load in (before, after))
    return any(
        abs(before.mix.get(kind, 0) / old - after.mix.get(kind, 0) / new) > MIX_DIFFERS_MAX
        for kind in {*before.mix, *after.mix}
    )
