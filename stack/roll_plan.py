"""Plan of `make up` beside a running stack: the differences it refuses, and the order of steps."""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from stack.part import Part

# With two values of these, instances that run at the same time would disagree.
REFUSED: Mapping[str, str] = {
    "RINHA_LEDGER": "the old and the new instances would write two ledgers",
    "RINHA_EDITION": "the old and the new instances would serve two editions",
    "PG*": "the old and the new instances might reach two databases",
    "MODE": "containers cannot take over from plain processes",
}


class Step(NamedTuple):
    # `reload` is for nginx, which keeps its connections while it changes.
    action: Literal["start", "replace", "reload", "end"]
    name: str


def refusal(names: Sequence[str]) -> tuple[str, str] | None:
    """Returns the settings among the names that need a stop, and the reasons, or None."""
    found = {
        name: reason
        for name in names
        for pattern, reason in REFUSED.items()
        if fnmatchcase(name, pattern)
    }
    return (", ".join(found), "; ".join(dict.fromkeys(found.values()))) if found else None


def steps(parts: Sequence[Part], running: Collection[str]) -> list[Step]:
    """Returns the steps from the services that run to the parts that are wanted.

    Clients reach an instance through nginx only. So a new instance listens before nginx knows it,
    and one that is removed ends after nginx has left it. The replica starts before the instances
    and ends after them, as in any start and stop, so that it misses no commit.
    """
    instances = [part.name for part in parts if part.kind == "instance"]
    first = [part.name for part in parts if part.kind != "instance" and part.name != "nginx"]
    added = [Step("start", name) for name in instances if name not in running]
    kept = [Step("replace", name) for name in instances if name in running]
    found = [Step("replace" if name in running else "start", name) for name in first]
    reload = Step("reload", "nginx")
    # Without the new instances nginx would have none while the only old one is replaced.
    found += [*added, reload, *kept] if added and len(kept) == 1 else [*added, *kept]
    wanted = {part.name for part in parts}
    # In this order the instances come before the replica.
    return [*found, reload, *(Step("end", name) for name in sorted(set(running) - wanted))]


def leaves_a_gap(found: Sequence[Step]) -> bool:
    """Tells if the only instance is replaced, so that nobody answers meanwhile."""
    touched = [step for step in found if step.name.startswith("api")]
    return [step.action for step in touched] == ["replace"]
