"""A stack that another clone has started: an earlier one in this place, or one with this var."""

import shutil
from pathlib import Path

import pytest

from tests.help.checkout import Checkout, wait_until_nothing_runs_in


def another(folder: Path, first: Checkout) -> Checkout:
    """Returns another clone, whose settings are those of the first."""
    made = Checkout(folder)
    made.port, made.ops_port = first.port, first.ops_port
    return made


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_clone_that_was_removed_and_made_again_ends_the_old_stack(
    checkout: Checkout, command: str
) -> None:
    """The stack of a removed clone holds the ports: a new clone in its place stops it."""
    assert checkout.stack("up")[0] == 0
    shutil.rmtree(checkout.folder)
    code, text = another(checkout.folder, checkout).stack(command)
    assert (code, "rinha is " + command in text) == (0, True), text
    assert checkout.stack("status")[0] == (0 if command == "up" else 3)


def test_a_clone_with_the_same_var_takes_over_the_stack(checkout: Checkout) -> None:
    """A clone whose var/ links to that of the running stack upgrades it, and starts it anew where
    the old clone is gone. Nothing is left of either."""
    old, new, shared = (checkout.folder / name for name in ("old", "new", "shared"))
    shared.mkdir(mode=0o700)
    first = another(old, checkout)
    second = another(new, checkout)
    for clone in (first, second):
        (clone.folder / "var").symlink_to(shared)
    assert first.stack("up")[0] == 0
    assert set(second.instances()) == {"api01", "api02"}
    code, text = second.stack("up", INSTANCES="3")
    assert (code, "changed while it served: the code, INSTANCES" in text) == (0, True), text
    shutil.rmtree(old)
    code, text = second.stack("up", INSTANCES="3")
    assert (code, f"rinha is up: http://localhost:{checkout.port} (nginx, 3" in text) == (0, True)
    assert second.stack("check")[0] == 0
    assert second.stack("down")[0] == 0
    wait_until_nothing_runs_in(checkout.folder)
