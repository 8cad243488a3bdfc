"""A run is held against a stored one."""

import pytest

from bench.crebitos.edition import GUARDED
from bench.results.data import Results
from bench.results.guard import judge
from tests.bench.simulated import results_of

CEILING: list[float] = [1000, 1000, 1000]


def run(service: list[float], ceiling: list[float] = CEILING) -> Results:
    return results_of({"rinha_normal": service, "constant": ceiling})


NOT_MEASURED = results_of({"constant": CEILING})


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        pytest.param(run([500, 510, 490]), run([490, 500, 510]), "ok", id="the same"),
        pytest.param(run([500] * 3), run([250] * 3, [500] * 3), "ok", id="slower machine"),
        pytest.param(run([500] * 3), run([400] * 3), "WORSE", id="worse than the noise"),
        pytest.param(run([400, 500, 600]), run([320, 400, 480]), "ok", id="worse within the noise"),
        pytest.param(run([500] * 3), run([900] * 3), "ok", id="better"),
        pytest.param(run([500] * 3), NOT_MEASURED, "MISSING", id="no longer measured"),
        pytest.param(NOT_MEASURED, run([500] * 3), "new", id="not measured before"),
    ],
)
def test_only_a_ratio_that_is_worse_or_missing_fails(
    before: Results, now: Results, word: str
) -> None:
    """Slower together with the ceiling, or within the noise of the rounds, proves nothing."""
    [rate, *_] = judge(GUARDED, before, now)
    assert rate.fails == word.isupper()
    assert word in rate.text


def test_more_cpu_a_request_is_worse() -> None:
    """For times and costs less is better."""
    verdicts = judge(GUARDED, run([500] * 3), run([400] * 3))
    cpu = next(one for one in verdicts if one.guarded.figure == "cpu_us")
    assert cpu.fails
