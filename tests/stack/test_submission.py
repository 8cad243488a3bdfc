"""An entry that breaks a rule of the arena is not written."""

import copy
from typing import Any

import pytest
import yaml

from stack import submission
from stack.submission import ROOT, broken_rules, for_the_arena

IMAGE = "somebody/rinha:1.0"


@pytest.fixture
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text().replace("${PORT:-9999}", "9999")
    return for_the_arena(yaml.safe_load(text), IMAGE)


def test_the_shipped_stack_keeps_every_rule(compose: dict[str, Any]) -> None:
    """Two instances of the named image and nginx, and nothing else."""
    assert broken_rules(compose) == []
    images = [service["image"] for service in compose["services"].values()]
    assert images.count(IMAGE) == 2
    assert len(images) == 3


@pytest.mark.parametrize(
    ("service", "field", "value", "rule"),
    [
        ("nginx", "ports", ["8080:9999"], "port"),
        ("nginx", "ports", [], "port"),
        ("api01", "ports", ["1:1"], "port"),
        ("api01", "image", "rinha", "tag"),
        ("api01", "image", "other:1", "two instances"),
        ("api01", "platform", "linux/arm64", "amd64"),
        ("api01", "build", ".", "built"),
        ("api01", "deploy", {}, "CPU"),
        ("nginx", "deploy", {"resources": {"limits": {"cpus": "0.6", "memory": "1MB"}}}, "CPU"),
        ("nginx", "deploy", {"resources": {"limits": {"cpus": "0.5", "memory": "311MB"}}}, "MB"),
        ("nginx", "deploy", {"resources": {"limits": {"cpus": "0.5", "memory": "50M"}}}, "in MB"),
    ],
)
def test_each_broken_rule_is_named(
    compose: dict[str, Any], service: str, field: str, value: object, rule: str
) -> None:
    """Nobody finds out in the arena what could be said at home."""
    changed = copy.deepcopy(compose)
    changed["services"][service][field] = value
    assert any(rule in broken for broken in broken_rules(changed))


def test_a_submission_is_complete(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three files that stand alone; without a name or an image nothing is written."""
    for name in ("docker-compose.yml", "nginx.conf"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.setattr(submission, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["submission.py", "", ""])
    assert submission.main() == 2
    monkeypatch.setattr("sys.argv", ["submission.py", "me", "latest-of-nothing"])
    assert submission.main() == 1
    monkeypatch.setattr("sys.argv", ["submission.py", "me", IMAGE])
    assert submission.main() == 0
    assert "1.5 CPU, 550 MB" in capsys.readouterr().out
    written = sorted(path.name for path in (tmp_path / "dist/participante/me").iterdir())
    assert written == ["README.md", "docker-compose.yml", "nginx.conf"]
    text = (tmp_path / "dist/participante/me/docker-compose.yml").read_text()
    assert "$" not in text
    assert yaml.safe_load(text)["services"]["nginx"]["ports"] == ["9999:9999"]
