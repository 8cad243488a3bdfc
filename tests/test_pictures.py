"""The pictures of the README and of docs/."""

import pytest

from pictures.badges import Badge, badges, svg
from tests.help.running import ROOT

IMAGES = ROOT / "docs/images"


@pytest.mark.parametrize("badge", badges(), ids=lambda badge: badge.name)
def test_badges_are_true(badge: Badge) -> None:
    """A badge says what pyproject.toml, LICENSE and the locks say; `make badges` renews it."""
    kept = (IMAGES / f"{badge.name}.svg").read_text()
    assert kept == svg(badge)
