"""The arena's part of a report: how the entry started, its services and their faults."""

from collections.abc import Sequence

from msgspec import Struct, field

from loadtest.report.table import Mark, Table
from loadtest.wire.outcome import one_line

MEGABYTE = 1 << 20  # as Docker reads the limits of a compose file


class Service(Struct):
    """One container: image, limits, and its figures during the load; None is unknown.

    `throttled_share` is the share of the CPU periods in which it had used up its limit.
    """

    name: str
    image: str
    state: str
    cpus: float | None = None
    memory_bytes: int | None = None
    cpu: float | None = None
    memory_peak_bytes: int | None = None
    throttled_share: float | None = None
    throttled_s: float | None = None
    memory_kills: int = 0
    restarts: int = 0


class ServiceLog(Struct):
    """The last lines of a container's log."""

    name: str
    lines: list[str]


class Arena(Struct):
    """The compose file, and what became of its containers.

    `ready_s` is None if the entry never became ready; `faults` begin with the cause of the others.
    `left` are folders of this machine that its containers may have written.
    """

    file: str
    ready_s: float | None = None
    answer: str = ""
    faults: list[str] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    logs: list[ServiceLog] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def tables(self) -> Sequence[Table]:
        return [self._arena_table(), *self._services_tables(), *self._log_tables()]

    def _arena_table(self) -> Table:
        ready = Mark("never", good=False)
        if self.ready_s is not None:
            ready = Mark(f"after {self.ready_s:.1f} s", good=True)
        rows: list[tuple[str, str | Mark]] = [("compose file", self.file)]
        rows += [("ready", ready)]
        rows += [("last answer", self.answer)] if self.ready_s is None else []
        rows += [("fault", Mark(text, good=False)) for text in self.faults]
        rows += [("left as it is", text) for text in self.left]
        return Table("arena", ("", ""), rows, text_columns=(0, 1))

    def _services_tables(self) -> Sequence[Table]:
        columns = (
            *("service", "image", "state", "CPU limit", "CPU mean", "throttled"),
            *("memory limit MB", "memory peak MB", "memory kills", "restarts"),
        )
        rows = [_row(service) for service in self.services]
        note = (
            "throttled: share of the periods of 100 ms in which the limit of CPU was used up; "
            "memory: the kernel's own count, file cache included"
        )
        table = Table("services", columns, rows, text_columns=(0, 1, 2), note=note)
        return [table] if rows else []

    def _log_tables(self) -> Sequence[Table]:
        rows = [(log.name, one_line(line)) for log in self.logs for line in log.lines]
        return [Table("last lines of logs", ("", ""), rows, text_columns=(0, 1))] if rows else []


def _row(service: Service) -> list[str | Mark]:
    share = service.throttled_share
    return [
        service.name,
        service.image,
        service.state,
        _number(service.cpus, 1, 2, "none"),
        _number(service.cpu, 1, 2),
        "" if share is None else f"{share:.0%}, {service.throttled_s or 0:.1f} s",
        _number(service.memory_bytes, MEGABYTE, 0, "none"),
        _number(service.memory_peak_bytes, MEGABYTE, 1),
        Mark(str(service.memory_kills), good=service.memory_kills == 0),
        Mark(str(service.restarts), good=service.restarts == 0),
    ]


def _number(value: float | None, unit: float, digits: int, missing: str = "") -> str:
    return missing if value is None else f"{value / unit:,.{digits}f}"
