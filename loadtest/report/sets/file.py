"""Reads sets of reports: a file of a set, a single report, or a folder of either."""

from contextlib import suppress
from pathlib import Path
from types import GenericAlias
from typing import TypeVar

from loadtest.limits import ROUNDS_MAX
from loadtest.report.data import Report
from loadtest.report.json import BadReportError, bytes_of, decoded, holds_set, path_of
from loadtest.report.sets.data import ReportSet

AnyReport = TypeVar("AnyReport", bound=Report)


def find_set(name_or_path: str, edition: type[AnyReport]) -> ReportSet[AnyReport]:
    """Reads the file or folder of that name or, if there is none, the baseline."""
    path = path_of(name_or_path)
    # A name that no file can have raises here, and is an error of the reader below.
    with suppress(OSError):
        if path.is_dir():
            return _read_folder(path, edition)
    return read_set(path, edition)


def read_set(path: Path, edition: type[AnyReport]) -> ReportSet[AnyReport]:
    """Reads a set of reports; a single report becomes a set of one."""
    data = bytes_of(path)
    if not holds_set(path, data):
        return ReportSet(reports=[decoded(path, data, edition)])
    found: ReportSet[AnyReport] = decoded(path, data, GenericAlias(ReportSet, (edition,)))
    return found


def _read_folder(folder: Path, edition: type[AnyReport]) -> ReportSet[AnyReport]:
    """Reads all *.json files of a folder as one set, in the order of their end."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except OSError as error:
        raise BadReportError(f"{folder}: {error.strerror}") from error
    if not 1 <= len(paths) <= ROUNDS_MAX:
        raise BadReportError(f"{folder} has {len(paths)} files *.json, not 1 to {ROUNDS_MAX}")
    reports: list[AnyReport] = []
    for path in paths:
        found = read_set(path, edition)
        if found.order:
            raise BadReportError(f"{path} has both targets of a pair: give it alone")
        reports += found.reports
    try:
        return ReportSet(reports=sorted(reports, key=lambda one: one.ended_at))
    except ValueError as error:
        raise BadReportError(f"{folder}: {error}") from error
