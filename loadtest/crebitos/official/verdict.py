"""The official score to the cent, and the verdict on a run."""

from collections.abc import Mapping
from decimal import Decimal

from loadtest.crebitos.report import REWARD_USD, Counts, CrebitosReport, Official
from loadtest.limits import SLA_PERCENT, SLOW_MS
from loadtest.report.data import Count, Load, Verdict
from loadtest.report.judgement import Line, slow_answers, slowness_is_proved, verdict, wrong_answers
from loadtest.wire.outcome import OWN_FAILURES
from loadtest.wire.request import Kind

LINE = Line(SLOW_MS, 100 - SLA_PERCENT)
CONSISTENCY_FINE_USD = Decimal("803.01")
FINE_PER_PERCENT_USD = Decimal(1000)
CENT = Decimal("0.01")
FAILED_CHECKS_NAMED = 5


def official_part(
    counts: Counts,
    failed: Mapping[str, int],
    mix: dict[str, int],
    expected: Mapping[Kind, int],
    *,
    rehearsal: bool | None = None,
) -> Official:
    """Returns the official judge's payment and fines for a run.

    If `rehearsal` is None, a run that is not complete is a rehearsal.
    """
    # Rounded as the official script rounds it; a run without answers has 0%.
    share = round(100 * counts.ok_in_time / counts.total, 2) if counts.total else 0.0
    ok_percent = Decimal(str(share)).quantize(CENT)
    sla_fine = max(Decimal(0), (SLA_PERCENT - ok_percent) * FINE_PER_PERCENT_USD).quantize(CENT)
    consistency_fine = (counts.consistency * CONSISTENCY_FINE_USD).quantize(CENT)
    paid = max(Decimal(0), Decimal(REWARD_USD) - sla_fine - consistency_fine).quantize(CENT)
    wanted = {kind.name: count for kind, count in expected.items()}
    complete = mix == wanted
    return Official(
        counts=counts,
        expected=wanted,
        complete=complete,
        rehearsal=not complete if rehearsal is None else rehearsal,
        ok_percent=str(ok_percent),
        sla_fine_usd=str(sla_fine),
        consistency_fine_usd=str(consistency_fine),
        paid_usd=str(paid),
        failed_checks=[Count(what, count) for what, count in failed.items()],
    )


def judge_official(report: CrebitosReport, load: Load) -> Verdict:
    """Returns the verdict on an official run, of our own generator or of Gatling."""
    official = report.official
    assert official is not None
    wrong, failed, fined = wrong_answers(report), _failed(official), _fined(official, load)
    if load.generator is not None:
        if official.counts.consistency or _answers_were_wrong(official, load):
            wrong, failed = wrong + failed, []
        if official.counts.consistency or (official.complete and slowness_is_proved(load, LINE)):
            wrong, failed, fined = wrong + failed + fined, [], []
    return verdict(wrong, failed + fined, load.invalid)


def _answers_were_wrong(official: Official, load: Load) -> bool:
    """Returns whether answers were wrong and not only late: proof even with an unfit generator."""
    own = sum(times.count for times in load.times if times.code in OWN_FAILURES)
    return not load.interrupted and official.counts.ko > official.counts.overlapped + own


def _failed(official: Official) -> list[str]:
    if official.is_paid_in_full:
        return []
    failed = [f"{one.what}: {one.count} answers" for one in official.failed_checks]
    return failed[:FAILED_CHECKS_NAMED]


def _fined(official: Official, load: Load) -> list[str]:
    """Returns the reasons why the run is not paid in full."""
    if official.is_paid_in_full:
        return []
    paid = f"paid USD {official.paid_usd} of {REWARD_USD}"
    return [*slow_answers(load, LINE), paid]
