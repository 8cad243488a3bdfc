"""The tables that every load has."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import UnsetType

from loadtest.measure.health import Generator
from loadtest.measure.histogram import FIGURES
from loadtest.report.data import Load
from loadtest.report.table import Mark, Table

CLOCKS_NOTE = (
    "service time runs from sending to the answer; response time from the moment the request was "
    "due, so it also holds the wait that a slow target causes: judge a target by response time"
)


def latency_table(load: Load, figures: Sequence[str] = FIGURES) -> Table:
    rows = [("response", load.answered("response"))]
    if load.generator is not None:
        rows.append(("service", load.answered("service")))
    rows += [(kind, load.answered("response", kind)) for kind, count in load.mix.items() if count]
    return Table(
        "latency in ms, response times by type",
        ("", *figures),
        [(name, *_chosen(one.figures_us(), figures)) for name, one in rows],
        note=CLOCKS_NOTE if load.generator is not None else "",
    )


def _chosen(figures_us: Mapping[str, int], names: Sequence[str]) -> Iterator[str]:
    return (milliseconds(figures_us[name]) for name in names)


def spread_text(figures_us: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {duration(figures_us[name])}" for name in ("min", "mean", "stdev"))


def throughput_text(load: Load) -> str:
    """Returns the bytes in both directions and their rates, or nothing if they are unknown."""
    if isinstance(load.throughput, UnsetType):
        return ""
    one = load.throughput
    sent = f"sent {megabytes(one.sent_bytes)} MB at {megabytes(one.sent_bytes_per_s)} MB/s"
    received = f"{megabytes(one.received_bytes)} MB at {megabytes(one.received_bytes_per_s)} MB/s"
    return f"{sent}, received {received}"


def megabytes(size: float) -> str:
    """Returns a number of bytes in MB, with a readable number of digits."""
    return f"{size / 1e6:,.1f}" if size >= 1e8 else f"{size / 1e6:.3f}"


def outcome_table(load: Load) -> Table:
    rows: list[tuple[str | Mark, ...]] = []
    for times in load.times:
        p50_us, p99_us = times.response.percentiles((50.0, 99.0))
        numbers = map(milliseconds, (p50_us, p99_us, times.response.max_us))
        outcome = Mark(times.outcome, times.fine)
        rows.append((times.kind, outcome, f"{times.count:,}", *numbers))
    columns = ("type", "outcome", "count", "p50 ms", "p99 ms", "max ms")
    return Table("outcomes", columns, rows, text_columns=(0, 1))


def usage_table(load: Load) -> Table:
    samples, rows = load.target_usage.samples, []
    for part in dict.fromkeys(name for sample in samples for name in sample.parts):
        used = [sample.parts[part] for sample in samples if part in sample.parts]
        cpus = [one.cpu for one in used]
        quota = load.target_usage.quotas.get(part)
        row = (
            part,
            f"{sum(cpus) / len(cpus):.2f}",
            f"{max(cpus):.2f}",
            f"{quota.cpus:.2f}" if quota and quota.cpus is not None else "",
            f"{max(one.memory_bytes for one in used) / 1e6:.1f}",
            f"{sum(one.throttled_s for one in used):.2f}",
        )
        rows.append(row)
    columns = ("part", "CPU mean", "CPU max", "CPU quota", "memory max MB", "throttled s")
    return Table("target on this machine", columns, rows)


def generator_table(generator: Generator) -> Table:
    rows = [
        ("CPU per request", f"{generator.cpu_us_per_request:.1f} us"),
        ("busy, of one core per worker", f"{generator.busy:.0%}"),
        ("watching the clock, of one core", f"{generator.spun:.0%}"),
        ("sent late, p50 / p99", f"{generator.late_p50_us:,} / {generator.late_p99_us:,} us"),
        ("workers", str(generator.workers)),
    ]
    return Table("generator", ("", ""), rows)


def count_text(count: int | None, unknown: str = "unknown") -> str:
    return unknown if count is None else f"{count:,}"


def milliseconds(us: int) -> str:
    """Returns milliseconds with a readable number of digits."""
    ms = us / 1000
    if ms < 100:
        return f"{ms:.3f}"
    return f"{ms:,.1f}" if ms < 10_000 else f"{ms:,.0f}"


def duration(us: int) -> str:
    """Returns a time with its unit: milliseconds, or seconds from one second on."""
    return f"{us / 1000:.3f} ms" if us < 1_000_000 else f"{us / 1_000_000:.2f} s"
