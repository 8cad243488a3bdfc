"""Writes reports as JSON files and reads them back; a baseline is a report with a name."""

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from loadtest.limits import REPORT_BYTES_MAX
from loadtest.measure.histogram import decode, encode
from loadtest.report.data import SCHEMA_VERSION, Report

AnyReport = TypeVar("AnyReport", bound=Report)


class BadReportError(Exception):
    """A file that cannot be read as a report; the text says why."""


class Versioned(msgspec.Struct):
    """The schema number, which files of all versions have, and the reports of a set."""

    schema: int
    reports: msgspec.Raw = msgspec.Raw()


def write_json(report: msgspec.Struct, path: Path) -> None:
    """Writes a report or a set of them atomically: a reader never sees half of it.

    Of two runs that end at once, each has a file of its own until it is whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(encode(report) + b"\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def baseline_path(name: str) -> Path:
    """Returns the file of the baseline with this name."""
    try:
        data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError as error:
        # A user without an entry in the passwd file, as in a container.
        text = "baselines are kept at home, and there is no home: set HOME or XDG_DATA_HOME"
        raise BadReportError(text) from error
    return Path(data_home) / "loadtest" / "baselines" / f"{name}.json"


def find_report(name_or_file: str, edition: type[AnyReport]) -> AnyReport:
    """Reads the file of that name or, if there is none, the baseline."""
    return read_json(path_of(name_or_file), edition)


def path_of(name_or_file: str) -> Path:
    """Returns the path of that name or, if there is none, the baseline's."""
    path = Path(name_or_file)
    # `lexists` is False, and raises nothing, for a name that no file can have.
    if os.path.lexists(path):
        return path
    baseline = baseline_path(name_or_file)
    return baseline if os.path.lexists(baseline) else path


def read_json(path: Path, edition: type[AnyReport]) -> AnyReport:
    """Reads a report of that edition; the type may be a union of several editions' reports."""
    data = bytes_of(path)
    if holds_set(path, data):
        raise BadReportError(f"{path} is a set of reports, where a single one is needed")
    report: AnyReport = decoded(path, data, edition)
    return report


def holds_set(path: Path, data: bytes) -> bool:
    """Returns whether these are several reports; raises if they are of another version."""
    versioned: Versioned = decoded(path, data, Versioned)
    if versioned.schema != SCHEMA_VERSION:
        raise BadReportError(
            f"{path} has schema version {versioned.schema}, this tool reads {SCHEMA_VERSION}"
        )
    return memoryview(versioned.reports).nbytes > 0


def decoded(path: Path, data: bytes, type_: Any) -> Any:
    """Decodes the content of a file; an error becomes one line with its path."""
    try:
        return decode(data, type_)
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
        if path.stat().st_size > REPORT_BYTES_MAX:
            raise BadReportError(f"{path} has more than {REPORT_BYTES_MAX:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BadReportError(f"{path}: {error.strerror}") from error
