"""Reports as JSON files, written and read back without loss, some of them kept under a name."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from loadtest.report.data import SCHEMA_VERSION, Report

AnyReport = TypeVar("AnyReport", bound=Report)


class BadReportError(Exception):
    """A file that is no report of ours; the text says why."""


class Versioned(msgspec.Struct):
    """What reports of all times have."""

    schema: int


def write_json(report: Report, path: Path) -> None:
    """Whole or not at all: a reader never sees half a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(msgspec.json.encode(report) + b"\n")
    partial.replace(path)


def baseline_path(name: str) -> Path:
    """Where a report is kept under a name, to be compared with later ones."""
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "loadtest" / "baselines" / f"{name}.json"


def find_report(name_or_file: str, edition: type[AnyReport]) -> AnyReport:
    """A file of that name, else the baseline."""
    path, baseline = Path(name_or_file), baseline_path(name_or_file)
    # Of a name that no file can have the library says only that nothing is there.
    is_baseline = not os.path.lexists(path) and os.path.lexists(baseline)
    return read_json(baseline if is_baseline else path, edition)


def read_json(path: Path, edition: type[AnyReport]) -> AnyReport:
    """A report of that edition, or of one of several: a union of their classes will do."""
    try:
        data = bytes_of(path)
        schema = msgspec.json.decode(data, type=Versioned).schema
        if schema != SCHEMA_VERSION:
            raise BadReportError(
                f"{path} has schema version {schema}, this tool reads {SCHEMA_VERSION}"
            )
        return msgspec.json.decode(data, type=edition)
    except msgspec.ValidationError as error:
        raise BadReportError(f"{path} is not a report of this tool: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReportError(f"{path} is not JSON: {error}") from error


def bytes_of(path: Path) -> bytes:
    """What a file holds; another thing that has a name might never end, or never begin."""
    try:
        # A missing file is told by the attempt to read it.
        if path.exists() and not path.is_file():
            kind = "a directory" if path.is_dir() else "no regular file"
            raise BadReportError(f"{path} is {kind}")
        return path.read_bytes()
    except OSError as error:
        raise BadReportError(f"{path}: {error.strerror}") from error
