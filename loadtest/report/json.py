"""Reports as JSON files, written and read back without loss, with a look at their version."""

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


def read_json(path: Path, edition: type[AnyReport]) -> AnyReport:
    """A report of that edition, or of one of several: a union of their classes will do."""
    try:
        data = path.read_bytes()
        schema = msgspec.json.decode(data, type=Versioned).schema
        if schema != SCHEMA_VERSION:
            raise BadReportError(
                f"{path} has schema version {schema}, this tool reads {SCHEMA_VERSION}"
            )
        return msgspec.json.decode(data, type=edition)
    except OSError as error:
        raise BadReportError(f"{path}: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise BadReportError(f"{path} is not a report of this tool: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadReportError(f"{path} is not JSON: {error}") from error
