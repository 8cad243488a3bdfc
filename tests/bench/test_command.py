"""One command line for both editions."""

import shlex
from pathlib import Path

import pytest

from bench.__main__ import EDITIONS, parser
from tests.help.commands import run


@pytest.mark.parametrize("edition", ["crebitos", "pessoas", "2024q1", "2023q3"])
def test_make_passes_every_option_on(edition: str) -> None:
    """QUICK, BASELINE and STACKS are for every edition, under both of its names."""
    variables = [f"EDITION={edition}", "QUICK=1", "BASELINE=a file", "STACKS=a folder"]
    out = run("make", "-n", "bench", "MODE=local", *variables).out
    _python, _m, _bench, *options = shlex.split(out.splitlines()[-1])
    args = parser().parse_args(options)
    assert EDITIONS[args.edition] is EDITIONS[edition]
    assert (args.quick, args.baseline, args.stacks) == (True, Path("a file"), Path("a folder"))
