"""Stacks that do not start, and ledgers made large."""

from pathlib import Path

import pytest

from bench.parts.cgroups import ControlGroups
from bench.parts.growth import make_ledger
from bench.parts.stack import Part, Running, Share, Stack, StackFailedError
from bench.rounds import Rounds
from rinha.crebitos.on_sqlite import SqliteLedger
from tests.bench.simulated import results_of
from tests.help.ports import free_port

BROKEN = Part("api01", ["/bin/sh", "-c", "echo no such thing; exit 3"], Share(0.5, 250))


def test_a_stack_that_does_not_start_says_its_last_words(tmp_path: Path) -> None:
    """Which program, how it ended, and what it wrote."""
    groups = ControlGroups()
    try:
        running = Running(Stack("broken", lambda *_: [BROKEN]), tmp_path, free_port(), groups)
        with pytest.raises(StackFailedError, match="api01 ended with 3: no such thing"), running:
            pass
    finally:
        groups.remove()


def test_a_stack_that_fails_ends_nobody_elses_turn(tmp_path: Path) -> None:
    """It is written down with its reason, and the next one comes."""
    results = results_of({})
    groups = ControlGroups(tmp_path, tmp_path)
    rounds = Rounds({}, results, tmp_path, groups, tell=lambda _: None)
    done = []

    def fails() -> None:
        raise ValueError("a mistake of its author")

    rounds.take("broken", fails)
    rounds.take("whole", lambda: done.append("whole"))
    assert (results.failed, done) == ({"broken": "a mistake of its author"}, ["whole"])


def test_a_ledger_made_large_is_as_the_service_would_have_left_it(tmp_path: Path) -> None:
    """The audit finds no problem, and all rows and clients are there."""
    file = tmp_path / "large.db"
    make_ledger(file, transacoes=1000, clientes=50)
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1.0)
    audit = ledger.audit()
    assert audit.problems == []
    assert len(audit.clientes) == 50
    assert sum(row.transacoes for row in audit.clientes) == 1000
    ledger.close()
