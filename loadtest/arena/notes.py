"""Notes on a compose file: what is allowed, and what it means for a run."""

from collections.abc import Iterator, Sequence

from loadtest.arena.architecture import Layout
from loadtest.arena.roles import BALANCERS, Role, program_of
from loadtest.arena.services import Service, Services
from loadtest.judging.terms import Terms


def notes_of(services: Services, layout: Layout, terms: Terms) -> Iterator[str]:
    """Returns a note for everything that the rules allow and a user should know."""
    started = services.started
    if services.left_out:
        yield f"not started, and in no sum: {', '.join(services.left_out)}"
    for service in started:
        for place, key in service.unknown_keys:
            yield f"{service.name} ({place}): docker compose knows no key {key}, and may refuse it"
    yield from _balancer_notes(layout, terms)
    yield from _network_notes(started)
    yield from _volume_notes(started)
    built = [one.name for one in started if not one.image]
    if built:
        yield (
            f"{', '.join(built)}: built on this machine; the contest wanted published images, and "
            f"the arena builds only from files of the entry's folder"
        )


def _balancer_notes(layout: Layout, terms: Terms) -> Iterator[str]:
    program = program_of(layout.front.image) if layout.front is not None else ""
    if terms.balancers and program in BALANCERS - terms.balancers:
        names = ", ".join(sorted(terms.balancers))
        yield f"{layout.front}: {program} balances the load; the rules name {names}"


def _network_notes(started: Sequence[Service]) -> Iterator[str]:
    on_host = [str(one) for one in started if one.host_network is not None]
    if on_host:
        yield (
            f"network of the host: {', '.join(on_host)}: allowed; they listen on the host's own "
            f"ports, Docker ignores their `ports`, and no two of them can have one port"
        )


def _volume_notes(started: Sequence[Service]) -> Iterator[str]:
    kept = [one.name for one in started if any(mount.kind == "volume" for mount in one.mounts)]
    if kept:
        yield (
            f"volumes: {', '.join(kept)}: allowed; their data stay for the next run until "
            f"`docker compose down --volumes`"
        )
    for service in started:
        for mount in service.mounts:
            if mount.kind == "tmpfs" and service.role is Role.DATABASE:
                yield (
                    f"{service.name} ({mount.place}): {mount.target} is in memory (tmpfs): what is "
                    f"there counts as its memory, and is lost when the container ends"
                )
            elif mount.is_missing:
                yield (
                    f"{service.name} ({mount.place}): there is no {mount.source} beside the file, "
                    f"so Docker mounts an empty folder of that name"
                )
