"""One command line for both editions."""

import shlex
from pathlib import Path

import pytest

from bench.__main__ import EDITIONS, EXIT_USAGE, main, parser
from bench.crebitos.edition import CREBITOS
from tests.help.commands import run


@pytest.mark.parametrize("edition", ["crebitos", "pessoas", "2024q1", "2023q3"])
def test_make_passes_every_option_on(edition: str) -> None:
    """QUICK, BASELINE and STACKS are for every edition, under both of its names."""
    variables = [f"EDITION={edition}", "QUICK=1", "BASELINE=a file", "STACKS=a folder", "ONLY=a, b"]
    out = run("make", "-n", "bench", "MODE=local", *variables).out
    _python, _m, _bench, *options = shlex.split(out.splitlines()[-1])
    args = parser().parse_args(options)
    assert EDITIONS[args.edition] is EDITIONS[edition]
    assert (args.quick, args.baseline, args.stacks) == (True, Path("a file"), Path("a folder"))
    assert args.only == "a, b"


def test_chosen_contenders_are_measured_alone() -> None:
    """Names and sets choose contenders; the full run's page, official run and guard stay out."""
    chosen = CREBITOS.only("rinha_full, http_server")
    assert [*chosen.contenders] == ["rinha_full", "http_server"]
    assert (chosen.file, chosen.full.rounds) == ("only", 3)
    assert not chosen.directs
    assert not chosen.official_contenders
    assert not chosen.guarded
    assert len(CREBITOS.only("rinha_normal,constant").guarded) > 1
    every = CREBITOS.only("yardsticks")
    assert every.file == "yardsticks"
    assert {*every.contenders} == {*CREBITOS.sets["yardsticks"]}
    both = CREBITOS.only("yardsticks,rinha_postgres")
    assert (both.file, both.contenders.keys() - every.contenders) == ("only", {"rinha_postgres"})


@pytest.mark.parametrize("text", ["djanjo", "rinha_full,", "rinha_full,djanjo"])
def test_an_unknown_name_is_refused_with_those_that_exist(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spelling mistake ends in one line with the names, before anything starts."""
    monkeypatch.setattr("sys.argv", ["bench", "--only", text])
    assert main() == EXIT_USAGE
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert repr(text.rpartition(",")[2]) in err
    assert all(name in err for name in (*CREBITOS.contenders, "yardsticks"))


def test_each_contender_has_one_group() -> None:
    """None is left among the user's own, and no table has one twice."""
    grouped = [name for names in CREBITOS.groups.values() for name in names]
    assert sorted(grouped) == sorted(CREBITOS.contenders)
