"""The fingerprint of the code, by which `make up` sees what is new."""

from pathlib import Path

import pytest

from stack import fingerprint


def test_an_editors_link_is_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that leads nowhere, as an editor keeps one beside an open file, changes nothing."""
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    (tmp_path / "rinha").mkdir()
    (tmp_path / "rinha" / "http.py").write_text("old")
    before = fingerprint.of_code()
    (tmp_path / "rinha" / ".#http.py").symlink_to("ana@host.1234:5678")
    assert fingerprint.of_code() == before
    (tmp_path / "rinha" / "http.py").write_text("new")
    assert fingerprint.of_code() != before
