"""Reports kept under a name, to be compared with later ones."""

import os
from pathlib import Path

from loadtest.report.json import AnyReport, read_json


def baseline_path(name: str) -> Path:
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "loadtest" / "baselines" / f"{name}.json"


def find_report(name_or_file: str, edition: type[AnyReport]) -> AnyReport:
    """A file of that name, else the baseline."""
    path = Path(name_or_file)
    if not path.exists() and baseline_path(name_or_file).exists():
        path = baseline_path(name_or_file)
    return read_json(path, edition)
