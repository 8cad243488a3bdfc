"""Metric families: names, labels and units, and the buckets of the histograms."""

from typing import Literal, NamedTuple

# Name of a family, the values of its labels and, in a histogram, the number of the bucket or `sum`.
Key = tuple[str, ...]

# Each bucket is 1.41 times the one before: a percentile is at most 20% off. They go from 25 us,
# less than any request takes, to 1.2 s, more than a request waits for the lock by default.
BUCKETS_US = tuple(round(25 * 2 ** (step / 2)) for step in range(32))
GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Family(NamedTuple):
    """Metric family. Its counters are integers; `scale` converts them to the unit that is shown."""

    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    scale: float
    help: str
    # Upper bounds of the buckets of a histogram, as integers.
    bounds: tuple[int, ...] = BUCKETS_US

    def keys_of(self, whole: Key) -> list[Key]:
        """Returns the keys of its counters: one, or in a histogram one for each bucket and one for
        the sum."""
        if self.kind != "histogram":
            return [whole]
        return [*((*whole, str(place)) for place in range(len(self.bounds) + 1)), (*whole, "sum")]


MICRO = 1e-6
FAMILIES = {
    "requests": Family("counter", ("route", "status"), 1, "Requests answered."),
    "refusals": Family("counter", ("reason",), 1, "Requests refused, by the kind of error."),
    "request_seconds": Family(
        "histogram", ("route",), MICRO, "Time in an instance from a request to its durable answer."
    ),
    "lock_wait_seconds": Family(
        "histogram", (), MICRO, "Wait for the write lock; only requests that had to wait."
    ),
    "group_transactions": Family(
        "histogram",
        (),
        1,
        "Transactions that shared a commit, refused ones too.",
        GROUP_SIZES,
    ),
    "commit_seconds": Family("histogram", (), MICRO, "Commit of a group, under the write lock."),
    "sync_seconds": Family("histogram", (), MICRO, "Sync of the WAL after a commit, with FULL."),
    "commits": Family("counter", (), 1, "Commits that wrote."),
    "log_pages": Family("gauge", (), 1, "Pages in the WAL at the last commit."),
    "checkpoints": Family(
        "counter", ("step",), 1, "Checkpoints, beside requests or under the write lock."
    ),
    "checkpoint_seconds": Family("counter", ("step",), MICRO, "Time spent in checkpoints."),
    "searching": Family("gauge", (), 1, "1: the instance has no primary and searches for one."),
    "reconnects": Family("counter", (), 1, "Connections made after a primary was lost."),
    "process_cpu_seconds": Family("counter", (), MICRO, "CPU of the instance, since its start."),
    "process_resident_bytes": Family("gauge", (), 1, "Memory of the instance."),
    "cpu_limit": Family("gauge", (), 1e-3, "CPU limit of its control group; 0: no limit."),
    "memory_limit_bytes": Family("gauge", (), 1, "Memory limit of its control group; 0: no limit."),
    "start_time_seconds": Family("gauge", (), MICRO, "Start of the instance."),
    "beat_time_seconds": Family("gauge", (), MICRO, "Last heartbeat of the instance."),
    "clock_steps": Family("counter", (), 1, "Steps of the clock, forward or back."),
    "audit_every_seconds": Family("gauge", (), MICRO, "Interval of scheduled audits; 0: never."),
    "audit_ok": Family("gauge", (), 1, "1: the last audit found no problem."),
    "audit_seconds": Family("gauge", (), MICRO, "Duration of the last audit."),
    "audit_time_seconds": Family(
        "gauge", (), MICRO, "End of the last scheduled audit; 0: none yet."
    ),
}
