"""Settings come from the environment, and a bad value is refused."""

import re
from pathlib import Path

import pytest
import yaml

from rinha.address import ledger_of
from rinha.errors import SettingError
from rinha.settings import ONLY_FOR_FILES, SETTINGS, describe, load
from tests.help.commands import assert_refused
from tests.help.running import ROOT, finish, rinha


def test_an_empty_environment_is_a_whole_configuration() -> None:
    """Every setting has a default, and an empty value means the default."""
    settings = load({})
    assert load(dict.fromkeys(SETTINGS, "")) == settings
    assert (settings.synchronous, settings.reset, settings.instances) == ("FULL", False, 2)
    assert (settings.lock_wait_s, settings.port) == (1.0, 9999)
    assert settings.listen == "unix:var/api01.sock"
    assert settings.ledger == Path("var/rinha.db")


def test_values_are_read_in_any_case() -> None:
    """Values are accepted in any letter case."""
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
        ("RINHA_LEDGER", "postgresql://rinha:secret@localhost/rinha"),
        ("RINHA_LISTEN", "8080"),
        ("RINHA_LISTEN", "localhost:0"),
        ("RINHA_LISTEN", "localhost:65536"),
        ("RINHA_LISTEN", "localhost:http"),
        ("RINHA_LISTEN", "unix:"),
        ("RINHA_LISTEN", "unix:\udcff.sock"),
        ("RINHA_SYNCHRONOUS", "OFF"),
        ("RINHA_SYNCHRONOUS", "1"),
        ("RINHA_IDEMPOTENCY_HOURS", "23"),
        ("RINHA_IDEMPOTENCY_HOURS", "8785"),
        ("RINHA_IDEMPOTENCY_HOURS", "1d"),
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
    """A refusal names the setting and says what it must be."""
    with pytest.raises(SettingError, match=name) as refusal:
        load({name: value})
    assert "must" in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://rinha@a,b:5433,[::1]/rinha",
        "postgresql:///rinha?host=/run/postgresql&passfile=/run/secrets/pgpass",
        "postgres://localhost/rinha",
    ],
)
def test_a_server_is_told_from_a_file_by_its_form(address: str) -> None:
    """A server is recognised by its scheme; any other value is a path."""
    settings = load({"RINHA_LEDGER": address})
    assert (settings.ledger, settings.engine) == (address, "postgres")
    assert load({"RINHA_LEDGER": "var/postgresql"}).engine == "sqlite"


# Values with a secret: the variable, a part of the error, and what the error must not show.
SECRETS = {
    ("RINHA_LEDGER", "must not hold a password", "secret|se/cr|localhost"): [
        "postgresql://rinha:secret@localhost/rinha",
        "postgresql://rinha:se/cr@et@localhost/rinha",
        "postgresql://:secret@/rinha",
        "postgresql://rinha@localhost/rinha?password=secret",
        "postgresql://rinha@localhost/rinha?sslmode=require&sslpassword=secret",
        "postgresql://rinha@localhost/rinha?%70assword=secret",
        "postgresql://rinha@localhost/rinha?pasword=secret",
        "postgresql://rinha@localhost/rinha?PASSWORD=secret",
    ],
    # Mistyped addresses, which would be shown if they were taken for paths.
    ("RINHA_LEDGER", "RINHA_LEDGER must", "secret|mysql|u:"): [
        "postgresqll://u:secret@h/db",
        "POSTGRESQL://u:secret@h/db",
        "Postgres://u:secret@h/db",
        "mysql://u:secret@h/db",
        "mysql://x",
        " postgresql://u:secret@h/db",
        "\tpostgresql://u:secret@h/db",
        "postgresql:/u:secret@h/db",
        "postgresql:u:secret@h/db",
        "://u:secret@h/db",
        "//u:secret@h/db",
        "u:secret@h/db",
        "postgresql://u:secret/db",
        "postgresql://h,u:secret,h/db",
        "host=h password=secret dbname=db",
        "dbname = db password = secret",
        "file:///u:secret@h",
    ],
    ("RINHA_REPLICA", "RINHA_REPLICA", "sec.?ret|key:"): [
        "s3://key:sec/ret@bucket/x",
        "s3://key:secret@bucket",
        "s3://b/f?a=1#key:secret@x",
    ],
}


