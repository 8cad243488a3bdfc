"""An upgrade from a version before `make up` could upgrade, whose code is in git's history."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.help.checkout import Checkout
from tests.help.ledgers import query
from tests.help.new_connections import NewConnections
from tests.help.running import ANSWER_MAX_S, ROOT

# It serves version 1 of the ledger, and its stack has other scripts and another nginx.conf.
OLDER = "f34db88"
RATE = 340


def older_code() -> bytes:
    """Returns an archive of the older version. A shallow clone has none."""
    command = ["git", "archive", OLDER, "rinha", "stack", "ops", "nginx.conf", "schema.sql"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"the commit {OLDER} is not in this clone")
    return done.stdout


@pytest.mark.tools
def test_an_older_version_is_upgraded_and_no_request_fails(checkout: Checkout) -> None:
    """The older stack is upgraded under 340 requests/s, its ledger too, and none fails."""
    archive = older_code()
    home = checkout.folder
    new = home / "new"
    new.mkdir()
    for path in home.iterdir():
        if path.name not in ("new", ".venv"):
            path.rename(new / path.name)
    subprocess.run(["tar", "-x"], cwd=home, input=archive, check=True)
    old = [path for path in home.iterdir() if path.name not in ("new", ".venv")]
    ports = {"PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}
    # The commands of that version.
    subprocess.run(
        [sys.executable, "-m", "stack.plain", "up"],
        cwd=home, env={**os.environ, **ports}, check=True, timeout=ANSWER_MAX_S,
    )  # fmt: skip
    with NewConnections(checkout.port, RATE, seed=1) as load:
        for path in old:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in new.iterdir():
            path.rename(home / path.name)
        code, said = checkout.stack("up")
    assert (code, "(changed while it served: the code)" in said) == (0, True), said
    assert load.failed == []
    load.assert_explains_every_balance()
    ledger = str(home / "var" / "rinha.db")
    assert query(ledger, "PRAGMA user_version") == [(2,)]
    load.assert_explains_every_row(ledger)
    assert "every promise holds" in checkout.stack("check")[1]
    assert "is up already" in checkout.stack("up")[1]
