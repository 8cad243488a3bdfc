"""The running settings are compared with those asked for; no difference is ignored."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.editions import CONTESTS, EDITIONS
from rinha.settings import SETTINGS
from stack import dotenv
from stack.effective_settings import differences
from tests.help.checkout import Checkout
from tests.help.commands import run
from tests.help.running import ROOT, Client

# Another value of each setting, as a user may ask for it while the stack runs.
OTHERS = {
    "BIND": "127.0.0.1",
    "INSTANCES": "3",
    "OPS_PORT": "off",
    "PORT": "8888",
    "RINHA_AUDIT_EVERY": "6h",
    "RINHA_EDITION": "pessoas",
    "RINHA_IDEMPOTENCY_HOURS": "48",
    "RINHA_LEDGER": "var/other.db",
    "RINHA_LOCK_WAIT_MS": "500",
    "RINHA_LOG_LEVEL": "debug",
    "RINHA_REPLICA": "file:///elsewhere",
    "RINHA_RESET": "on",
    "RINHA_SYNCHRONOUS": "NORMAL",
}


def test_every_setting_has_another_value_here() -> None:
    """Every setting has another value in OTHERS, so that a new setting is compared too."""
    assert set(OTHERS) == set(SETTINGS) & set(dotenv.NAMES)


@pytest.mark.parametrize("name", OTHERS)
def test_a_setting_that_differs_is_named(name: str) -> None:
    """A setting that is added, removed or changed is named."""
    other = {name: OTHERS[name]}
    assert differences({}, other) == [name]
    assert differences(other, {}) == [name]
    assert differences(other, other) == []
    assert differences({name: ""}, {name: SETTINGS[name].default}) == []


def test_how_a_value_is_written_is_no_difference() -> None:
    """Letter case, the contest's names, explicit defaults and an absolute path are no
    difference."""
    runs = {"RINHA_SYNCHRONOUS": "NORMAL", "RINHA_EDITION": "pessoas", "OPS_PORT": "off"}
    asked = {"RINHA_SYNCHRONOUS": "normal", "RINHA_EDITION": "2023q3", "OPS_PORT": "OFF"}
    assert differences(runs, {**asked, "PORT": "9999"}) == []
    assert differences({}, {"RINHA_LEDGER": str(Path("var/rinha.db").absolute())}) == []


def test_credentials_are_compared_where_they_are_used() -> None:
    """Credentials are compared where they are used: PG* with a server, AWS_* with an S3 replica."""
    servers = {"RINHA_LEDGER": "postgresql://rinha@a/rinha"}
    assert differences({**servers, "PGPASSWORD": "a"}, {**servers, "PGPASSWORD": "b"}) == [
        "PGPASSWORD"
    ]
    bucket = {"RINHA_REPLICA": "s3://bucket"}
    assert differences(bucket, {**bucket, "AWS_REGION": "a"}) == ["AWS_REGION"]
    assert differences({}, {"PGPASSWORD": "b", "AWS_REGION": "a"}) == []


def test_a_stack_of_another_version_is_compared_too() -> None:
    """The settings of another version are compared; a value that is now refused is a difference."""
    assert differences({"PORT": "8888", "RINHA_OLD": "1"}, {"PORT": "8888"}) == []
    assert differences({"PORT": "none"}, {}) == ["PORT"]
    assert differences({}, {"MODE": "docker"}) == ["MODE"]


def test_up_on_a_running_stack_applies_or_refuses_other_settings(checkout: Checkout) -> None:
    """`up` on a running stack drops no setting: it applies each one, or refuses and names it."""
    assert checkout.stack("up", RINHA_LEDGER="var/mine.db")[0] == 0
    asked = {"RINHA_LEDGER": "var/mine.db", "RINHA_RESET": "ON"}
    assert "is up already" in checkout.stack("up", **asked)[1]
    pids = checkout.instances()
    for others in ({"RINHA_RESET": "off"}, {"RINHA_RESET": "off", "RINHA_EDITION": "pessoas"}):
        code, said = checkout.stack("up", **others)
        names = ", ".join(["RINHA_EDITION"] * (len(others) - 1) + ["RINHA_LEDGER"])
        assert (code, said.count("\n")) == (2, 1)
        assert f"other settings ({names}): `make down` first, because " in said
    assert checkout.instances() == pids
    assert Client(checkout.port)("POST", "/reset").status == 200
    (checkout.folder / ".env").write_text("RINHA_RESET=off\nRINHA_LEDGER='var/mine.db'\n")
    code, said = checkout.stack("up")
    assert (code, "(changed while it served: RINHA_RESET)" in said) == (0, True)
    assert Client(checkout.port)("POST", "/reset").status == 403


def test_a_running_stack_is_asked_with_its_own_settings(checkout: Checkout) -> None:
    """`check` and `watch` use the settings of the running stack, not those of .env."""
    assert checkout.stack("up", RINHA_LEDGER="var/mine.db")[0] == 0
    (checkout.folder / ".env").write_text("RINHA_LEDGER=var/other.db\nOPS_PORT=1\n")
    assert "\nvar/mine.db: 0 transactions" in checkout.stack("check")[1]
    script = "from stack.effective_settings import complete; complete('watch')"
    script = f"import os; {script}; print(os.environ['OPS_PORT'])"
    environment = {name: os.environ[name] for name in ("PATH",)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=checkout.folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == f"{checkout.ops_port}\n"


@pytest.mark.parametrize("verb", ["up", "down", "status", "check", "restore"])
def test_a_broken_dotenv_is_refused_by_every_verb(checkout: Checkout, verb: str) -> None:
    """Every verb refuses a broken .env with its line, and does nothing."""
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
    """A var/ that another user made or may write is refused, because its programs are run."""
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
    """Make, containers, settings and the judge know the contest's and our name of each edition."""
    makefile = (ROOT / "Makefile").read_text()
    script = (ROOT / "stack" / "containers.sh").read_text()
    for contest, name in (("2024q1", "crebitos"), ("2023q3", "pessoas")):
        for word in (contest, name):
            assert SETTINGS["RINHA_EDITION"].parse(word) == name
            assert f"{word}:{name}" in makefile
            assert CONTESTS.get(word, word) in EDITIONS
        assert f"{name} | {contest}) edition={name} ;;" in script
        both = {"EDITION": contest, "RINHA_EDITION": "crebitos"}
        out = run("make", "-n", "load", "MODE=local", env=both).out
        assert re.search(rf"-m loadtest official --edition {name}\n$", out)


@pytest.mark.parametrize("load", ["check", "check db1:9999", "run --pair http://db1:9999"])
def test_the_judge_plays_the_target_that_is_named(load: str) -> None:
    """`make load` adds no argument: the judge knows which of them is the target, if one is."""
    out = run("make", "-n", "load", "MODE=local", f"LOAD={load}").out
    assert re.search(rf"^LOADTEST_URL=.* url .* -m loadtest {load} *$", out, re.MULTILINE)
