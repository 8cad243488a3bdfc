"""The two readers of `.env`, in Python and in sh, agree on one table of cases."""

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from rinha.errors import SettingError
from rinha.settings import SETTINGS
from stack import dotenv
from tests.help.dotenv_cases import READ, REFUSED
from tests.help.running import ROOT

PRINT = """. stack/dotenv.sh
read_dotenv
env -0
"""


def run_sh(folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a script that reads `.env` and prints its environment; it starts with only PATH."""
    (folder / "stack").mkdir(exist_ok=True)
    for name in ("dotenv.sh", "dotenv.names", "messages.sh", "messages.txt"):
        link = folder / "stack" / name
        if not link.exists():
            link.symlink_to(ROOT / "stack" / name)
    known = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        ["sh", "-euc", PRINT], cwd=folder, env=known, capture_output=True, check=False
    )


def by_sh(folder: Path, **environment: str) -> dict[str, str] | str:
    """Returns the settings that sh has read, or its refusal."""
    done = run_sh(folder, **environment)
    if done.returncode:
        assert (done.returncode, done.stdout) == (2, b"")
        return done.stderr.decode()
    assert done.stderr == b""
    pairs = [os.fsdecode(line).split("=", 1) for line in done.stdout.split(b"\0") if line]
    return {name: value for name, value in pairs if name not in ("PATH", "PWD", "_", "SHLVL")}


def by_python(folder: Path) -> dict[str, str] | str:
    """Returns the settings that Python has read, or its refusal."""
    try:
        return dotenv.read(folder / ".env")
    except SettingError as error:
        return f"rinha: {error}\n"


@pytest.mark.parametrize("case", READ)
def test_both_readers_read_the_same(tmp_path: Path, case: str) -> None:
    """Both readers agree on quotes, comments, export, blanks, empty and repeated values."""
    content, values = READ[case]
    (tmp_path / ".env").write_bytes(content)
    assert by_python(tmp_path) == values
    assert by_sh(tmp_path) == values


@pytest.mark.parametrize("case", REFUSED)
def test_both_readers_refuse_the_same(tmp_path: Path, case: str) -> None:
    """A refusal is one line with the number of the line and the reason, the same from both."""
    content, number, reason = REFUSED[case]
    (tmp_path / ".env").write_bytes(content)
    said = by_python(tmp_path)
    assert isinstance(said, str)
    assert said.startswith(f"rinha: .env:{number}: ")
    assert reason in said
    assert said.count("\n") == 1
    assert by_sh(tmp_path) == said


def test_what_is_not_a_readable_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe, a dangling link or a file over the limit gives one line, without a wait."""
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
    """A variable of the environment wins, even an empty one, as with docker compose."""
    (tmp_path / ".env").write_text("PORT=1\nMODE=local\n")
    assert by_sh(tmp_path, PORT="", MODE="docker") == {"PORT": "", "MODE": "docker"}


def test_random_files_are_read_alike(tmp_path: Path) -> None:
    """Both readers set the same from a random file, or name the same line."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"SEED={seed}")
    rng = random.Random(seed)
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
        content = "".join(rng.choices(pieces, k=rng.randrange(1, 25)))
        (tmp_path / ".env").write_text(content, newline="")
        one, other = by_python(tmp_path), by_sh(tmp_path)
        if isinstance(one, str) and isinstance(other, str):
            # The readers may suggest different settings.
            one, other = re.sub(r"is not a set.*", "", one), re.sub(r"is not a set.*", "", other)
        assert one == other, repr(content)


def test_the_names_are_those_of_the_settings() -> None:
    """.env may have every setting, except the two that the stack itself gives to an instance."""
    assert set(SETTINGS) - set(dotenv.NAMES) == {"RINHA_LISTEN", "RINHA_METRICS"}
    others = {"AWS_*", "PG*", "MODE", "NETWORK", "RINHA_IMAGE", "COMPOSE_PROJECT_NAME"}
    assert set(dotenv.NAMES) - set(SETTINGS) == others


def test_the_example_can_be_copied(tmp_path: Path) -> None:
    """Both readers accept all lines of .env.example, including those commented out."""
    text = (ROOT / ".env.example").read_text()
    lines = re.sub(r"^# ([A-Z_]+=)", r"\1", text, flags=re.MULTILINE)
    (tmp_path / ".env").write_text(lines)
    values = by_python(tmp_path)
    assert values == by_sh(tmp_path)
    others = {"AWS_*", "PG*", "RINHA_IMAGE", "COMPOSE_PROJECT_NAME"}
    assert set(values) == set(dotenv.NAMES) - others


def test_the_example_shows_what_holds_without_a_setting(tmp_path: Path) -> None:
    """.env.example shows the defaults, which are the same for plain processes and containers."""
    lines = re.sub(r"^# ([A-Z_]+=)", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(lines)
    shown = dotenv.read(tmp_path / ".env")
    for name, setting in SETTINGS.items():
        # `make up` switches the reset on.
        expected = "on" if name == "RINHA_RESET" else setting.default
        assert name not in dotenv.NAMES or shown[name] == expected
    for path in ("docker-compose.yml", "stack/compose/metrics.yml", "stack/compose/replica.yml"):
        for name, default in re.findall(r"\$\{(\w+):-([^}]+)\}", (ROOT / path).read_text()):
            # Only `make up` can choose a network; Compose by hand has one that works everywhere.
            assert (shown.get(name) or default) == default
