"""The health of the generator, which must not be the bottleneck itself."""

from msgspec import Struct

from loadtest.limits import ACHIEVED_RATE_MIN, GENERATOR_BUSY_MAX, SEND_LATE_P99_MAX_US
from loadtest.measure.histogram import Histogram
from loadtest.measure.tally import Tally
from loadtest.wire.outcome import Failure, outcome_name

# For each failure of the generator itself.
REMEDIES = {
    Failure.NO_PORTS: "keep connections alive, or send more slowly",
    Failure.NO_FILES: "raise it with `ulimit -n`, or use fewer connections",
}


class Rate(Struct):
    """Requests per second: those sent, and those that an open loop had to send."""

    elapsed_s: float
    achieved: float
    wanted: float | None = None


class Generator(Struct):
    """Figures of the generator itself: CPU, lateness, and sends that waited for a connection."""

    workers: int
    cpu_us_per_request: float
    busy: float
    spun: float
    late_p50_us: int
    late_p99_us: int
    late: Histogram
    held: int


def rate_of(tally: Tally, wanted: int | None, planned_s: float | None = None) -> Rate:
    """Returns the rates; `wanted` is the request count of an open loop, None for a closed one."""
    elapsed_s = tally.elapsed_s
    if not elapsed_s:
        return Rate(0.0, 0.0)
    sending_s = wanted_s = elapsed_s
    if planned_s:
        # A loop sends for its time. It takes longer if the target has taken all connections of an
        # open one, or answers a closed one later; what else it waits for are lost answers.
        sending_s = min(elapsed_s, max(planned_s, tally.held_until_s))
        wanted_s = min(elapsed_s, planned_s)
    if wanted and planned_s and tally.held and tally.sent < wanted:
        # It was so far behind that it ended early.
        wanted_s = planned_s
    wanted_rate = round(wanted / wanted_s, 2) if wanted else None
    return Rate(round(elapsed_s, 3), round(tally.sent / sending_s, 2), wanted_rate)


def generator_health(tally: Tally, workers: int) -> Generator:
    core_s = tally.elapsed_s * workers or 1.0
    busy_s = tally.cpu_s - tally.spun_s
    late_p50_us, late_p99_us = tally.late.percentiles((50.0, 99.0))
    return Generator(
        workers=workers,
        cpu_us_per_request=round(busy_s / max(tally.done, 1) * 1e6, 2),
        busy=round(busy_s / core_s, 4),
        spun=round(tally.spun_s / core_s, 4),
        late_p50_us=late_p50_us,
        late_p99_us=late_p99_us,
        late=tally.late,
        held=tally.held,
    )


def why_unfit(tally: Tally, generator: Generator, rate: Rate, *, open_loop: bool) -> list[str]:
    """Returns every reason why these figures prove nothing about the target."""
    reasons = [f"the generator failed: {crash.strip().splitlines()[-1]}" for crash in tally.crashes]
    if not tally.sent and not tally.crashes:
        reasons.append("no request was sent")
    if generator.busy > GENERATOR_BUSY_MAX:
        reasons.append(
            f"the generator used {generator.busy:.0%} of a core per worker: it was the limit, "
            f"not the target; give it more --workers or a machine of its own"
        )
    if open_loop and generator.late_p99_us > SEND_LATE_P99_MAX_US:
        reasons.append(
            f"1% of the requests left {generator.late_p99_us / 1000:.1f} ms late or more: "
            f"the machine had no time for the generator"
        )
    wanted = rate.wanted
    # The target causes the wait for a connection when all are taken.
    if wanted and rate.achieved < ACHIEVED_RATE_MIN * wanted and not tally.held:
        reasons.append(f"{rate.achieved:.1f} requests/s were sent where {wanted:.1f} were wanted")
    for failure, remedy in REMEDIES.items():
        count = sum(times.count for times in tally.times.values() if times.code == failure)
        if count:
            reasons.append(f"{count} requests could not leave: {outcome_name(failure)}; {remedy}")
    return reasons
