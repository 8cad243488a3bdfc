"""The arithmetic of the official score."""

from argparse import ArgumentTypeError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.commands.values import threshold
from loadtest.crebitos.mix import LedgerRequest, extrato, transacao
from loadtest.crebitos.official.judge import Judge, load_fault
from loadtest.crebitos.official.verdict import official_part
from loadtest.crebitos.report import Counts, Official
from loadtest.measure.recorder import Recorder
from loadtest.wire.outcome import Failure
from loadtest.wire.probe import Answer
from loadtest.wire.request import Address

MS = 1_000_000
TARGET = Address("h", 80)


def paid_for(total: int, ok_in_time: int, consistency: int) -> Official:
    counts = Counts(total=total, ok_in_time=ok_in_time, consistency=consistency)
    return official_part(counts, {}, {}, {})


@pytest.mark.parametrize(
    ("ok", "consistency", "percent", "sla_fine", "paid"),
    [
        (61_503, 0, "100.00", "0.00", "100000.00"),
        (60_273, 0, "98.00", "0.00", "100000.00"),
        (60_272, 0, "98.00", "0.00", "100000.00"),
        (60_269, 0, "97.99", "10.00", "99990.00"),
        (61_503, 1, "100.00", "0.00", "99196.99"),
        (61_503, 2, "100.00", "0.00", "98393.98"),
        (58_428, 3, "95.00", "3000.00", "94590.97"),
        (0, 0, "0.00", "98000.00", "2000.00"),
        (0, 200, "0.00", "98000.00", "0.00"),
        (61_503, 125, "100.00", "0.00", "0.00"),
    ],
)
def test_the_sum_paid_to_the_cent(
    ok: int, consistency: int, percent: str, sla_fine: str, paid: str
) -> None:
    """A percent below 98 costs 1,000 USD, a failed check 803.01 USD; the sum is never below 0."""
    official = paid_for(61_503, ok, consistency)
    assert official.ok_percent == percent
    assert official.sla_fine_usd == sla_fine
    assert official.paid_usd == paid


@given(st.integers(1, 100_000), st.integers(0, 100_000), st.integers(0, 300))
def test_the_sum_follows_the_published_formula(total: int, ok: int, consistency: int) -> None:
    """The sum follows the published formula, for any counts."""
    ok = min(ok, total)
    percent = round(100 * ok / total, 2)
    fines = max(0.0, (98 - percent) * 1000) + 803.01 * consistency
    expected = max(0.0, 100_000 - fines)
    paid = float(paid_for(total, ok, consistency).paid_usd)
    assert paid == pytest.approx(expected, abs=0.011)
    assert paid >= 0


def answer(code: int, body: bytes = b"", took_ms: float = 1.0) -> Answer:
    return Answer(code, body, 0, int(took_ms * MS))


DEBIT = transacao(TARGET, 2, -5, "abc")
CREDIT = transacao(TARGET, 2, 5, "abc")
EXTRATO = extrato(TARGET, 2)
AT_LIMIT = b'{"limite": 80000, "saldo": -80000}'
BELOW = b'{"limite": 80000, "saldo": -80001}'
TORN_BELOW = (
    b'{"saldo": {"total": -80001, "limite": 80000, "data_extrato": "x"}, "ultimas_transacoes": []}'
)


@pytest.mark.parametrize(
    ("request_", "given_", "fine", "costs"),
    [
        (DEBIT, answer(200, AT_LIMIT), True, False),
        (DEBIT, answer(422), True, False),
        (DEBIT, answer(500), False, False),
        (DEBIT, answer(200, BELOW), False, True),
        (DEBIT, answer(200, b"{}"), False, False),
        (DEBIT, answer(200, b'{"limite": 80000, "saldo": "1"}'), True, False),
        (DEBIT, answer(200, b'{"limite": 80000, "saldo": 1.5}'), False, True),
        (DEBIT, answer(200, b'{"limite": 80000}'), False, True),
        (DEBIT, answer(200, b'{"saldo": -80001}'), False, False),
        (CREDIT, answer(422), False, False),
        (CREDIT, answer(200, AT_LIMIT), True, False),
        (EXTRATO, answer(200, TORN_BELOW), False, True),
        (EXTRATO, answer(404), False, False),
        (DEBIT, answer(Failure.TIMEOUT), False, False),
    ],
)
def test_the_load_is_judged_as_the_judge_does(
    request_: LedgerRequest, given_: Answer, fine: bool, costs: bool
) -> None:
    """Only a debit may be refused; a balance below -limite costs money."""
    fault = load_fault(request_, given_)
    assert (fault is None, fault is not None and fault.costs) == (fine, costs)


def test_an_answer_of_250_ms_is_late() -> None:
    """A correct answer is in time below 250 ms and slow at 250 ms."""
    judge = Judge(Recorder(TARGET))
    for took_ms in (249.999, 250.0):
        judge.judge(DEBIT, answer(200, AT_LIMIT, took_ms), None)
    judge.flush()
    assert judge.read().counts == Counts(total=2, ok_in_time=1, slow=1)


@pytest.mark.parametrize("text", ["p99", "p98<5", "p99<", "p99<x", "p99=5", "<5", "p99<5 ms"])
def test_a_threshold_that_says_nothing_is_refused(text: str) -> None:
    """A mistyped threshold is refused, because it would let every run pass."""
    with pytest.raises(ArgumentTypeError, match="is not like"):
        threshold(text)
