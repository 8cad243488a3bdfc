"""More load than the machine can take, then the usual load again."""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.help.commands import assert_sound
from tests.help.running import Stack
from tests.loadtest.command import Ran, loadtest

pytestmark = pytest.mark.alone

USUAL_RATE = 340
USUAL_S = 10
FLOOD_S = 60
RECOVERY_S = 5
# Five times the requests that nginx.conf allows at once.
CONNECTIONS = 10_000
# Answers allowed in a flood: done, beyond the limit of an account, too many at once.
ANSWERS = {"200", "422", "429"}
# On a quiet machine the p99 of a second depends on few requests: so much is noise.
P99_TIMES_MAX = 3.0
P99_MORE_MAX_MS = 5.0


def run(stack: Stack, folder: Path, *words: object) -> Ran:
    target = f"127.0.0.1:{stack.port}"
    return loadtest("run", target, *words, folder=folder, timeout_s=4 * FLOOD_S)


def usual_p99_ms(stack: Stack, folder: Path) -> float:
    ran = run(stack, folder, "-r", USUAL_RATE, "-d", USUAL_S, "-c", 64)
    assert ran.is_right, ran.out
    seconds = sorted(float(second.p99_us) for second in ran.load.seconds)
    return seconds[len(seconds) // 2] / 1000


def flood(stack: Stack, folder: Path, rate: int) -> Counter[str]:
    """Counts each answer, or why there was none; a generator that cannot keep up is restarted."""
    outcomes: Counter[str] = Counter()
    ends_at = time.monotonic() + FLOOD_S
    while (left_s := ends_at - time.monotonic()) > 1:
        ran = run(stack, folder, "-r", rate, "-d", f"{left_s:.0f}", "-c", CONNECTIONS)
        for times in ran.load.times:
            outcomes[times.outcome] += times.count
        assert [one for one in ran.report.clientes if one.is_broken] == []
        assert ran.load.findings == []
    return outcomes


@pytest.mark.parametrize("rate", [3_400, 34_000])
def test_an_overload_is_queued_or_refused_and_leaves_no_delay(tmp_path: Path, rate: int) -> None:
    """A flood causes no 5xx and no unexplained answer, and 5 s later latency is as before."""
    with Stack(tmp_path) as stack:
        before_ms = usual_p99_ms(stack, tmp_path)
        outcomes = flood(stack, tmp_path, rate)
        time.sleep(RECOVERY_S)
        after_ms = usual_p99_ms(stack, tmp_path)
    print(f"{rate}/s: {dict(outcomes)}; usual p99 {before_ms:.2f} ms, then {after_ms:.2f} ms")
    assert_sound(stack.ledger)
    assert set(outcomes) <= ANSWERS
    assert after_ms < before_ms * P99_TIMES_MAX + P99_MORE_MAX_MS
