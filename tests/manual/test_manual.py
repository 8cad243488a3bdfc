"""Man pages and completions of both programs, made from their parsers."""

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from loadtest.commands import completion
from loadtest.commands.parser import parser as judge_parser
from manual.__main__ import files
from manual.man import Manual, page
from rinha.settings import SETTINGS
from stack.__main__ import arguments

FILES = files()
PARSERS = {"rinha": arguments(), "loadtest": judge_parser()}
CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
PLACES = {
    "bash": "bash-completion/completions/rinha",
    "zsh": "zsh/site-functions/_rinha",
    "fish": "fish/vendor_completions.d/rinha.fish",
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_page_has_every_command_and_option(name: str) -> None:
    """No command and no option of a parser is missing in its page."""
    text = FILES[f"man/man1/{name}.1"].replace("\\-", "-")
    for word, command in completion.program([name], PARSERS[name]).commands.items():
        assert f'.SS "{name} {word}"' in text
        for option in command.options:
            shown = [flag for flag in option.flags if flag not in {"-h", "--help"}]
            assert all(f"\\fB{flag}\\fR" in text for flag in shown)


def test_the_page_has_every_setting() -> None:
    """The page of the service lists its settings, and the commands of clients."""
    text = FILES["man/man1/rinha.1"]
    assert all(f"\\fB{name}\\fR=" in text for name in SETTINGS)
    assert '.SS "rinha cliente add"' in text


def test_no_text_is_a_request_of_roff() -> None:
    """Text that begins as a request does, or has a backslash, is printed as it is."""
    top = argparse.ArgumentParser("x", description=".so /etc/passwd")
    top.add_subparsers().add_parser("one", help="a\\b 5%% 'q'")
    text = page(Manual("x", "1"), top)
    assert "\n\\&.so /etc/passwd" in text
    assert "\nA\\eb 5% 'q'.\n" in text


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.starts
@pytest.mark.tools
@pytest.mark.needs("groff")
def test_groff_has_no_complaint(name: str) -> None:
    """groff formats a page without a warning."""
    plain = "-P-cbou"  # neither bold nor underlined
    command = ["groff", "-man", "-Tutf8", "-ww", plain]
    page_text = FILES[f"man/man1/{name}.1"]
    done = subprocess.run(command, input=page_text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "COMMANDS" in done.stdout


@pytest.mark.parametrize(
    "shell",
    [pytest.param(shell, marks=[] if shell == "bash" else pytest.mark.tools) for shell in CHECKS],
)
@pytest.mark.starts
def test_a_completion_is_valid(shell: str, tmp_path: Path) -> None:
    """The shell itself reads the completion of `rinha` without a complaint."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is missing")
    script = tmp_path / "script"
    script.write_text(FILES[PLACES[shell]])
    done = subprocess.run(
        [*CHECKS[shell], str(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("instal",), ["install-service"]),
        (("cliente", ""), ["add", "list", "limit", "close"]),
        (("cliente", "add", "--li"), ["--limite"]),
        (("replicate", "st"), ["state"]),
        # The old name of `replicate` is accepted, and not offered.
        (("fol",), []),
    ],
)
@pytest.mark.starts
def test_bash_completes(words: tuple[str, ...], offered: list[str]) -> None:
    """bash offers the commands, the verbs of `cliente` and their options."""
    script = FILES[PLACES["bash"]] + (
        'compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _rinha\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    command = ["bash", "-c", script, "bash", "rinha", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert sorted(filter(None, done.stdout.splitlines())) == sorted(offered)
