"""The benchmark's stack of the one file."""

import pytest

from bench.parts.stack import Running
from tests.bench.test_stacks import BUILT, folder, running
from tests.loadtest.command import loadtest

__all__ = ["folder", "running"]


@pytest.mark.parametrize("name", BUILT)
def test_it_does_what_the_judge_wants(name: str, running: Running) -> None:
    """What is compared does the same job: every rule that the official judge asks holds."""
    checked = loadtest("check", "--no-strict", f"http://127.0.0.1:{running.port}")
    assert checked.code == 0, checked.out
