"""`make profile`: the flame graph of an instance, and the processes that it leaves."""

import sys
from pathlib import Path

import pytest

from stack import flame_graph
from stack.run.processes import StackFailedError
from tests.help.checkout import Checkout
from tests.help.commands import run


@pytest.mark.tools
@pytest.mark.needs("py-spy")
def test_the_flame_graph_names_the_ledger(checkout: Checkout) -> None:
    """The picture has the method that writes a transaction, and no process is left."""
    done = run(sys.executable, "-m", "stack.flame_graph", cwd=checkout.folder)
    assert done.code == 0, done.text
    picture = (checkout.folder / done.out.strip()).read_text()
    assert "SqliteLedger.transact" in picture
    assert "sqlite3" in picture, "frames of C"


@pytest.mark.needs("nginx")
@pytest.mark.starts
def test_a_profiler_that_fails_is_quoted(
    tmp_path: Path,
) -> None:
    """If py-spy may not sample the instance, the error has its reason."""
    py_spy = tmp_path / "py-spy"
    py_spy.write_text("#!/bin/sh\necho Error: Permission Denied\nexit 1\n")
    py_spy.chmod(0o755)
    with pytest.raises(StackFailedError, match=r"^api01 ended with 1: Error: Permission Denied$"):
        flame_graph.profile(tmp_path, str(py_spy))
