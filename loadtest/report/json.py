"""Writes reports as JSON files and reads them back; a baseline is a report with a name."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from loadtest.measure.histogram import decode, encode
from loadtest.report.data import SCHEMA_VERSION, Report

AnyReport = TypeVar("AnyReport", bound=Report)


class BadReportError(Exception):
    """A file that cannot be read as a report; the text says why."""


class Versioned(msgspec.Struct):
    """The schema number, which reports of all versions have."""

    schema: int


def write_json(report: Report, path: Path) -> None:
    """Writes a report atomically: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(encode(report) + b"\n")
    partial.replace(path)


def baseline_path(name: str) -> Path:
    """Returns the file of the baseline with this name."""
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "loadtest" / "baselines" / f"{name}.json"


def find_report(name_or_file: str, edition: type[AnyReport]) -> AnyReport:
    """Reads the file of that name or, if there is none, the baseline."""
    path, baseline = Path(name_or_file), baseline_path(name_or_file)
    # `lexists` is False, and raises nothing, for a name that no file can have.
    is_baseline = not os.path.lexists(path) and os.path.lexists(baseline)
    return read_json(baseline if is_baseline else path, edition)


def read_json(path: Path, edition: type[AnyReport]) -> AnyReport:
    """Reads a report of that edition; the type may be a union of several editions' reports."""
    try:
        data = bytes_of(path)
        schema = msgspec.json.decode(data, type=Versioned).schema
        if schema != SCHEMA_VERSION:
            raise BadReportError(
                f"{path} has schema version {schema}, this tool reads {SCHEMA_VERSION}"
            )
        report: AnyReport = decode(data, edition)
        return report
    except msgspec.ValidationError as error:
        raise BadReportError(f"{path} is not a report of this tool: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReportError(f"{path} is not JSON: {error}") from error


def bytes_of(path: Path) -> bytes:
    """Returns the content of a regular file; reading anything else may never end."""
    try:
        # A missing file is reported by the read below.
        if path.exists() and not path.is_file():
            kind = "a directory" if path.is_dir() else "no regular file"
            raise BadReportError(f"{path} is {kind}")
        return path.read_bytes()
    except OSError as error:
        raise BadReportError(f"{path}: {error.strerror}") from error
