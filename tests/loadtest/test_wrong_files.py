"""A wrong file, given to any command that takes one, gives one line and exit code 2."""

import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from loadtest.commands.main import run
from loadtest.gatling.run import GatlingError, run_gatling
from loadtest.report.json import write_json
from tests.help.simulated_runs import simulated_report

REPORT = '{"schema":2,"edition":"crebitos","command":"run","way":"","target":"","load":%s}'


def loop(path: Path) -> None:
    path.symlink_to(path)


def unreadable(path: Path) -> None:
    """Links to a file that even root cannot read: nothing is mapped at its start."""
    path.symlink_to("/proc/self/mem")


def written(text: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text)


WRONG: dict[str, Callable[[Path], object]] = {
    "missing": lambda _: None,
    "a directory": lambda path: path.mkdir(),
    "a loop": loop,
    "unreadable": unreadable,
    "empty": written(b""),
    "text": written(b"hello\nworld\n"),
    "another tool's JSON": written(b'{"latency": [1, 2, 3]}'),
    "a list": written(b"[]"),
    "deep": written(b"[" * 200_000),
    "a deep report": written(b'{"schema":2,"x":' + b"[" * 200_000),
    "large": written(b'{"schema":%s}' % (b"9" * 5_000)),
    "binary": written(bytes(range(256))),
    "half": written(REPORT.encode()[:40]),
    "of other types": written((REPORT % '{"totals": []}').encode()),
    "a pipe": os.mkfifo,
}
COMMANDS = {
    "before": ("compare", "{wrong}", "{right}"),
    "after": ("compare", "{right}", "{wrong}", "--fail-on-regression"),
    "report": ("report", "{wrong}"),
    "ceiling": ("league", "{right}", "--ceiling", "{wrong}"),
    "baseline": ("report", "{right}", "--baseline", "{wrong}"),
    "results": ("score", "{wrong}"),
    "people": ("score", "{wrong}", "--edition", "pessoas"),
}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("right") / "right.json"
    write_json(simulated_report(), path)
    return path


def refused(words: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    try:
        code = run(words)
    except SystemExit as ended:  # raised by argparse
        code = int(ended.code or 0)
    out, err = capfd.readouterr()
    assert (code, out) == (2, ""), (code, out, err)
    assert err.count("\n") == 1, err
    assert err.startswith("loadtest"), err
    return err


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_file_is_one_line(
    right: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], wrong: str, command: str
) -> None:
    """A wrong file of any kind gives one line with its name, and no traceback."""
    path = tmp_path / "wrong.json"
    WRONG[wrong](path)
    words = [word.format(wrong=path, right=right) for word in COMMANDS[command]]
    assert str(path) in refused(words, capfd)


@pytest.mark.parametrize("end_ms", [-1, 10**15, 10**30])
def test_a_log_with_a_time_of_no_calendar_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], end_ms: int
) -> None:
    """A time that no date can have makes a log of Gatling a wrong file, and no traceback."""
    lines = "RUN\tRinha\trinha\t0\t \t3.10.5", f"REQUEST\t\tdébitos\t0\t{end_ms}\tOK\t "
    path = tmp_path / "simulation.log"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert str(path) in refused(["score", str(tmp_path)], capfd)


@pytest.mark.parametrize("wrong", ["missing", "a directory", "a loop", "unreadable", "binary"])
def test_a_wrong_simulation_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], wrong: str
) -> None:
    """A wrong simulation is refused before Maven is searched for."""
    path = tmp_path / "wrong.scala"
    WRONG[wrong](path)
    assert str(path) in refused(["gatling", "--simulation", str(path)], capfd)


@pytest.mark.parametrize("command", ["compare", "report", "score", "gatling", "league"])
def test_a_name_that_no_file_can_have_is_one_line(
    right: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    """A name that is longer than any file system allows gives one line."""
    name = "x" * 5_000
    words = {"compare": [str(right), name], "gatling": ["--simulation", name]}
    refused([command, *words.get(command, [name])], capfd)


def test_a_user_without_a_home_needs_no_baseline(
    right: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only a command that looks for a baseline says that there is no home, in one line."""

    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert run(["report", str(right)]) == 0
    assert run(["compare", str(right), str(right)]) == 0
    assert run(["compare", str(right), "main"]) == 2
    with pytest.raises(SystemExit, match="2"):
        run(["run", "127.0.0.1:1", "--save-baseline", "main"])
    assert capsys.readouterr().err.count("there is no home: set HOME or XDG_DATA_HOME") == 2


def test_gatling_needs_a_folder_that_it_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that cannot be written, `gatling` ends with one line."""
    monkeypatch.setattr("loadtest.gatling.run.BUILD", Path("/proc/build"))
    with pytest.raises(
        GatlingError, match=r"/proc/build: .*; run it in a folder that it may write"
    ):
        run_gatling(files("loadtest.crebitos") / "Crebitos.scala", "http://x", "/", 1.0, {})
