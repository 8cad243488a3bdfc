"""What runs is compared with what is asked for: no setting is passed over in silence."""

import os
import re
import subprocess
import sys

import pytest

from loadtest.editions import NAMES
from rinha.settings import KNOBS
from stack import dotenv
from stack.environ import differing
from tests.help.checkout import Checkout
from tests.help.running import ROOT, Client

# Another value of each setting, as somebody may ask for it while the stack runs.
OTHERS = {
    "BIND": "127.0.0.1",
    "INSTANCES": "3",
    "OPS_PORT": "off",
    "PORT": "8888",
    "RINHA_AUDIT_EVERY": "6h",
    "RINHA_EDITION": "pessoas",
    "RINHA_LEDGER": "var/other.db",
    "RINHA_LOCK_WAIT_MS": "500",
    "RINHA_LOG_LEVEL": "debug",
    "RINHA_REPLICA": "file:///elsewhere",
    "RINHA_RESET": "on",
    "RINHA_SYNCHRONOUS": "FULL",
}


def test_every_setting_has_another_value_here() -> None:
    """A new setting is compared too."""
    assert set(OTHERS) == set(KNOBS) & set(dotenv.NAMES)


@pytest.mark.parametrize("name", OTHERS)
def test_a_setting_that_differs_is_named(name: str) -> None:
    """Asked for anew, taken back, or changed from another value."""
    other = {name: OTHERS[name]}
    assert differing({}, other) == [name]
    assert differing(other, {}) == [name]
    assert differing(other, other) == []
    assert differing({name: ""}, {name: KNOBS[name].default}) == []


def test_how_a_value_is_written_is_no_difference() -> None:
    """Case, the contest's names, and a default that is spelled out."""
    runs = {"RINHA_SYNCHRONOUS": "FULL", "RINHA_EDITION": "pessoas", "OPS_PORT": "off"}
    asked = {"RINHA_SYNCHRONOUS": "full", "RINHA_EDITION": "2023q3", "OPS_PORT": "OFF"}
    assert differing(runs, {**asked, "PORT": "9999"}) == []


def test_credentials_are_compared_where_they_are_used() -> None:
    """By name: those of servers where the ledger is on servers, those of S3 where the copy is."""
    servers = {"RINHA_LEDGER": "postgresql://rinha@a/rinha"}
    assert differing({**servers, "PGPASSWORD": "a"}, {**servers, "PGPASSWORD": "b"}) == [
        "PGPASSWORD"
    ]
    bucket = {"RINHA_REPLICA": "s3://bucket"}
    assert differing(bucket, {**bucket, "AWS_REGION": "a"}) == ["AWS_REGION"]
    assert differing({}, {"PGPASSWORD": "b", "AWS_REGION": "a"}) == []


def test_a_stack_of_another_version_is_compared_too() -> None:
    """Its environment has what was asked of it; a value that this version refuses is another."""
    assert differing({"PORT": "8888", "RINHA_OLD": "1"}, {"PORT": "8888"}) == []
    assert differing({"PORT": "none"}, {}) == ["PORT"]
    assert differing({}, {"MODE": "docker"}) == ["MODE"]


def test_up_on_a_running_stack_refuses_other_settings(checkout: Checkout) -> None:
    """From the environment or from .env: it names them, and changes nothing."""
    assert checkout.stack("up", RINHA_LEDGER="var/mine.db")[0] == 0
    asked = {"RINHA_LEDGER": "var/mine.db", "RINHA_RESET": "ON"}
    assert "is up already" in checkout.stack("up", **asked)[1]
    code, said = checkout.stack("up", **asked, INSTANCES="3", RINHA_SYNCHRONOUS="FULL")
    assert (code, said.count("\n")) == (2, 1)
    assert "other settings (RINHA_SYNCHRONOUS, INSTANCES): `make down` first" in said
    (checkout.folder / ".env").write_text("RINHA_RESET=off\nRINHA_LEDGER='var/mine.db'\n")
    code, said = checkout.stack("up")
    assert (code, "other settings (RINHA_RESET)" in said) == (2, True)
    assert Client(checkout.port)("POST", "/reset").status == 200
    assert checkout.stack("down")[0] == 0
    assert checkout.stack("up")[0] == 0
    assert Client(checkout.port)("POST", "/reset").status == 403


def test_a_running_stack_is_asked_with_its_own_settings(checkout: Checkout) -> None:
    """Its ledger is audited and its page is watched, whatever .env says by now."""
    assert checkout.stack("up", RINHA_LEDGER="var/mine.db")[0] == 0
    (checkout.folder / ".env").write_text("RINHA_LEDGER=var/other.db\nOPS_PORT=1\n")
    assert "\nvar/mine.db: 0 transactions" in checkout.stack("check")[1]
    script = "import os; from stack.environ import settle; settle('watch'); print(os.environ['{}'])"
    environment = {name: os.environ[name] for name in ("PATH",)}
    done = subprocess.run(
        [sys.executable, "-c", script.format("OPS_PORT")],
        cwd=checkout.folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == f"{checkout.ops_port}\n"


@pytest.mark.parametrize("verb", ["up", "down", "status", "check", "restore"])
def test_a_broken_dotenv_is_refused_by_every_verb(checkout: Checkout, verb: str) -> None:
    """With the line, no traceback, and nothing of it is done."""
    (checkout.folder / ".env").write_text("PORT=1\nRINHA_RESETT=off\n")
    said = "rinha: .env:2: RINHA_RESETT is not a setting: did you mean RINHA_RESET?\n"
    assert checkout.stack(verb) == (2, said)
    (checkout.folder / ".env").unlink()
    (checkout.folder / ".env").mkdir()
    code, said = checkout.stack(verb)
    assert (code, said.count("\n")) == (2, 1)
    assert not (checkout.folder / "var").exists()


@pytest.mark.parametrize("verb", ["up", "down", "status", "check", "restore"])
def test_a_folder_of_somebody_else_is_refused(checkout: Checkout, verb: str) -> None:
    """What stands in var/ is run: not where another user made it, or may write it."""
    var = checkout.folder / "var"
    var.mkdir()
    var.chmod(0o777)
    code, said = checkout.stack(verb)
    assert (code, said.count("\n"), "everybody may write" in said) == (2, 1, True)
    var.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(var, 65534, 65534)
        code, said = checkout.stack(verb)
        assert (code, said.count("\n"), "belongs to the user 65534" in said) == (2, 1, True)
        var.rename(checkout.folder / "theirs")
        var.symlink_to("theirs")
        assert checkout.stack(verb)[0] == 2
    assert not list(var.iterdir())


def test_every_edition_has_each_of_its_names_everywhere() -> None:
    """The contest's or ours: for make, for the containers, in settings and for the judge."""
    makefile = (ROOT / "Makefile").read_text()
    script = (ROOT / "stack" / "containers.sh").read_text()
    for contest, name in (("2024q1", "crebitos"), ("2023q3", "pessoas")):
        for word in (contest, name):
            assert KNOBS["RINHA_EDITION"].parse(word) == name
            assert f"{word}:{name}" in makefile
            assert word in NAMES
        assert f"{name} | {contest}) edition={name} ;;" in script
        environment = {**os.environ, "EDITION": contest, "RINHA_EDITION": "crebitos"}
        done = subprocess.run(
            ["make", "-n", "load", "MODE=local"],
            cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert re.search(rf"-m loadtest official .* --edition {name}\n$", done.stdout)
