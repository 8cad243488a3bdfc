"""A run goes on beside contenders that fail, and repeats what was thrown out."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import rounds
from bench.crebitos.edition import CREBITOS
from bench.edition import Edition
from bench.parts.running import Running
from bench.pessoas.edition import PESSOAS
from stack.part import Part, Share
from stack.run.limits import ControlGroups
from stack.run.processes import StackFailedError
from tests.bench.simulated import results_of
from tests.help.ports import free_port

BROKEN = Part("api01", ["/bin/sh", "-c", "echo no such thing; exit 3"], Share(0.5, 250))


def rounds_of(edition: Edition, folder: Path) -> rounds.Rounds:
    groups = ControlGroups(folder, folder)
    return rounds.Rounds(edition, {}, results_of({}), folder, groups)


@pytest.mark.starts
def test_a_part_that_fails_to_start_is_quoted(tmp_path: Path) -> None:
    """The error names the program, its exit code and the end of its log."""
    running = Running([BROKEN], tmp_path, free_port(), "/", ControlGroups(tmp_path, tmp_path))
    with pytest.raises(StackFailedError, match="api01 ended with 3: no such thing"), running:
        pass


def test_a_contender_that_fails_does_not_end_the_run(tmp_path: Path) -> None:
    """Its error is noted, and the next one is measured."""
    run = rounds_of(CREBITOS, tmp_path)
    done = []

    def fails() -> None:
        raise ValueError("a mistake of its author")

    run.attempt("broken", fails)
    run.attempt("whole", lambda: done.append("whole"))
    assert (run.results.failed, done) == ({"broken": "a mistake of its author"}, ["whole"])


@pytest.mark.parametrize("edition", [CREBITOS, PESSOAS], ids=lambda edition: edition.name)
def test_what_was_thrown_out_is_repeated_once(
    edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A measurement that is thrown out is repeated, unless its workload needs an empty store."""

    def throw_out(*arguments: Any) -> int:
        arguments[-1].thrown_out = "other programs"
        return 1

    monkeypatch.setattr(rounds, "measure", throw_out)
    run = rounds_of(edition, tmp_path)
    running = Running([], tmp_path, 1, edition.ready_path, run.groups)
    for one in (*edition.workloads, edition.official):
        times = 1 if one.name in ("fill", "official") else 2
        assert run._run_workload(running, "rinha", one, 0) == (times if one.quick_seconds else 0)


@pytest.mark.parametrize("edition", [CREBITOS, PESSOAS], ids=lambda edition: edition.name)
def test_further_contenders_take_no_time_from_the_editions_own(
    edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With twice the contenders a run has twice the time: no round of this service is left out."""
    own = {name: one for name, one in edition.contenders.items() if one.quick}
    others = {f"{name}_again": one for name, one in own.items()}
    # Each contender takes its share of the time.
    step_s = edition.quick.max_s / edition.quick.rounds / len(own) * 0.99
    clock = [0.0]

    def attempt(_run: rounds.Rounds, _name: str, _step: object) -> None:
        clock[0] += step_s

    monkeypatch.setattr(rounds.Rounds, "attempt", attempt)
    monkeypatch.setattr(rounds, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(rounds, "fsync_times_ms", lambda _folder: [1.0])
    results = results_of({})
    groups = ControlGroups(tmp_path, tmp_path)
    without_direct = replace(edition, directs={})
    run = rounds.Rounds(without_direct, {**own, **others}, results, tmp_path, groups, 0.0)
    run.run()
    assert results.remarks == []
