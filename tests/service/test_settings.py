"""Settings come from the environment, and a bad one is refused."""

from pathlib import Path

import pytest

from rinha.errors import SettingError
from rinha.settings import KNOBS, describe, load
from tests.help.running import ROOT


def test_an_empty_environment_is_a_whole_configuration() -> None:
    """Every knob has a default, and an empty value means the default."""
    settings = load({})
    assert load(dict.fromkeys(KNOBS, "")) == settings
    assert (settings.synchronous, settings.reset, settings.instances) == ("NORMAL", False, 2)
    assert (settings.lock_wait_s, settings.port) == (1.0, 9999)
    assert settings.listen == "unix:var/api01.sock"
    assert settings.ledger == Path("var/rinha.db")


def test_values_are_read_in_any_case() -> None:
    """Words are taken as people write them."""
    settings = load(
        {
            "RINHA_SYNCHRONOUS": "full",
            "RINHA_RESET": "ON",
            "RINHA_LISTEN": "127.0.0.1:8080",
            "RINHA_LOG_LEVEL": "DEBUG",
        }
    )
    assert (settings.synchronous, settings.reset, settings.log_level) == ("FULL", True, "debug")
    assert settings.listen == ("127.0.0.1", 8080)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RINHA_LEDGER", " "),
        ("RINHA_LISTEN", "8080"),
        ("RINHA_LISTEN", "localhost:0"),
        ("RINHA_LISTEN", "localhost:65536"),
        ("RINHA_LISTEN", "localhost:http"),
        ("RINHA_LISTEN", "unix:"),
        ("RINHA_SYNCHRONOUS", "OFF"),
        ("RINHA_SYNCHRONOUS", "1"),
        ("RINHA_LOCK_WAIT_MS", "0"),
        ("RINHA_LOCK_WAIT_MS", "-1"),
        ("RINHA_LOCK_WAIT_MS", "1.5"),
        ("RINHA_LOCK_WAIT_MS", "１"),
        ("RINHA_LOCK_WAIT_MS", "10001"),
        ("RINHA_RESET", "yes"),
        ("RINHA_LOG_LEVEL", "loud"),
        ("INSTANCES", "0"),
        ("INSTANCES", "17"),
        ("INSTANCES", "two"),
        ("PORT", "0"),
        ("PORT", "65536"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    """A refusal names the setting, its value and what it must be."""
    with pytest.raises(SettingError, match=name) as refusal:
        load({name: value})
    assert "must" in str(refusal.value)


def test_every_knob_is_described_everywhere() -> None:
    """--help, .env.example and the README know every knob, with its default."""
    help_text = describe()
    example = (ROOT / ".env.example").read_text()
    for name, knob in KNOBS.items():
        assert f"{name}={knob.default}" in help_text
        # The stack itself says where the ledger is, where an instance listens, whether it counts.
        assert name in ("RINHA_LEDGER", "RINHA_LISTEN", "RINHA_METRICS") or f"\n{name}=" in example
        assert name in (ROOT / "README.md").read_text()
        assert name in (ROOT / "README.pt-BR.md").read_text()
