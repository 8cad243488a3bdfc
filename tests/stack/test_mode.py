"""The choice between containers and plain processes, and the messages if nothing runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import run
from tests.help.running import ROOT


@pytest.fixture
def engine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine whose Docker engine answers and runs no container."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexit 0\n")
    docker.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def mode(folder: Path, environment: dict[str, str]) -> str:
    return run(folder / "stack" / "mode.sh", env=environment).out.strip()


def test_targets_follow_the_stack_that_runs(checkout: Checkout, engine: dict[str, str]) -> None:
    """A stack of plain processes is managed as such, even if a Docker engine answers."""
    assert mode(checkout.folder, engine) == "docker"
    assert checkout.stack("up")[0] == 0
    assert mode(checkout.folder, engine) == "local"
    assert checkout.stack("down")[0] == 0
    assert mode(checkout.folder, engine) == "docker"


def test_a_stack_that_lost_its_folder_still_runs(
    checkout: Checkout, engine: dict[str, str]
) -> None:
    """A stack of plain processes whose var/ was removed is found, so that `make down` ends it."""
    assert checkout.stack("up")[0] == 0
    shutil.rmtree(checkout.folder / "var")
    assert mode(checkout.folder, engine) == "local"
    assert checkout.stack("down")[0] == 0
    assert mode(checkout.folder, engine) == "docker"


def test_containers_are_for_one_file(checkout: Checkout, engine: dict[str, str]) -> None:
    """A ledger on a server selects plain processes: the containers have no network to reach it."""
    servers = "postgresql://rinha@a,b,c/rinha"
    assert mode(checkout.folder, {**engine, "RINHA_LEDGER": servers}) == "local"
    (checkout.folder / ".env").write_text("RINHA_LEDGER=var/rinha.db\n")
    assert mode(checkout.folder, engine) == "docker"
    (checkout.folder / ".env").write_text(f"PORT=1\nRINHA_LEDGER={servers}\n")
    assert mode(checkout.folder, engine) == "local"


@pytest.mark.parametrize(
    ("verb", "code", "said"),
    [
        ("down", 0, "rinha is not up"),
        ("status", 3, "rinha is not up"),
        *[
            (verb, 2, "rinha: nothing runs: `make up` first")
            for verb in ("logs", "reset", "check", "sql", "snapshot", "stats")
        ],
        ("nonsense", 2, "rinha: no such command: nonsense"),
    ],
)
def test_where_no_container_runs_every_verb_says_so(
    engine: dict[str, str], verb: str, code: int, said: str
) -> None:
    """Every verb prints one line if no container runs, with the exit code of plain processes."""
    done = run(ROOT / "stack" / "containers.sh", verb, env=engine)
    assert (done.code, done.text) == (code, f"{said}\n")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "there is no command docker: install Docker"),
        ('[ "$1" != compose ]', "docker has no compose: install its plugin"),
        ('[ "$1" != info ]', "no Docker engine answers: start it"),
        (
            '[ "$1" != info ] || { echo permission denied while trying >&2; exit 1; }',
            "this user may not use the Docker engine",
        ),
    ],
)
def test_a_missing_engine_is_named_with_a_way_out(
    tmp_path: Path, script: str | None, said: str
) -> None:
    """A missing client, plugin, engine or permission is named, with MODE=local as the way out."""
    for path in (Path("/usr/bin"), Path("/bin")):
        for program in path.iterdir():
            if program.name != "docker" and not (tmp_path / program.name).exists():
                (tmp_path / program.name).symlink_to(program)
    if script is not None:
        (tmp_path / "docker").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "docker").chmod(0o755)
    for verb in ("up", "status"):
        code, out, err = run(ROOT / "stack" / "containers.sh", verb, env={"PATH": str(tmp_path)})
        assert (code, out) == (2, "")
        assert err == f"rinha: {said}{err.partition(said)[2]}"
        assert err.endswith(", or `make up MODE=local`\n")


@pytest.mark.parametrize(
    ("compose", "engine_api", "said"),
    [
        ("2.16.0", "1.50 28.2.2", "docker compose 2.16.0 is too old: install 2.17 or newer"),
        ("v1.29.2", "1.50 28.2.2", "docker compose v1.29.2 is too old: install 2.17 or newer"),
        (
            "2.26.1-4",
            "1.40 19.03.15",
            "the Docker engine 19.03.15 is too old: install 20.10 or newer",
        ),
        ("2.17.0", "1.9 1.9.1", "the Docker engine 1.9.1 is too old: install 20.10 or newer"),
        ("v2.17.0", "1.41 20.10.24+dfsg1", None),
        ("10.0", "1.41 4.3.1", None),
        ("dev", "", None),
    ],
)
def test_an_older_engine_or_compose_is_named(
    tmp_path: Path, compose: str, engine_api: str, said: str | None
) -> None:
    """`make up` names a version that is too old with the least one, and a way out."""
    docker = tmp_path / "docker"
    docker.write_text(
        f"""#!/bin/sh
