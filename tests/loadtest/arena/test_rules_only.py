"""The command `loadtest arena --rules-only`, as a user runs it."""

from pathlib import Path

import pytest

from loadtest.commands.main import run
from tests.loadtest.arena.entries import ENTRY, entry, write
from tests.loadtest.command import ROOT, loadtest


def test_this_projects_own_entry_breaks_no_rule() -> None:
    """The submission of this project is within the rules of its contest."""
    found = loadtest("arena", "--rules-only", ROOT, "--all")
    assert found.code == 0, found.out


def test_the_command_reports_and_exits_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken rules are printed with service, line, expected and found, and give exit code 1."""
    path = write(tmp_path, entry(db=f"privileged: true, {ENTRY['db']}"))
    page = tmp_path / "report.html"
    assert run(["arena", "--rules-only", str(path), "--html", str(page)]) == 1
    out = capsys.readouterr().out
    assert "FAIL: 1 of " in out
    assert "privileges, db (docker-compose.yml:5): privileged mode" in out
    assert "privileged: true" in page.read_text()
    write(tmp_path, entry())
    assert run(["arena", "--rules-only", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("PASS: all ")


def test_bytes_of_a_file_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Escape codes in names and values of a file are printed as text."""
    text = 'services: { "a\\e[31m\\nb": { image: "x\\e[31m", privileged: "true" } }'
    write(tmp_path, text)
    assert run(["arena", "--rules-only", str(tmp_path), "--plain"]) == 1
    assert "\x1b" not in capsys.readouterr().out
