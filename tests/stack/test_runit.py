"""The services of runit, and how its runsvdir finds them."""

import errno
import time
from pathlib import Path
from typing import Any

import pytest

from rinha.settings import load
from stack import messages, paths
from stack.__main__ import up
from stack.part import Part
from stack.run.runit import Runit
from tests.help.commands import wait_until


def test_parts_added_within_a_second_are_all_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """runsvdir scans its folder only if that has another time, in whole seconds, than at the last
    scan. A part that was added right after a scan would never start."""
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    runit, times = Runit(tmp_path, 4), set()
    runit.folder.mkdir()
    for name in ("api03", "api04", "api05"):
        runit.write_part(Part(name, ["true"]), {})
        times.add(int(runit.folder.stat().st_mtime))
    assert len(times) == 3
    assert max(times) < 1_700_000_000 - 1


@pytest.mark.needs("runsvdir")
@pytest.mark.starts
def test_a_supervisor_whose_pid_cannot_be_written_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk may leave an empty pid file; the supervisor is found and ended all the same."""
    runit, write = Runit(tmp_path, 4), Path.write_text

    def write_half(path: Path, text: str, *args: Any, **how: Any) -> int:
        if path.name.startswith("runsvdir.pid"):
            path.touch()
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, text, *args, **how)

    monkeypatch.setattr(Path, "write_text", write_half)
    runit.folder.mkdir()
    runit.logs.mkdir()
    with pytest.raises(OSError, match="No space"):
        runit.start()
    wait_until(lambda: runit.supervisor() is not None)
    runit.stop()
    assert runit.supervisor() is None


def test_settings_of_an_earlier_run_are_not_read(tmp_path: Path) -> None:
    """A power cut may leave that file empty: the next start works all the same."""
    runit = Runit(tmp_path, 4)
    runit.folder.mkdir()
    runit.write_overrides({"PORT": "9998"})
    (written,) = runit.folder.iterdir()
    written.write_text("")
    assert runit.environ() is None


def test_a_path_with_a_percent_sign_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages of the one file name it by its path, which may have any character."""
    for command in ("/opt/100%/rinha", "./100%s", r"./r\new"):
        monkeypatch.setattr(messages, "COMMAND", command)
        assert messages.message("NOTHING_RUNS") == f"nothing runs: `{command} up` first"
        assert (
            messages.message("ONE_PORT", 1)
            == "PORT and OPS_PORT are both 1: give them different ports"
        )


def test_the_one_file_refuses_a_folder_that_path_cannot_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """runsvdir finds the programs of the one file by PATH, where a colon ends a folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODE", raising=False)
    monkeypatch.setattr(paths, "ONE_FILE", True)
    monkeypatch.setattr(paths, "HOME", tmp_path / "at 12:30")
    assert up(load({})) == 2
    assert "at 12:30: the path has a colon" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
