"""All that a run found, as data that goes into a file and comes back."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.results.cell import Cell

SCHEMA_VERSION = 1


class BadResultsError(Exception):
    """A file that holds no results of this program; the text says why."""


@dataclass
class Results:
    quick: bool
    origin: dict[str, str]
    versions: dict[str, str]
    # How each stack is called in tables.
    titles: dict[str, str]
    # What the run could not do as it should: limits that do not hold, rounds that are missing.
    remarks: list[str] = field(default_factory=list)
    # CPUs and megabytes by stack and part.
    shares: dict[str, dict[str, tuple[float, int]]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    # The median of each round.
    fsync_ms: list[float] = field(default_factory=list)
    bytes_per_transaction: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA_VERSION


def write_results(results: Results, path: Path) -> None:
    """A line for each field, and for each cell: what changed is seen line by line."""
    fields = []
    for name, value in asdict(results).items():
        text = json.dumps(_rounded(value), ensure_ascii=False)
        if name == "cells":
            cells = [json.dumps(_rounded(cell), ensure_ascii=False) for cell in value]
            text = "[\n  " + ",\n  ".join(cells) + "\n ]" if cells else "[]"
        fields.append(f' "{name}": {text}')
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n")


def read_results(path: Path) -> Results:
    try:
        data = json.loads(path.read_text())
        if data["schema"] != SCHEMA_VERSION:
            raise BadResultsError(f"{path}: schema {data['schema']}, not {SCHEMA_VERSION}")
        return Results(**{**data, "cells": [Cell(**cell) for cell in data["cells"]]})
    except OSError as error:
        raise BadResultsError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise BadResultsError(f"{path}: no results of this benchmark ({error})") from None


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
