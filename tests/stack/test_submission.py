"""An entry that breaks a rule of the arena is not written."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import submission
from stack.submission import ARENAS, broken_rules, compose_of, for_the_arena

IMAGE = "somebody/rinha:1.0"


@pytest.fixture
def compose() -> dict[str, Any]:
    return for_the_arena(compose_of("crebitos"), IMAGE)


@pytest.mark.parametrize("edition", ARENAS)
def test_the_shipped_stack_keeps_every_rule(edition: str) -> None:
    """The shipped stack keeps every rule: two instances of the named image and nginx."""
    compose = for_the_arena(compose_of(edition), IMAGE)
    assert broken_rules(compose, ARENAS[edition]) == []
    images = [service["image"] for service in compose["services"].values()]
    assert images.count(IMAGE) == 2
    assert len(images) == 3


@pytest.mark.parametrize("edition", ARENAS)
def test_settings_are_no_booleans(edition: str) -> None:
    """No setting is a bare `on` or `off` of YAML, which compose would pass as `true` or `false`."""
    for service in for_the_arena(compose_of(edition), IMAGE)["services"].values():
        assert not any(isinstance(text, bool) for text in service.get("environment", {}).values())


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
    """Each broken rule of the arena is named."""
    changed = copy.deepcopy(compose)
    changed["services"][service][field] = value
    assert any(rule in broken for broken in broken_rules(changed, ARENAS["crebitos"]))


@pytest.mark.parametrize(
    ("edition", "expected"),
    [("", ("1.5 CPU, 550 MB", "4k")), ("pessoas", ("1.5 CPU, 3000 MB", "16k"))],
)
def test_a_submission_is_complete(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    edition: str,
    expected: tuple[str, str],
) -> None:
    """A submission has all files that it mounts."""
    monkeypatch.setattr(submission, "DIST", tmp_path)
    monkeypatch.setenv("RINHA_EDITION", edition)
    monkeypatch.setattr("sys.argv", ["submission.py", "me", "latest-of-nothing"])
    assert submission.main() == 1
    monkeypatch.setattr("sys.argv", ["submission.py", "me", IMAGE])
    assert submission.main() == 0
    sums, longest = expected
    assert sums in capsys.readouterr().out
    entry = tmp_path / "me"
    written = {str(path.relative_to(entry)) for path in entry.rglob("*") if path.is_file()}
    included = {
        f"stack/nginx/{name}.conf" for name in (edition or "crebitos", "instances", "listen")
    }
    assert written == {"README.md", "docker-compose.yml", "nginx.conf"} | included
    text = (tmp_path / "me/docker-compose.yml").read_text()
    assert "$" not in text
    services = yaml.safe_load(text)["services"]
    assert services["nginx"]["ports"] == ["9999:9999"]
    assert services["nginx"]["network_mode"] == "host"
    assert services["api01"]["environment"]["RINHA_EDITION"] == (edition or "crebitos")
    assert services["api02"]["environment"]["RINHA_SYNCHRONOUS"] == "NORMAL"
    mounts = {
        volume.split(":")[1]: entry / volume.split(":")[0]
        for volume in services["nginx"]["volumes"]
        if isinstance(volume, str)
    }
    conf = mounts["/etc/nginx/nginx.conf"].read_text()
    for name in re.findall(r"include (\w+\.conf);", conf):
        assert mounts[f"/etc/nginx/{name}"].is_file()
    assert f"client_max_body_size {longest};" in mounts["/etc/nginx/edition.conf"].read_text()
    text = (tmp_path / "me/README.md").read_text()
    assert text.startswith("# me\n")
    assert ("MongoDB" in text) == (edition == "pessoas")
