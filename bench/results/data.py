"""The results of a run: the figures of its measurements, written as JSON and read back."""

import json
from pathlib import Path

import msgspec
from msgspec import Struct, field

SCHEMA_VERSION = 1


class BadResultsError(Exception):
    """The file has no results of this benchmark; the text says why."""


class Cell(Struct):
    """One contender under one workload in one round; times in ms, CPU per request in us."""

    contender: str = field(name="stack")
    workload: str = field(name="work")
    round: int
    figures: dict[str, float] = field(default_factory=dict)
    # By part.
    cpu_us: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    # The reason why the figures say nothing about the contender; None if they are valid.
    thrown_out: str | None = None


class Results(Struct):
    quick: bool
    origin: dict[str, str]
    versions: dict[str, str]
    # By name of the contender.
    titles: dict[str, str]
    # Shortcomings of the run: limits that cannot be set, rounds without time.
    remarks: list[str] = field(default_factory=list)
    # CPUs and megabytes by contender and part.
    shares: dict[str, dict[str, tuple[float, int]]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    # The median of each round.
    fsync_ms: list[float] = field(default_factory=list)
    # By contender, for each round.
    bytes_per_transaction: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    # The judge's, by contender.
    verdicts: dict[str, str] = field(default_factory=dict)
    command: str = "make bench"
    schema: int = SCHEMA_VERSION


def write_results(results: Results, path: Path) -> None:
    """Writes a line for each field and each cell, so that a diff shows what changed."""
    rounded = json.loads(
        msgspec.json.encode(results), parse_float=lambda text: round(float(text), 4)
    )
    fields = []
    for name, value in rounded.items():
        text = json.dumps(value, ensure_ascii=False)
        if name == "cells":
            cells = [json.dumps(cell, ensure_ascii=False) for cell in value]
            text = "[\n  " + ",\n  ".join(cells) + "\n ]" if cells else "[]"
        fields.append(f' "{name}": {text}')
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n")


def read_results(path: Path) -> Results:
    try:
        results = msgspec.json.decode(path.read_bytes(), type=Results)
    except OSError as error:
        raise BadResultsError(f"{path}: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadResultsError(f"{path}: no results of this benchmark ({error})") from None
    if results.schema != SCHEMA_VERSION:
        raise BadResultsError(f"{path}: schema {results.schema}, not {SCHEMA_VERSION}")
    return results
