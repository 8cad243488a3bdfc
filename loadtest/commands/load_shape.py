"""Refuses options of a load that contradict each other, or that the edition does not have."""

import argparse
from collections.abc import Sequence
from typing import Any

from loadtest.commands.output import UsageError
from loadtest.drive.plan import FOR_EVER_S, spans
from loadtest.judging.edition import Edition
from loadtest.report.thresholds import Threshold


def refuse_contradictions(asked: argparse.Namespace, duration_s: float) -> None:
    if asked.ramp and duration_s == FOR_EVER_S:
        raise UsageError("a ramp needs a duration: add -d")
    if asked.poisson and not asked.rate:
        raise UsageError("--poisson needs a --rate")
    if asked.stages and asked.duration:
        raise UsageError("--stages has durations of its own: leave -d out")
    if asked.mix and asked.only:
        raise UsageError("--mix and --only exclude each other: give the other types a weight of 0")


def refuse_unknown_types(
    edition: Edition[Any], thresholds: Sequence[Threshold], only: str | None = None
) -> None:
    types = edition.types
    for kind in (only, *(threshold.kind for threshold in thresholds)):
        if kind is not None and kind not in types:
            raise UsageError(f"there is no type {kind!r} in this mix: {', '.join(types)}")


def refuse_unknown(asked: argparse.Namespace, edition: Edition[Any]) -> None:
    """Refuses types, numbers of weights and clients that are not the edition's."""
    refuse_unknown_types(edition, asked.threshold, asked.only)
    types = edition.types
    if asked.mix and len(asked.mix) != len(types):
        raise UsageError(
            f"--mix has {len(asked.mix)} weights, and {asked.edition} has {len(types)} types: "
            f"{':'.join(types)}"
        )
    unknown = [one for one in asked.clientes or () if one not in edition.numbers]
    if unknown and not edition.numbers:
        raise UsageError(f"--clients: the edition {asked.edition} has no clients")
    if unknown:
        known = spans(edition.numbers)
        raise UsageError(f"--clients: there is no client {unknown[0]}, only {known}")
