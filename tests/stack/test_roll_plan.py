"""Which differences `make up` applies to a running stack, and in which order."""

from pathlib import Path

import pytest

from rinha.settings import load
from stack import effective_settings, fingerprint, roll_plan
from stack.parts import Layout, parts_of
from stack.roll_plan import Step, leaves_a_gap, refusal, steps

TWO = ("api01", "api02", "nginx")


def planned(running: tuple[str, ...], **asked: str) -> list[str]:
    found = steps(parts_of(Layout(load(asked), Path())), running)
    return [f"{step.action} {step.name}" for step in found]


def test_instances_come_before_nginx_knows_them_and_end_after_it_has_left() -> None:
    """Instances listen before nginx is told of them, and end after it has left them."""
    both = ["replace api01", "replace api02"]
    assert planned(TWO) == [*both, "reload nginx"]
    assert planned(TWO, INSTANCES="3") == ["start api03", *both, "reload nginx"]
    three = (*TWO, "api03")
    assert planned(three) == [*both, "reload nginx", "end api03"]


def test_a_single_instance_is_replaced_beside_another_one_if_there_is_one() -> None:
    """nginx knows a second instance before the only old one ends; without a second, up warns."""
    one = ("api01", "nginx")
    assert planned(one, INSTANCES="2") == [
        *("start api02", "reload nginx", "replace api01", "reload nginx")
    ]
    assert planned(TWO, INSTANCES="1") == ["replace api01", "reload nginx", "end api02"]
    assert leaves_a_gap([Step("replace", "api01"), Step("reload", "nginx")])
    for running, wanted in ((one, "2"), (TWO, "1"), (TWO, "2")):
        found = steps(parts_of(Layout(load({"INSTANCES": wanted}), Path())), running)
        assert not leaves_a_gap(found)


def test_a_replica_begins_before_the_instances_and_ends_after_them() -> None:
    """The replica is the first part to start, and the last to end."""
    replica = {"RINHA_REPLICA": "file:///copy"}
    assert planned(TWO, **replica)[0] == "start replica"
    assert planned((*TWO, "replica"), **replica)[0] == "replace replica"
    assert planned((*TWO, "api03", "replica"))[-2:] == ["end api03", "end replica"]


@pytest.mark.parametrize("name", ["RINHA_LEDGER", "RINHA_EDITION", "PGHOST", "MODE"])
def test_what_two_instances_must_agree_on_is_refused(name: str) -> None:
    """A setting on which the instances must agree is refused with its reason; others are not."""
    found = refusal(["PORT", name])
    assert found
    assert found[0] == name
    assert found[1] in roll_plan.REFUSED.values()
    assert refusal(["PORT", "RINHA_SYNCHRONOUS", "AWS_REGION", "RINHA_REPLICA"]) is None


def test_only_settings_that_changed_are_written() -> None:
    """A part gets only the settings that its supervisor does not have; a removed one is unset."""
    started = {"HOME": "/a", "PORT": "1", "PGPASSWORD": "same", "AWS_REGION": "x"}
    asked = {"HOME": "/b", "PORT": "2", "PGPASSWORD": "same", "RINHA_RESET": "off"}
    found = effective_settings.overrides(started, asked)
    assert found == {"PORT": "2", "AWS_REGION": None, "RINHA_RESET": "off"}
    assert effective_settings.overrides(started, started) == {}


def test_the_fingerprint_is_of_what_the_parts_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed source, lock or nginx changes the fingerprint; a changed document does not."""
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    nginx = tmp_path / "bin" / "nginx"
    monkeypatch.setattr(fingerprint, "NGINX", str(nginx))
    names = ("rinha/a.py", "stack/nginx/a.conf", "locks/ops.txt", "nginx.conf", "ops/page/a.js")
    found = [fingerprint.of_code()]
    for path in (*(tmp_path / name for name in names), nginx):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
        found.append(fingerprint.of_code())
    nginx.write_text("two")
    found.append(fingerprint.of_code())
    assert len(set(found)) == len(found)
    (tmp_path / "README.md").write_text("three")
    (tmp_path / "locks" / "dev.txt").write_text("three")
    assert fingerprint.of_code() == found[-1]
