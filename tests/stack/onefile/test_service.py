"""The one file as a service, on a low port, under a real systemd."""

from pathlib import Path

from tests.help.commands import run
from tests.stack.systemd.boot import NEEDED, assert_served, booted

pytestmark = NEEDED
# CAP_NET_BIND_SERVICE.
LOW_PORT = f"{1 << 10:016x}"


def test_systemd_runs_the_one_file(tmp_path: Path, executables: dict[str, Path]) -> None:
    """All parts run from the one file, confined; nginx listens on port 80 without root's rights."""
    root = tmp_path / "service"
    environment = {"PORT": "80", "OPS_PORT": "off"}
    done = run(
        executables["rinha"], "install-service", "--root", root, cwd=tmp_path, env=environment
    )
    assert done.code == 0, done.text
    found = booted(tmp_path, 80)
    assert_served(found)
    assert found["CapEff"] == LOW_PORT
