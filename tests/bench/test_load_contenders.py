"""Contenders of a user's folder are measured beside the project's own."""

import sys
from pathlib import Path

import pytest

from bench.contender import NoContendersError, load_contenders

ENTRY = """
from bench.contender import Contender
from stack.part import Part, Share

def parts(folder, port):
    return [Part("server", ["true"], Share(1.5, 550))]

CONTENDER = Contender("an entry", parts)
"""
OLD_ENTRY = ENTRY.replace("bench.contender import Contender", "bench.parts.stack import Stack")
OLD_ENTRY = OLD_ENTRY.replace("CONTENDER = Contender", "STACK = Stack")


@pytest.mark.parametrize(
    ("text", "reason"), [("import nothing", "nothing"), ("CONTENDER = 3", "int"), ("", "CONTENDER")]
)
def test_a_folder_adds_contenders(tmp_path: Path, text: str, reason: str) -> None:
    """One for each file, but for those with an underscore; files that fail to load are named."""
    (tmp_path / "entry.py").write_text(ENTRY)
    (tmp_path / "broken.py").write_text(text)
    (tmp_path / "_shared.py").write_text("raise SystemExit")
    found, failed = load_contenders(tmp_path, taken=())
    assert ([*found], [*failed]) == (["entry"], ["broken"])
    assert found["entry"].title == "an entry"
    assert [part.name for part in found["entry"].parts(tmp_path, 1)] == ["server"]
    assert reason in failed["broken"]


def test_an_entry_with_the_old_names_still_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renamed names work for one more release, with a warning."""
    monkeypatch.delitem(sys.modules, "bench.parts.stack", raising=False)
    (tmp_path / "entry.py").write_text(OLD_ENTRY)
    with pytest.warns(FutureWarning, match=r"bench\.contender"):
        found, failed = load_contenders(tmp_path, taken=())
    assert (found["entry"].title, failed) == ("an entry", {})


def test_an_empty_folder_or_a_name_of_the_benchmark_is_refused(tmp_path: Path) -> None:
    """A spelling mistake would cost twenty minutes; one figure would stand for two contenders."""
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NoContendersError, match="no folder with"):
            load_contenders(folder, taken=())
    (tmp_path / "rinha_normal.py").write_text(ENTRY)
    with pytest.raises(NoContendersError, match="rinha_normal"):
        load_contenders(tmp_path, taken={"rinha_normal"})
