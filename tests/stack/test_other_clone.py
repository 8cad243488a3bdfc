"""A stack that another clone has started, or the same one before it was moved."""

import shutil
from pathlib import Path

import pytest

from tests.help.checkout import Checkout, wait_until_nothing_runs_in
from tests.help.commands import Ended, run


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


def test_a_clone_that_was_moved_says_so(checkout: Checkout) -> None:
    """Parts that end cannot be restarted from the old place: `status` says so, `up` mends it."""
    old, new = checkout.folder / "old", checkout.folder / "new"
    env = {"PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}

    def stack(folder: Path, command: str) -> Ended:
        return run(folder / ".venv/bin/python", "-m", "stack", command, cwd=folder, env=env)

    another(old, checkout)
    assert stack(old, "up").code == 0
    assert "was moved" not in stack(old, "status").text
    old.rename(new)
    said = f"{old}/.venv/bin/python was moved or removed, so a part that ends cannot be restarted"
    assert stack(new, "status").text.count(said) == 1
    assert stack(new, "up").code == 0
    assert "was moved" not in stack(new, "status").text
    assert stack(new, "down").code == 0
    wait_until_nothing_runs_in(checkout.folder)
