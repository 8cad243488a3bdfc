"""Decides whether two reports can be compared at all."""

from loadtest.limits import DURATIONS_RATIO_MAX, MIX_DIFFERS_MAX
from loadtest.report.data import Load, Report


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