@pytest.mark.parametrize(
    ("name", "reason", "hidden", "value"),
    [(*how, value) for how, values in SECRETS.items() for value in values],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(
    name: str, reason: str, hidden: str, value: str
) -> None:
    """An address with a secret, perhaps mistyped, is refused, and the error does not show it."""
    with pytest.raises(SettingError, match=reason) as refusal:
        load({name: value})
    assert not set(re.findall(hidden, str(refusal.value)))


@pytest.mark.parametrize("command", ["serve", "check", "sql", "move"])
def test_no_command_shows_a_mistyped_address(command: str) -> None:
    """No command shows a mistyped address, from the environment or from an argument."""
    address = "POSTGRESQL://u:secret@h/db"
    words = [command, address, "other.db"] if command == "move" else [command]
    ledger = {} if command == "move" else {"RINHA_LEDGER": address}
    err = assert_refused(finish(rinha(*words, **ledger)), "RINHA_LEDGER must")
    assert "secret" not in err


def test_an_address_in_another_encoding_is_refused() -> None:
    """An address as an argument that is not in UTF-8 is refused like one in the environment."""
    with pytest.raises(SettingError, match="must be in UTF-8"):
        ledger_of("postgresql://localhost/\udcff")


@pytest.mark.parametrize(
    "path", ["var/a=b.db", "var/a@b.db", "./a:b@c.db", "postgres.db", "var/postgresql:x", "host.db"]
)
def test_an_odd_path_is_a_path(path: str) -> None:
    """An odd path that cannot be an address is a path."""
    assert load({"RINHA_LEDGER": path}).ledger == Path(path)


@pytest.mark.parametrize("name", ONLY_FOR_FILES)
def test_what_means_nothing_to_a_server_is_refused(name: str) -> None:
    """A setting that has no effect on a server is refused, not ignored; the pages say so."""
    value = SETTINGS[name].default or "file:///there"
    with pytest.raises(SettingError, match=name):
        load({"RINHA_LEDGER": "postgresql://rinha@localhost/rinha", name: value})
    for page in ("docs/settings.md", "docs/settings.pt-BR.md"):
        assert f"`{name}`" in (ROOT / page).read_text().splitlines()[-1]


def test_every_setting_is_described_everywhere() -> None:
    """`--help`, .env.example and the settings pages have every setting."""
    help_text = describe()
    example = (ROOT / ".env.example").read_text()
    for name, setting in SETTINGS.items():
        assert f"{name}={setting.default}" in help_text
        # The stack itself sets where an instance listens, and whether it counts. Settings that only
        # a file has are commented out in the example.
        is_shown = re.search(f"^(# )?{name}=", example, re.MULTILINE)
        assert name in ("RINHA_LISTEN", "RINHA_METRICS") or is_shown
        assert name in (ROOT / "docs/settings.md").read_text()
        assert name in (ROOT / "docs/settings.pt-BR.md").read_text()


def test_every_setting_reaches_the_containers() -> None:
    """A compose file passes on each setting, and `make up` compares it with that of a container."""
    files = [ROOT / "docker-compose.yml", *(ROOT / "stack/compose").glob("*.yml")]
    passed_on = {name for file in files for name in re.findall(r"\$\{(\w+)", file.read_text())}
    script = (ROOT / "stack/containers.sh").read_text()
    compared = set(re.findall(r"[A-Z_]+", script.split("differences() {")[1].split("\n}")[0]))
    # The files have the values of these.
    fixed = {"RINHA_LEDGER", "RINHA_EDITION", "RINHA_LISTEN", "RINHA_METRICS"}
    # `make up` writes a file for another number of instances.
    assert set(SETTINGS) - fixed - {"INSTANCES"} - passed_on == set()
    assert set(SETTINGS) - {"RINHA_LEDGER", "RINHA_LISTEN"} - compared == set()


def test_instances_in_containers_know_their_replica() -> None:
    """Instances in containers also report the lag of the replica, for the page and its alert."""
    replica = yaml.safe_load((ROOT / "stack/compose/replica.yml").read_text())
    told = {
        name: service.get("environment", {}).get("RINHA_REPLICA")
        for name, service in replica["services"].items()
    }
    assert told == dict.fromkeys(("api01", "api02", "replica"), "${RINHA_REPLICA}")
