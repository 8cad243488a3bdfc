"""Stacks of a folder outside are measured beside the project's own."""

from pathlib import Path

import pytest

from bench.gather import NoStacksError, gather

AN_ENTRY = """
from bench.parts.stack import Part, Share, Stack
STACK = Stack("an entry", lambda folder, port: [Part("server", ["true"], Share(1.5, 550))])
"""


def test_a_folder_adds_stacks_after_our_own(tmp_path: Path) -> None:
    """In a quick run too: whoever names a folder wants them."""
    (tmp_path / "entry.py").write_text(AN_ENTRY)
    (tmp_path / "_shared.py").write_text("raise SystemExit")
    found, failed = gather(tmp_path, quick=True)
    own, _ = gather(None, quick=True)
    assert [*found] == [*own, "entry"]
    assert found["entry"].title == "an entry"
    assert "entry" not in failed


@pytest.mark.parametrize(
    ("text", "words"),
    [("import no_such_thing", "no_such_thing"), ("STACK = 3", "int"), ("x = 1", "STACK")],
)
def test_one_that_cannot_be_loaded_is_named_with_the_reason(
    tmp_path: Path, text: str, words: str
) -> None:
    """The others are measured all the same."""
    (tmp_path / "broken.py").write_text(text)
    (tmp_path / "entry.py").write_text(AN_ENTRY)
    found, failed = gather(tmp_path, quick=True)
    assert words in failed["broken"]
    assert "entry" in found


def test_a_folder_without_stacks_is_refused(tmp_path: Path) -> None:
    """So is one that is not there: a spelling mistake would cost twenty minutes."""
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NoStacksError, match="no folder with"):
            gather(folder, quick=True)


def test_a_name_of_our_own_is_taken(tmp_path: Path) -> None:
    """One figure would stand for two stacks."""
    (tmp_path / "rinha_normal.py").write_text(AN_ENTRY)
    with pytest.raises(NoStacksError, match="rinha_normal"):
        gather(tmp_path, quick=True)
