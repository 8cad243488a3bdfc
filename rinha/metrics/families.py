"""Metric families: names, labels and units, and the buckets of the histograms."""

from typing import Literal, NamedTuple

# Name of a family, the values of its labels and, in a histogram, the number of the bucket or `sum`.
Key = tuple[str, ...]

# Each bucket is 1.41 times the one before: a percentile is at most 20% off. They go from 25 us,
# less than any request takes, to 1.2 s, more than a request waits for the lock by default.
BUCKETS_US = tuple(round(25 * 2 ** (step / 2)) for step in range(32))


class Family(NamedTuple):
    """Metric family. Its counters are integers; `scale` converts them to the unit that is shown."""

    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    scale: float
    help: str

    def words_of(self, whole: Key) -> list[Key]:
        """Returns the keys of its counters: one, or in a histogram one for each bucket and one for
        the sum."""
        if self.kind != "histogram":
            return [whole]
        return [*((*whole, str(place)) for place in range(len(BUCKETS_US) + 1)), (*whole, "sum")]


MICRO = 1e-6
FAMILIES = {
    "requests": Family("counter", ("route", "status"), 1, "Requests answered."),
    "refusals": Family("counter", ("reason",), 1, "Requests refused, by the kind of error."),
    "request_seconds": Family(
        "histogram", ("route",), MICRO, "From the request in an instance to its answer."
    ),
    "lock_wait_seconds": Family(
        "histogram", (), MICRO, "Wait for the write lock; only requests that had to wait."
    ),
    "commits": Family("counter", (), 1, "Transactions committed."),
    "log_pages": Family("gauge", (), 1, "Pages in the write-ahead log at the last commit."),
    "checkpoints": Family(
        "counter", ("step",), 1, "Moves of the log into the file, beside the requests or locked."
    ),
    "checkpoint_seconds": Family("counter", ("step",), MICRO, "Time spent in these moves."),
    "searching": Family("gauge", (), 1, "1: it has no connection to a primary, and looks for one."),
    "reconnects": Family("counter", (), 1, "Connections to a primary after one was lost."),
    "process_cpu_seconds": Family("counter", (), MICRO, "CPU of the instance, since its start."),
    "process_resident_bytes": Family("gauge", (), 1, "Memory of the instance."),
    "cpu_limit": Family("gauge", (), 1e-3, "CPUs that its control group allows; 0: no limit."),
    "memory_limit_bytes": Family("gauge", (), 1, "Memory that it allows; 0: no limit."),
    "start_time_seconds": Family("gauge", (), MICRO, "When the instance was started."),
    "beat_time_seconds": Family("gauge", (), MICRO, "When the instance last said that it lives."),
    "clock_steps": Family("counter", (), 1, "Times that the clock went back or leapt."),
    "audit_every_seconds": Family(
        "gauge", (), MICRO, "How often it audits, or another instance in its place; 0: never."
    ),
    "audit_ok": Family("gauge", (), 1, "1: the last audit found every promise kept."),
    "audit_seconds": Family("gauge", (), MICRO, "How long the last audit took."),
    "audit_time_seconds": Family(
        "gauge", (), MICRO, "When the last scheduled audit ended; 0: none yet."
    ),
}
