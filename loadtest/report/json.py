"""Reports as files: JSON written, and read back with a look at its version."""

import json
from pathlib import Path

from loadtest.report.data import SCHEMA_VERSION, Report


class BadReportError(Exception):
    """A file that is no report of ours; the text says why."""


def write_json(report: Report, path: Path) -> None:
    """Whole or not at all: a reader never sees half a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(json.dumps(report, ensure_ascii=False, separators=(",", ":")) + "\n")
    partial.replace(path)


def read_json(path: Path) -> Report:
    try:
        report = json.loads(path.read_text())
    except OSError as error:
        raise BadReportError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise BadReportError(f"{path} is not JSON: {error}") from error
    if not isinstance(report, dict) or "schema" not in report:
        raise BadReportError(f"{path} is not a report of this tool")
    if report["schema"] != SCHEMA_VERSION:
        raise BadReportError(
            f"{path} has schema version {report['schema']}, this tool reads {SCHEMA_VERSION}"
        )
    return report