case "$*" in
"compose version --short") echo '{compose}' ;;
"version "*) echo '{engine_api}' ;;
*up*) echo started >>{tmp_path}/asked ;;
esac
"""
    )
    docker.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = run(ROOT / "stack" / "containers.sh", "up", env={"PATH": path})
    assert (tmp_path / "asked").exists() == (said is None), done.text
    if said:
        expected = f"rinha: {said}, or `make up MODE=local`\n"
        assert (done.code, done.out, done.err) == (2, "", expected)


def test_one_command_at_a_time_starts_or_stops_containers(tmp_path: Path) -> None:
    """No command asks the engine while another one may change the containers."""
    docker = tmp_path / "docker"
    docker.write_text(
        f"""#!/bin/sh
mkdir {tmp_path}/busy || echo "$*" >>{tmp_path}/overlaps
sleep 0.2
rmdir {tmp_path}/busy
"""
    )
    docker.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "MODE": "docker"}
    command = [str(ROOT / "stack" / "containers.sh"), "down"]
    both = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in both] == ["rinha is not up\n"] * 2
    assert not (tmp_path / "overlaps").exists()


def test_mode_may_stand_in_dotenv(checkout: Checkout, engine: dict[str, str]) -> None:
    """MODE in .env decides when nothing runs, in any quotes; a wrong mode is refused."""
    dotenv = checkout.folder / ".env"
    without = {**engine, "PATH": f"{checkout.folder}/nowhere:/usr/bin:/bin"}
    for line, found in (("MODE='local'", "local"), ("export MODE=docker", "docker")):
        dotenv.write_text(f"{line}\n")
        assert mode(checkout.folder, engine) == found
    assert mode(checkout.folder, {**without, "PATH": without["PATH"]}) == "docker"
    for ledger in ('RINHA_LEDGER="postgresql://a@b/c"', "export RINHA_LEDGER = postgres://b/c # x"):
        dotenv.write_text(f"{ledger}\n")
        assert mode(checkout.folder, engine) == "local"
    for text, said in (
        ("MODE=banana\n", "MODE is docker or local, not banana"),
        ("PORT=1\nMODUS=local\n", "rinha: .env:2: MODUS is not a setting: did you mean MODE?\n"),
    ):
        dotenv.write_text(text)
        code, _, err = run("make", "up", cwd=checkout.folder, env=engine)
        assert (code, said in err) == (2, True), err


def test_containers_read_dotenv_as_plain_processes_do(checkout: Checkout, tmp_path: Path) -> None:
    """The containers get the values of .env without quotes: edition, page and replica."""
    docker = tmp_path / "docker"
    docker.write_text(
        f'#!/bin/sh\necho "$@ / $COMPOSE_FILE / $RINHA_REPLICA / $PORT" >>{tmp_path}/asked\n'
    )
    docker.chmod(0o755)
    lines = ('RINHA_EDITION="2023q3"', "export OPS_PORT='off'", "RINHA_REPLICA = 'file:///a b'")
    (checkout.folder / ".env").write_text("\n".join([*lines, "PORT=1", "PORT=8888 # last", ""]))
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert run(checkout.folder / "stack" / "containers.sh", "status", env={"PATH": path}).code == 3
    asked = [
        line
        for line in (tmp_path / "asked").read_text().splitlines()
        if " ps --quiet --status" in line
    ]
    assert asked
    for line in asked:
        assert "--env-file /dev/null" in line
        assert "stack/compose/pessoas.yml" in line
        assert "stack/compose/replica.yml" in line
        assert "metrics" not in line
        assert line.endswith(" / file:///a b / 8888")
