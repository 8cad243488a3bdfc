"""Property tests of the schedules."""

from itertools import chain, islice, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.crebitos.mix import CREDIT, DEBIT, EXTRATO
from loadtest.crebitos.official.plan import OFFICIAL_COUNTS, due_times, expected_counts
from loadtest.drive import schedule
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.wire.request import Address

ADDRESS = Address("localhost", 9999)
RATES = st.floats(min_value=0.5, max_value=5_000)
DURATIONS = st.floats(min_value=0.5, max_value=300)


@given(RATES, RATES, DURATIONS)
def test_at_each_due_time_the_ramp_has_asked_for_as_many_as_were_sent(
    low: float, high: float, duration_s: float
) -> None:
    """The area under the ramp up to the k-th due time is k."""
    for index in range(0, schedule.ramp_size(low, high, duration_s), 97):
        t = schedule.ramp_time(index, low, high, duration_s)
        area = low * t + (high - low) * t * t / (2 * duration_s)
        assert area == pytest.approx(index, rel=1e-6, abs=1e-6)


@given(RATES, RATES, st.floats(min_value=0.5, max_value=5))
def test_a_ramp_rises_and_stays_within_its_duration(
    low: float, high: float, duration_s: float
) -> None:
    """Due times never decrease, and none is after the end."""
    moments = list(islice(schedule.ramp(low, high, duration_s), 2_000))
    assert moments == sorted(moments)
    assert all(0 <= moment <= duration_s * 1.0001 + 1 / min(low, high) for moment in moments)


def test_the_ramps_exact_times() -> None:
    """The times of a ramp from 1 to 3 a second in 4 s solve t^2/4 + t = k."""
    expected = [0.0, 0.828427, 1.464102, 2.0, 2.472136, 2.898979, 3.291503, 3.656854]
    assert list(schedule.ramp(1, 3, 4)) == pytest.approx(expected, abs=1e-6)


@given(st.integers(min_value=1, max_value=1_000), st.integers(min_value=1, max_value=5))
def test_workers_shares_are_the_whole_schedule(size: int, workers: int) -> None:
    """The shares of all workers contain each due time exactly once."""
    plan = Plan(ADDRESS, "rate", 1, 1e9, size, 1, workers, 1.0, rate=340.0)
    shares = [plan.due_times_of(worker) for worker in range(workers)]
    assert sorted(chain.from_iterable(shares)) == [index / 340.0 for index in range(size)]


def test_poisson_arrivals_have_the_wanted_rate_and_spread() -> None:
    """The mean of Poisson gaps is 1/rate, and their deviation equals the mean."""
    moments = list(islice(schedule.poisson(340.0, Random(4)), 20_000))
    gaps = [after - before for before, after in pairwise(moments)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(1 / 340, rel=0.03)
    assert deviation == pytest.approx(mean, rel=0.05)


def test_the_official_run_has_its_61503_requests() -> None:
    """Each type has its official number of requests, within the official four minutes."""
    plan = OfficialPlan(ADDRESS, 1, 60.0)
    counts = expected_counts(plan)
    assert counts == OFFICIAL_COUNTS
    assert sum(counts.values()) == 61_503
    for kind in (DEBIT, CREDIT, EXTRATO):
        moments = list(due_times(plan, kind))
        assert len(moments) == counts[kind]
        assert moments == sorted(moments)
        assert 239 < moments[-1] < 240


def test_a_rehearsal_at_speed_sends_the_same_in_less_time() -> None:
    """Speed shortens the time and keeps the count; scale reduces the count and keeps the rate."""
    fast = list(due_times(OfficialPlan(ADDRESS, 1, 60.0, speed=10.0), DEBIT))
    small = list(due_times(OfficialPlan(ADDRESS, 1, 60.0, scale=0.1), DEBIT))
    assert len(fast) == 39_660
    assert fast[-1] < 24
    assert len(small) == 3_966
    assert small[-1] < 24
