"""Shell completion: a script for each shell, made from the tables of commands and options."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from loadtest.commands.completion import NAMES, SCRIPTS, program
from loadtest.commands.options import SHELLS
from loadtest.commands.parser import parser
from loadtest.commands.table import COMMANDS
from tests.loadtest.command import loadtest

LOADTEST = program(NAMES, parser())
CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


def test_every_shell_has_a_script() -> None:
    """The shells of the option are those with a script."""
    assert set(SHELLS) == set(SCRIPTS)
    assert loadtest("completion", "tcsh").code == 2


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_has_every_command_and_option(shell: str) -> None:
    """No command and no option is missing in any script."""
    script = SCRIPTS[shell](LOADTEST)
    assert set(LOADTEST.commands) == set(COMMANDS)
    for name, command in LOADTEST.commands.items():
        assert name in script
        for option in command.options:
            for flag in option.flags:
                named = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
                assert (named if shell == "fish" else flag) in script


@pytest.mark.parametrize(
    "shell",
    [pytest.param(shell, marks=[] if shell == "bash" else pytest.mark.tools) for shell in SHELLS],
)
def test_a_script_is_valid(shell: str, tmp_path: Path) -> None:
    """The shell itself reads the printed script without a complaint."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is missing")
    ran = loadtest("completion", shell)
    assert ran.code == 0
    script = tmp_path / "script"
    script.write_text(ran.out)
    done = subprocess.run(
        [*CHECKS[shell], str(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def completed_by_bash(folder: Path, *words: str) -> list[str]:
    """Returns what bash offers for the last of these words."""
    script = SCRIPTS["bash"](LOADTEST) + (
        'compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _loadtest\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    command = ["bash", "-c", script, "bash", "loadtest", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("of",), ["official"]),
        (("",), list(COMMANDS)),
        (("run", "--edi"), ["--edition"]),
        (("run", "--edition", "cre"), ["crebitos"]),
        (("run", "-r", "340", "--edition", ""), ["crebitos", "pessoas", "2024q1", "2023q3"]),
        (("run", "--sta"), ["--stages"]),
        (("check", "--sta"), []),
        (("run", "--only", "deb"), ["debits"]),
        (("run", "--rate", ""), []),
        (("run", "--json", "re"), ["report one.json", "reports"]),
        (("compare", "re"), ["report one.json", "reports"]),
        (("report", "reports/"), ["reports/two.json"]),
        (("completion", ""), list(SHELLS)),
        (("run", ""), []),
    ],
)
def test_bash_completes(tmp_path: Path, words: tuple[str, ...], offered: list[str]) -> None:
    """Bash offers commands, options, fixed values and files, each where it may stand."""
    (tmp_path / "reports").mkdir()
    for name in ("report one.json", "reports/two.json"):
        (tmp_path / name).write_text(json.dumps({}))
    assert sorted(completed_by_bash(tmp_path, *words)) == sorted(offered)


@pytest.mark.tools
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("of", ["official"]),
        ("run --edition cre", ["crebitos"]),
        ("run --sta", ["--stages"]),
        ("check --sta", []),
        ("completion z", ["zsh"]),
    ],
)
def test_fish_completes(tmp_path: Path, words: str, offered: list[str]) -> None:
    """Fish offers the same from its script."""
    if shutil.which("fish") is None:
        pytest.skip("fish is missing")
    script = f"{SCRIPTS['fish'](LOADTEST)}\ncomplete -C 'loadtest {words}'\n"
    command = ["fish", "--no-config", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == offered
