"""The measurements that have commands of their own, where their port is in use."""

import socket
from types import ModuleType

import pytest

from bench.crebitos import redis_loss
from bench.proxies import retries
from stack.run.limits import ControlGroups


@pytest.mark.parametrize(
    ("program", "words"), [(retries, ["{port}"]), (redis_loss, ["--port", "{port}"])]
)
def test_a_port_in_use_is_one_line_and_leaves_no_group(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: ModuleType,
    words: list[str],
) -> None:
    """A measurement that cannot start says why, and removes the control groups that it made."""
    steps: list[str] = []

    def make(_groups: ControlGroups) -> None:
        steps.append("made")

    def remove(_groups: ControlGroups) -> None:
        steps.append("removed")

    monkeypatch.setattr(ControlGroups, "__init__", make)
    monkeypatch.setattr(ControlGroups, "remove", remove)
    monkeypatch.setattr(ControlGroups, "limit_cpu", False, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        arguments = [word.format(port=port) for word in words]
        monkeypatch.setattr("sys.argv", [program.__name__, *arguments])
        assert program.main() == 2
    assert capsys.readouterr().err == f"bench: port {port} is in use by another program\n"
    assert steps == ["made", "removed"]
