"""The services of runit, and how its runsvdir finds them."""

import time
from pathlib import Path

import pytest

from stack.part import Part
from stack.run.runit import Runit


def test_parts_added_within_a_second_are_all_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """runsvdir scans its folder only if that has another time, in whole seconds, than at the last
    scan. A part that was added right after a scan would never start."""
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    runit, times = Runit(tmp_path, 4), set()
    runit.folder.mkdir()
    for name in ("api03", "api04", "api05"):
        runit.write_part(Part(name, ["true"]), {})
        times.add(int(runit.folder.stat().st_mtime))
    assert len(times) == 3
    assert max(times) < 1_700_000_000 - 1
