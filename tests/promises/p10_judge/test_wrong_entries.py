"""Entries that are wrong on purpose, by every command that judges."""

from pathlib import Path
from random import Random

import pytest

from tests.help import wrong_bytes, wrong_ledgers, wrong_registries
from tests.help.effort import drawn_seed, effort
from tests.help.judging import WORDS, Judged, judge
from tests.help.wrong_kinds import Kind

LEDGERS = {**wrong_ledgers.KINDS, **wrong_bytes.KINDS}
GROWN_MAX_BYTES = 200 << 20
TOOK_MAX_S = 300  # no limit of the judge's is near it with so few requests
CONVICTED = {1, 3}  # a verdict, or in words why nobody can be reached
# A machine that has no time may make a load invalid in which nothing was to be seen.
NOTHING_SEEN = {0, 4}


def commands_for(kind: Kind, chance: Random) -> list[str]:
    """One that must see it; with more effort each of them."""
    return effort([chance.choice(kind.sees)], list(WORDS), list(WORDS))


def hold(kind: Kind, command: str, judged: Judged, folder: Path) -> None:
    """It ends in time and memory, with a verdict and with both reports."""
    print(f"{command}: {judged}")
    assert "the generator failed" not in judged.out
    assert "answers can be read" not in judged.out
    assert "the answer cannot be read" not in judged.out
    assert judged.code in (CONVICTED if command in kind.sees else CONVICTED | NOTHING_SEEN)
    assert judged.grown_bytes < GROWN_MAX_BYTES
    assert judged.took_s < TOOK_MAX_S
    for report in ("report.json", "report.html"):
        assert judged.code == 3 or (folder / report).stat().st_size


def judge_all(kind: Kind, edition: str, folder: Path) -> None:
    seed = drawn_seed()
    for command in commands_for(kind, Random(seed)):
        words = (command, "127.0.0.1:1", *WORDS[command], "--edition", edition, "--seed", str(seed))
        hold(kind, command, judge(kind.make(), words, folder, short=kind.slow), folder)


@pytest.mark.parametrize("name", LEDGERS)
def test_a_wrong_ledger_is_convicted(name: str, tmp_path: Path) -> None:
    """By each command that can see it, by its rules and not because the judge stumbled."""
    judge_all(LEDGERS[name], "2024q1", tmp_path)


@pytest.mark.parametrize("name", wrong_registries.KINDS)
def test_a_wrong_registry_is_convicted(name: str, tmp_path: Path) -> None:
    """The same of the edition of people."""
    judge_all(wrong_registries.KINDS[name], "2023q3", tmp_path)
