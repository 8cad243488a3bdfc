"""The layout of an entry: load balancer, API instances and databases, as far as a file shows it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, NamedTuple

from loadtest.arena.roles import DATABASES, MEMORY_ONLY, Role, program_of
from loadtest.arena.services import Service
from loadtest.judging.terms import PORT

CONTAINERS_MIN = 3  # a load balancer and two instances


class Layout(NamedTuple):
    """The services of an entry by what they seem to be; `alike` are those of one program."""

    front: Service | None
    databases: Sequence[Service]
    others: Sequence[Service]
    alike: Sequence[Service]

    @property
    def containers(self) -> int:
        """Returns the number of containers that are no database and no helper."""
        front = self.front.replicas if self.front is not None else 0
        return front + sum(one.replicas for one in self.others)

    @property
    def may_share_container(self) -> bool:
        """Returns whether one container has ports enough for two instances."""
        return any(len({port.target for port in one.ports}) > 1 for one in self.others)

    @property
    def may_store(self) -> bool:
        """Returns whether a service that is not known to be a database may hold the data.

        It is a program of its own, or the instances share a folder, and with it a file.
        """
        programs = [one for one in self.others if one.role is Role.OTHER and one not in self.alike]
        folders = [mount for one in self.alike for mount in one.mounts if mount.kind != "tmpfs"]
        return bool(programs or folders)


def layout_of(started: Sequence[Service]) -> Layout:
    """Returns the layout of the services that start."""
    front = _front(started)
    rest = [one for one in started if one is not front]
    databases = [one for one in rest if one.role is Role.DATABASE]
    others = [one for one in rest if one.role in {Role.OTHER, Role.BALANCER}]
    apis = [one for one in others if one.role is Role.OTHER]
    return Layout(front, databases, others, _alike(apis))


def _front(started: Sequence[Service]) -> Service | None:
    """Returns the service that publishes the contest's port, or else a load balancer."""
    publishing = [one for one in started if any(port.publishes(PORT) for port in one.ports)]
    balancers = [one for one in started if one.role is Role.BALANCER]
    both = [one for one in publishing if one in balancers]
    return next(iter([*both, *publishing, *balancers]), None)


def _alike(apis: Sequence[Service]) -> list[Service]:
    """Returns the services of one program, or of one name apart from its number."""
    groups: dict[str, list[Service]] = defaultdict(list)
    for service in apis:
        groups[f"program {service.program}"].append(service)
        groups[f"name {service.name.rstrip('0123456789')}"].append(service)
    largest = max(groups.values(), key=_count, default=[])
    return largest if _count(largest) > 1 else []


def _count(services: Sequence[Service]) -> int:
    return sum(one.replicas for one in services)


def database_state(
    service: Service, allowed: frozenset[str]
) -> Literal["allowed", "refused", "unknown"]:
    """Returns whether an edition allows a database; without names, any but those in memory."""
    program = program_of(service.image)
    if program in allowed:
        return "allowed"
    if allowed:
        return "refused" if program in DATABASES | MEMORY_ONLY else "unknown"
    if program in MEMORY_ONLY:
        return "refused"
    return "allowed" if program in DATABASES else "unknown"
