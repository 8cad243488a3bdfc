"""Containers share out the limits of the contest's two instances among another number."""

import json
from typing import Any

import pytest

from rinha.errors import SettingError
from stack.container_instances import scaled
from stack.submission import compose_of, sums


def merged() -> dict[str, Any]:
    """docker-compose.yml as `docker compose config --format json` shows its limits: in bytes."""
    # Without the anchors that services of the file share.
    compose: dict[str, Any] = json.loads(json.dumps(compose_of("crebitos")))
    del compose["services"]["tests"]
    for service in compose["services"].values():
        limits = service["deploy"]["resources"]["limits"]
        limits["memory"] = str(int(limits["memory"].removesuffix("MB")) * 2**20)
    return compose


def limits_of(found: dict[str, Any], name: str) -> dict[str, str]:
    limits: dict[str, str] = found["services"][name]["deploy"]["resources"]["limits"]
    return limits


@pytest.mark.parametrize("number", [1, 3, 4, 6])
def test_the_limits_are_shared_out(number: int) -> None:
    """The sums stay at most the contest's; nginx asks every instance."""
    found, conf = scaled(merged(), str(number), 8)
    names = [f"api{one:02d}" for one in range(1, number + 1)]
    assert list(found["services"]) == names
    assert conf == "".join(f"server unix:{name}.sock max_fails=0;\n" for name in names)
    cpus, memory_mb = sums(found)
    assert 0.97 <= cpus <= 0.98
    assert 240 - number < memory_mb <= 240


def test_a_further_instance_is_as_the_first() -> None:
    """It has the image, the hardening and the settings of api01, and a socket of its own."""
    first = merged()["services"]["api01"]
    found, _ = scaled(merged(), "3", 8)
    third = found["services"]["api03"]
    assert third["environment"]["RINHA_LISTEN"] == "unix:/ledger/api03.sock"
    assert {name for name in first if first[name] != third[name]} == {"environment", "deploy"}
    assert limits_of(found, "api03")["pids"] == first["deploy"]["resources"]["limits"]["pids"]
    for name in ("api01", "api02", "api03"):
        assert found["services"][name]["environment"]["INSTANCES"] == "3"


@pytest.mark.parametrize(("cores", "number"), [(1, 2), (2, 2), (8, 2)])
def test_auto_follows_the_declared_limits(cores: float, number: int) -> None:
    """The contest's 1.5 CPU are two cores, on any machine."""
    found, _ = scaled(merged(), "auto", cores)
    assert len(found["services"]) == number


def test_auto_grows_with_the_limits() -> None:
    """With more CPU `auto` has an instance for each core, as far as the machine has cores."""
    compose = merged()
    for name in ("api01", "api02"):
        limits = compose["services"][name]["deploy"]["resources"]["limits"]
        limits |= {"cpus": 3.0, "memory": str(500 * 2**20)}
    assert len(scaled(compose, "auto", 16)[0]["services"]) == 7
    assert len(scaled(compose, "auto", 4)[0]["services"]) == 4


@pytest.mark.parametrize(("number", "said"), [("7", "34 MB each"), ("0", "whole number")])
def test_too_many_are_refused(number: str, said: str) -> None:
    """Instances whose share of memory is too small are refused, and so is no number."""
    with pytest.raises(SettingError, match=said):
        scaled(merged(), number, 8)
