"""Entries that are wrong on purpose, judged by every command."""

from pathlib import Path
from random import Random

import pytest

from tests.help import wrong_bytes, wrong_ledgers, wrong_registries
from tests.help.effort import drawn_seed, effort
from tests.help.judging import WORDS, Judged, judge
from tests.help.wrong_kinds import Kind

pytestmark = pytest.mark.slow

LEDGERS = {**wrong_ledgers.KINDS, **wrong_bytes.KINDS}
GROWN_MAX_BYTES = 200 << 20
TOOK_MAX_S = 300  # with so few requests no timeout of the judge comes near it
CONVICTED = {1, 3}  # a verdict, or an error that says why the entry cannot be reached
# No fault was seen, in a load that passed or that a busy machine made invalid.
NOTHING_SEEN = {0, 4}


def commands_for(kind: Kind, rng: Random) -> list[str]:
    """Returns one command that must see the fault, or all commands with more effort."""
    return effort([rng.choice(kind.sees)], list(WORDS), list(WORDS))


def hold(kind: Kind, command: str, judged: Judged, folder: Path) -> None:
    """Asserts the verdict, both reports, and bounded time and memory."""
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
    """A wrong ledger fails each command that can see the fault, and breaks no command."""
    judge_all(LEDGERS[name], "crebitos", tmp_path)


@pytest.mark.parametrize("name", wrong_registries.KINDS)
def test_a_wrong_registry_is_convicted(name: str, tmp_path: Path) -> None:
    """A wrong registry fails each command that can see the fault, and breaks no command."""
    judge_all(wrong_registries.KINDS[name], "pessoas", tmp_path)
