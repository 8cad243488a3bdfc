"""The service of a clone under a real systemd."""

import os
from pathlib import Path

import pytest

from rinha.settings import load
from stack.systemd import install
from tests.stack.systemd.boot import NEEDED, assert_served, booted

pytestmark = [*NEEDED, pytest.mark.needs("nginx")]
NO_CAPABILITY = "0000000000000000"


def test_systemd_runs_restarts_and_stops_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed and frozen parts are restarted, and no transaction is lost; the stop is clean.

    A restart under load fails no request; with settings that are wrong it replaces nothing.
    """
    monkeypatch.setenv("PORT", "23000")
    monkeypatch.setenv("OPS_PORT", "off")
    assert install.install(load(os.environ), tmp_path / "service") == 0
    found = booted(tmp_path, 23000)
    assert_served(found)
    assert found["CapEff"] == NO_CAPABILITY
