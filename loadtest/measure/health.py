"""Was the generator itself the limit?"""

from typing import Any

from loadtest.limits import ACHIEVED_RATE_MIN, GENERATOR_BUSY_MAX, SEND_LATE_P99_MAX_US
from loadtest.measure.tally import Tally
from loadtest.wire.outcome import OWN_FAILURES, Failure, outcome_name


def generator_health(tally: Tally, workers: int, wanted: int | None) -> dict[str, Any]:
    """The generator's own figures, and every reason why its numbers prove nothing.

    `wanted` is how many requests an open loop had to send; a closed loop has no such number.
    """
    elapsed_s = tally.elapsed_s
    busy_s = tally.cpu_s - tally.spun_s
    late_p50_us, late_p99_us = tally.late.percentiles((50.0, 99.0))
    achieved_rate = tally.sent / elapsed_s if elapsed_s else 0.0
    health = {
        "workers": workers,
        "cpu_us_per_request": round(busy_s / tally.done * 1e6, 2) if tally.done else 0.0,
        "busy": round(busy_s / elapsed_s / workers, 4) if elapsed_s else 0.0,
        "spun": round(tally.spun_s / elapsed_s / workers, 4) if elapsed_s else 0.0,
        "late_p50_us": late_p50_us,
        "late_p99_us": late_p99_us,
        "late": tally.late.to_pairs(),
        "achieved_rate": round(achieved_rate, 2),
        "wanted_rate": round(wanted / elapsed_s, 2) if wanted and elapsed_s else None,
        "held": tally.held,
        "elapsed_s": round(elapsed_s, 3),
    }
    return health | {"invalid": _reasons(health, tally, open_loop=wanted is not None)}


def _reasons(health: dict[str, Any], tally: Tally, *, open_loop: bool) -> list[str]:
    reasons = [f"the generator failed: {crash.strip().splitlines()[-1]}" for crash in tally.crashes]
    if health["busy"] > GENERATOR_BUSY_MAX:
        reasons.append(
            f"the generator used {health['busy']:.0%} of a core per worker: it was the limit, "
            f"not the target; give it more --workers or a machine of its own"
        )
    if open_loop and health["late_p99_us"] > SEND_LATE_P99_MAX_US:
        reasons.append(
            f"1% of the requests left {health['late_p99_us'] / 1000:.1f} ms late or more: "
            f"the machine had no time for the generator"
        )
    wanted = health["wanted_rate"]
    short = open_loop and wanted and health["achieved_rate"] < ACHIEVED_RATE_MIN * wanted
    # Requests held back because every connection was taken are the target's doing.
    if short and not tally.held:
        reasons.append(
            f"{health['achieved_rate']:.1f} requests/s were sent where {wanted:.1f} were wanted"
        )
    for failure in OWN_FAILURES:
        count = tally.count(lambda _kind, code, own=failure: code == own)  # type: ignore[misc]
        if count:
            reasons.append(f"{count} requests could not leave: {_remedy(failure)}")
    return reasons


def _remedy(failure: Failure) -> str:
    if failure == Failure.NO_FILES:
        return f"{outcome_name(failure)}; raise it with `ulimit -n`, or use fewer connections"
    return f"{outcome_name(failure)}; keep connections alive, or send more slowly"
