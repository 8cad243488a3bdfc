"""Adds up what the workers report: per kind and outcome, and per second."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loadtest.measure.histogram import Histogram, merged
from loadtest.wire.outcome import STATUS_FIRST, Kind, is_fine


@dataclass(slots=True)
class Times:
    """Service time: from sending to the answer. Response time: from when it was due."""

    service: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Second:
    """One second of the run, all workers together."""

    answers: int = 0
    failures: int = 0
    response: Histogram = field(default_factory=Histogram)
    late: Histogram = field(default_factory=Histogram)
    cpu_s: float = 0.0
    spun_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """Everything counted so far."""

    times: dict[tuple[int, int], Times] = field(default_factory=dict)
    seconds: dict[int, Second] = field(default_factory=dict)
    late: Histogram = field(default_factory=Histogram)
    findings: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0
    held: int = 0
    elapsed_s: float = 0.0
    crashes: list[str] = field(default_factory=list)

    def add(self, message: dict[str, Any]) -> None:
        if "crash" in message:
            self.crashes.append(message["crash"])
            return
        second = self.seconds.setdefault(message["second"], Second())
        self.elapsed_s = max(self.elapsed_s, message["elapsed_s"])
        second.cpu_s += message["cpu_s"]
        second.spun_s += message["spun_s"]
        late = Histogram.from_pairs(message["late"])
        second.late.merge(late)
        self.late.merge(late)
        self.sent += message["sent"]
        self.held += message["held"]
        for text, count in message["findings"].items():
            self.findings[text] = self.findings.get(text, 0) + count
        self.examples += message["examples"]
        for cell in message["cells"]:
            self.add_cell(second, *cell)

    def add_cell(
        self,
        second: Second,
        kind: int,
        code: int,
        service_pairs: list[tuple[int, int]],
        response_pairs: list[tuple[int, int]],
    ) -> None:
        times = self.times.setdefault((kind, code), Times())
        response = Histogram.from_pairs(response_pairs)
        times.service.merge(Histogram.from_pairs(service_pairs))
        times.response.merge(response)
        if code >= STATUS_FIRST:
            second.answers += response.total
            second.response.merge(response)
        if not is_fine(kind, code) and kind != Kind.CHECK:
            second.failures += response.total

    def count(self, wanted: Callable[[int, int], bool]) -> int:
        """How many requests ended in an outcome that is wanted(kind, code)."""
        return sum(times.service.total for key, times in self.times.items() if wanted(*key))

    def answered(self, wanted: Callable[[int, int], bool] = lambda _kind, _code: True) -> Times:
        """The times of the answers, of one kind or outcome or of all."""
        chosen = [
            times
            for (kind, code), times in self.times.items()
            if code >= STATUS_FIRST and wanted(kind, code)
        ]
        return Times(
            merged(times.service for times in chosen), merged(times.response for times in chosen)
        )

    @property
    def done(self) -> int:
        return self.count(lambda _kind, _code: True)

    @property
    def failed(self) -> int:
        return self.count(lambda kind, code: not is_fine(kind, code) and kind != Kind.CHECK)

    @property
    def cpu_s(self) -> float:
        return sum(second.cpu_s for second in self.seconds.values())

    @property
    def spun_s(self) -> float:
        return sum(second.spun_s for second in self.seconds.values())
