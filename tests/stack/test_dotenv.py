"""The two readers of `.env`, for Python and for sh, read one table of cases alike."""

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from rinha.errors import SettingError
from rinha.settings import KNOBS
from stack import dotenv
from tests.help.dotenv_cases import READ, REFUSED
from tests.help.running import ROOT

PRINT = """. stack/dotenv.sh
read_dotenv
env -0
"""


def run_sh(folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a script sees after it has read `.env`, with nothing but a path before."""
    (folder / "stack").mkdir(exist_ok=True)
    for name in ("dotenv.sh", "dotenv.names", "say.sh", "sentences"):
        link = folder / "stack" / name
        if not link.exists():
            link.symlink_to(ROOT / "stack" / name)
    known = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        ["sh", "-euc", PRINT], cwd=folder, env=known, capture_output=True, check=False
    )


def by_sh(folder: Path, **environment: str) -> dict[str, str] | str:
    """What sh has read, or the refusal."""
    done = run_sh(folder, **environment)
    if done.returncode:
        assert (done.returncode, done.stdout) == (2, b"")
        return done.stderr.decode()
    assert done.stderr == b""
    pairs = [os.fsdecode(line).split("=", 1) for line in done.stdout.split(b"\0") if line]
    return {name: value for name, value in pairs if name not in ("PATH", "PWD", "_", "SHLVL")}


def by_python(folder: Path) -> dict[str, str] | str:
    """The same by the other reader."""
    try:
        return dotenv.read(folder / ".env")
    except SettingError as error:
        return f"rinha: {error}\n"


@pytest.mark.parametrize("case", READ)
def test_both_readers_read_the_same(tmp_path: Path, case: str) -> None:
    """Quotes, comments, export, blanks, empty and doubled values mean one thing."""
    content, values = READ[case]
    (tmp_path / ".env").write_bytes(content)
    assert by_python(tmp_path) == values
    assert by_sh(tmp_path) == values


@pytest.mark.parametrize("case", REFUSED)
def test_both_readers_refuse_the_same(tmp_path: Path, case: str) -> None:
    """One line says which line, why, and what to do; nothing of the file is set."""
    content, number, reason = REFUSED[case]
    (tmp_path / ".env").write_bytes(content)
    said = by_python(tmp_path)
    assert isinstance(said, str)
    assert said.startswith(f"rinha: .env:{number}: ")
    assert reason in said
    assert said.count("\n") == 1
    assert by_sh(tmp_path) == said


def test_what_is_not_a_readable_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe, a dangling link, a file without an end: a line, and nobody waits."""
    path = tmp_path / ".env"
    path.mkdir()
    assert by_python(tmp_path) == by_sh(tmp_path) != {}
    path.rmdir()
    os.mkfifo(path)
    assert by_python(tmp_path) == by_sh(tmp_path) != {}
    path.unlink()
    path.symlink_to("nowhere")
    assert by_python(tmp_path) == by_sh(tmp_path) != {}
    path.unlink()
    path.write_bytes(b"#" * (dotenv.FILE_MAX_BYTES + 1))
    said = by_python(tmp_path)
    assert said == by_sh(tmp_path)
    assert "100000 bytes" in said


def test_the_environment_wins(tmp_path: Path) -> None:
    """Also where it is empty, as docker compose has it."""
    (tmp_path / ".env").write_text("PORT=1\nMODE=local\n")
    assert by_sh(tmp_path, PORT="", MODE="docker") == {"PORT": "", "MODE": "docker"}


def test_random_files_are_read_alike(tmp_path: Path) -> None:
    """Whatever stands in the file, both readers set the same or name the same line."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    pieces = [
        "PORT",
        "MODE",
        "PGUSER",
        "export ",
        "=",
        "=",
        "'",
        '"',
        " ",
        "#",
        "\\",
        "$",
        "\r",
        "\t",
    ]
    pieces += ["a", "é", "\n", "\n", "\0", "\x1b", "\x7f", "\ufeff", "%s", "*", "A_"]
    for _ in range(150):
        content = "".join(chance.choices(pieces, k=chance.randrange(1, 25)))
        (tmp_path / ".env").write_text(content, newline="")
        one, other = by_python(tmp_path), by_sh(tmp_path)
        if isinstance(one, str) and isinstance(other, str):
            # Which setting is nearest is up to each reader.
            one, other = re.sub(r"is not a set.*", "", one), re.sub(r"is not a set.*", "", other)
        assert one == other, repr(content)


def test_the_names_are_those_of_the_settings() -> None:
    """A setting can be set, but for the two that the stack itself gives to an instance."""
    assert set(KNOBS) - set(dotenv.NAMES) == {"RINHA_LISTEN", "RINHA_METRICS"}
    others = {"AWS_*", "PG*", "MODE", "NETWORK", "RINHA_IMAGE", "COMPOSE_PROJECT_NAME"}
    assert set(dotenv.NAMES) - set(KNOBS) == others


def test_the_example_can_be_copied(tmp_path: Path) -> None:
    """All that .env.example shows is read, also what stands there as a remark."""
    text = (ROOT / ".env.example").read_text()
    lines = re.sub(r"^# ([A-Z_]+=)", r"\1", text, flags=re.MULTILINE)
    (tmp_path / ".env").write_text(lines)
    values = by_python(tmp_path)
    assert values == by_sh(tmp_path)
    others = {"AWS_*", "PG*", "RINHA_IMAGE", "COMPOSE_PROJECT_NAME"}
    assert set(values) == set(dotenv.NAMES) - others


def test_the_example_shows_what_holds_without_a_setting(tmp_path: Path) -> None:
    """The same defaults for plain processes and for containers, which are compared with them."""
    lines = re.sub(r"^# ([A-Z_]+=)", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(lines)
    shown = dotenv.read(tmp_path / ".env")
    for name, knob in KNOBS.items():
        # `make up` switches it on.
        expected = "on" if name == "RINHA_RESET" else knob.default
        assert name not in dotenv.NAMES or shown[name] == expected
    for path in ("docker-compose.yml", "ops/docker-compose.yml", "docker-compose.replica.yml"):
        for name, default in re.findall(r"\$\{(\w+):-([^}]+)\}", (ROOT / path).read_text()):
            assert shown.get(name, default) == default
