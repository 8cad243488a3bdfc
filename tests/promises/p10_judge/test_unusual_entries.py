"""Right entries in an unusual state, or with unusual spellings, pass; wrong spellings do not."""

import re
from pathlib import Path
from typing import Any

import pytest

from loadtest.crebitos.contract import read_saldo
from loadtest.wire.document import ContractBrokenError
from tests.help.judging import judge
from tests.help.keyed_entries import KeyedLedger
from tests.help.right_entries import RIGHT, RightLedger
from tests.loadtest.ledger_server import LIMITES

CHECK = ("check", "127.0.0.1:1", "--seed", "1", "--idempotency")


class AtItsLimit(KeyedLedger):
    """A right entry whose balances a load has taken near their limits."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.entry.saldos = {cliente: left - limite for cliente, limite in LIMITES.items()}


class LowerCaseTimes(RightLedger):
    """A right entry whose timestamps end in `z`, as RFC 3339 allows."""

    def text(self, status: int, content: Any) -> bytes:
        # A description may end in Z too.
        return re.sub(rb'(\.[0-9]{6})Z"', rb'\1z"', super().text(status, content))


@pytest.mark.parametrize("left", [0, 5, 300])
def test_a_check_makes_room_for_its_debits(left: int, tmp_path: Path) -> None:
    """An entry that rightly refuses debits at its limit breaks no rule, and keeps its balances."""
    entry = AtItsLimit(left)
    before = dict(entry.entry.saldos)
    judged = judge(entry, CHECK, tmp_path)
    assert judged.code == 0, judged.out
    assert entry.entry.saldos == before


def test_timestamps_may_be_in_lower_case(tmp_path: Path) -> None:
    """RFC 3339 allows `t` and `z` in place of `T` and `Z`."""
    judged = judge(LowerCaseTimes(), CHECK[:4], tmp_path)
    assert judged.code == 0, judged.out


@pytest.mark.parametrize(
    "body",
    [
        b'{"limite": 0100000, "saldo": 0}',
        b'{"limite": 100000, "saldo": 007}',
        b'{"limite": 100000, "saldo": -05}',
        b'{"limite":\x0b100000, "saldo": 0}',
    ],
)
def test_what_only_looks_like_json_is_no_answer(body: bytes) -> None:
    """JSON has no leading zeros, and no white space but blanks, tabs and ends of lines."""
    with pytest.raises(ContractBrokenError):
        read_saldo(body)


@pytest.mark.parametrize("saldo", [0, -1, 10, 10**14, -(10**14), 10**15])
def test_every_spelling_of_json_is_an_answer(saldo: int) -> None:
    """Numbers of any length and all white space of JSON are read."""
    for blank in (b"", b" ", b"\t\r\n "):
        text = b'_{_"limite"_:_100000_,_"saldo"_:_%d_}_' % saldo
        assert read_saldo(text.replace(b"_", blank)) == (100_000, saldo)


@pytest.mark.parametrize("edition", RIGHT)
def test_a_check_can_be_repeated(edition: str, tmp_path: Path) -> None:
    """A second check with the same seed finds the data of the first, and breaks no rule by it."""
    entry = RIGHT[edition]()
    for _ in range(2):
        judged = judge(entry, (*CHECK[:4], "--edition", edition), tmp_path)
        assert judged.code == 0, judged.out
