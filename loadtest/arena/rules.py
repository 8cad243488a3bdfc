"""The arena's rules on a compose file: each holds or is broken; the rest are notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from loadtest.arena.amounts import MEGABYTE, Limit, memory_bytes
from loadtest.arena.architecture import CONTAINERS_MIN, Layout, database_state, layout_of
from loadtest.arena.notes import notes_of
from loadtest.arena.services import Service, Services
from loadtest.judging.rulebook import Weight
from loadtest.judging.terms import PORT, Terms
from loadtest.report.data import Rule
from loadtest.wire.outcome import printable

INSTANCES = "two API instances behind a load balancer"
PUBLISHED = f"port {PORT}"
# Each rule with its group and its weight; broken rules of less weight are shown first.
RULES = {
    PUBLISHED: ("port", Weight.DATA),
    "refused part": ("file", Weight.DATA),
    INSTANCES: ("architecture", Weight.OFFICIAL),
    "database": ("architecture", Weight.OFFICIAL),
    "privileged mode": ("privileges", Weight.OFFICIAL),
    "CPU limit": ("limits", Weight.OFFICIAL),
    "memory limit": ("limits", Weight.OFFICIAL),
    "sum of CPU limits": ("limits", Weight.OFFICIAL),
    "sum of memory limits": ("limits", Weight.OFFICIAL),
}


@dataclass(frozen=True, slots=True)
class Findings:
    """The rules of one compose file, held or broken, and notes that have no part in the verdict."""

    rules: list[Rule] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, rule: str, expected: str, found: str, *, passed: bool, service: Service | None = None
    ) -> None:
        group, weight = RULES[rule]
        whose = printable(str(service)) if service is not None else ""
        texts = printable(expected), printable(found)
        self.rules.append(Rule(group, whose, rule, *texts, passed, weight, ""))

    def note(self, text: str) -> None:
        self.notes.append(printable(text))


def check_rules(services: Services, terms: Terms) -> Findings:
    """Checks every rule of the arena on the services of a compose file."""
    findings, started = Findings(), services.started
    layout = layout_of(started)
    _check_port(findings, started)
    _check_instances(findings, layout)
    _check_database(findings, layout, terms)
    for service in started:
        _check_service(findings, service)
    _check_sums(findings, started, terms)
    for note in notes_of(services, layout, terms):
        findings.note(note)
    return findings


def _check_service(findings: Findings, service: Service) -> None:
    for rule, key, limit in (
        ("CPU limit", "cpus", service.cpu),
        ("memory limit", "memory", service.memory),
    ):
        found = limit.fault or f"{limit.text} ({limit.place})"
        wanted = f"deploy.resources.limits.{key}: every service declares it"
        findings.add(rule, wanted, found, passed=not limit.fault, service=service)
    at = service.privileged
    findings.add(
        "privileged mode",
        "no privileged mode: the arena refuses it",
        f"privileged: true ({at})" if at is not None else "not privileged",
        passed=at is None,
        service=service,
    )
    for fault in service.faults:
        found = f"{fault.found} ({fault.place}); docker compose refuses it"
        findings.add("refused part", fault.expected, found, passed=False, service=service)


def _check_sums(findings: Findings, started: Sequence[Service], terms: Terms) -> None:
    limits = [service.cpu for service in started]
    cpus = _sum(started, limits)
    wanted = f"at most {terms.cpus} CPU over all services"
    found = f"{_number(cpus)} CPU: {_parts(started, limits)}"
    findings.add("sum of CPU limits", wanted, found, passed=cpus <= terms.cpus)
    limits = [service.memory for service in started]
    memory, most = _sum(started, limits), memory_bytes(terms.memory) or Decimal(0)
    wanted = f"at most {terms.memory} over all services"
    found = f"{_number(memory / MEGABYTE)}MB: {_parts(started, limits)}"
    findings.add("sum of memory limits", wanted, found, passed=memory <= most)


def _sum(started: Sequence[Service], limits: Sequence[Limit]) -> Decimal:
    pairs = zip(started, limits, strict=True)
    return sum((limit.amount * service.replicas for service, limit in pairs), Decimal(0))


def _number(value: Decimal) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _parts(started: Sequence[Service], limits: Sequence[Limit]) -> str:
    """Returns the limits that make up a sum, as declared."""
    pairs = zip(started, limits, strict=True)
    return ", ".join(f"{_counted(service)} {limit.text}" for service, limit in pairs)


def _check_port(findings: Findings, started: Sequence[Service]) -> None:
    """Checks that the port of the contest is published, by one container."""
    fronts = [one for one in started if any(port.publishes(PORT) for port in one.ports)]
    on_host = [one for one in started if one.host_network is not None]
    # Docker ignores the ports of a service on the host's network.
    publishing = [one for one in fronts if one.host_network is None]
    wanted = f"one container publishes port {PORT}"
    if not publishing and on_host:
        names = ", ".join(one.name for one in on_host)
        findings.note(
            f"port {PORT}: cannot tell who listens on it, as {names} share the host's network"
        )
        return
    if sum(one.replicas for one in publishing) > 1:
        names = ", ".join(f"{one.replicas} x {one}" for one in publishing)
        found = f"{names}: only one container can have a port of the host"
        findings.add(PUBLISHED, wanted, found, passed=False)
        return
    found = ", ".join(f"{port} by {one}" for one in started for port in one.ports)
    findings.add(PUBLISHED, wanted, found or "no port", passed=bool(publishing))


def _check_instances(findings: Findings, layout: Layout) -> None:
    """Checks that two instances can stand behind a load balancer."""
    names = ", ".join(one.name for one in layout.others)
    front = layout.front.name if layout.front is not None else "no load balancer"
    if layout.containers < CONTAINERS_MIN and not layout.may_share_container:
        wanted = f"{CONTAINERS_MIN} containers besides databases: a load balancer, two instances"
        found = f"{layout.containers}: {front}, {names or 'nothing behind it'}"
        findings.add(INSTANCES, wanted, found, passed=False)
    elif layout.alike and layout.front is not None:
        wanted = "two instances of one program behind a load balancer"
        found = f"{', '.join(map(_counted, layout.alike))} behind {front}"
        findings.add(INSTANCES, wanted, found, passed=True)
    else:
        findings.note(f"{INSTANCES}: cannot tell; the containers are {front} and {names}")


def _counted(service: Service) -> str:
    return f"{service.replicas} x {service.name}" if service.replicas > 1 else service.name


def _check_database(findings: Findings, layout: Layout, terms: Terms) -> None:
    """Checks that the data of the entry are not in memory only."""
    wanted = "a database that does not keep its data in memory only"
    if terms.databases:
        wanted = f"one of {', '.join(sorted(terms.databases))}"
    states = {one.name: database_state(one, terms.databases) for one in layout.databases}
    shown = ", ".join(f"{one.name}: {one.program}" for one in layout.databases)
    if "allowed" in states.values():
        findings.add("database", wanted, shown, passed=True)
    elif set(states.values()) == {"refused"} and not layout.may_store:
        findings.add("database", wanted, shown, passed=False)
    else:
        findings.note(f"database: cannot tell from {shown or 'this file'}; the rules want {wanted}")
