"""Fixtures of the tests that break things on purpose. Imports nothing of ours."""

import shutil

import pytest


@pytest.fixture
def strace_is_there() -> None:
    """A machine without it skips what needs it, in one line."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
