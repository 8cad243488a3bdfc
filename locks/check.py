"""Checks that each lock pins all that its distributions need, extras included: check.py [FOLDER].

A lock without gaps installs the same packages in a year. The requirements are read from the
installed distributions, so .venv has to be made from the same locks.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple

from packaging.dependency_groups import resolve_dependency_groups
from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

LOCKS = Path(__file__).resolve().parent
PROJECT = LOCKS.parent / "pyproject.toml"
# The purposes of each lock: the service, an extra, a group or the build-system of pyproject.toml,
# or the name of a package.
MADE_FOR: dict[str, list[str]] = {
    "bench.txt": ["group bench"],
    "build.txt": ["build-system"],
    "dev.txt": ["service", "extra ops", "group dev"],
    "loadtest.txt": ["group loadtest"],
    "lock.txt": ["uv"],
    "ops.txt": ["service", "extra ops"],
    "postgres.txt": ["extra postgres"],
    "profile.txt": ["group profile"],
    "replica.txt": ["group replica"],
    "service.txt": ["service"],
}
# bjoern has no dependencies, but its build needs a compiler. dev.txt leaves it to service.txt, and
# an environment for lint alone does not install it.
NOT_IN_DEV = "bjoern"
# py-spy has no dependencies either: it is a program, which only `make profile` installs.
NOT_INSTALLED = (NOT_IN_DEV, "py-spy")


class Pin(NamedTuple):
    """A pinned requirement of a lock, with its hashes."""

    requirement: Requirement
    version: str
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else LOCKS
    for complaint in complaints(folder):
        print(f"locks are incomplete: {complaint}", file=sys.stderr)
        return 1
    return 0


def complaints(folder: Path) -> Iterator[str]:
    project = tomllib.loads(PROJECT.read_text())
    locks: dict[str, list[Pin]] = {}
    for name in MADE_FOR:
        locks[name] = []
        for text in (folder / name).read_text().replace("\\\n", " ").splitlines():
            pin = pin_of(text)
            if pin is None:
                yield f"{name}: no exact version with hashes: {text.split(' --')[0].strip()}"
            else:
                locks[name].append(pin)
    yield from disagreements(locks)
    yield from not_installed(locks)
    for name, pins in locks.items():
        for environment in map(environment_of, pythons(project)):
            here = {pin.name: pin for pin in pins if holds(pin.requirement, environment)}
            for source, needed in needs(name, here, project, environment):
                error = unmet(needed, here)
                if error and (name, needed.name) != ("dev.txt", NOT_IN_DEV):
                    yield f"{name}: {source} needs {needed}, {error}"


def pin_of(text: str) -> Pin | None:
    pinned, *hashes = (part.strip() for part in text.split(" --hash="))
    try:
        requirement = Requirement(pinned)
    except InvalidRequirement:
        return None
    exact = re.fullmatch(r"==([^,*]+)", str(requirement.specifier))
    if not exact or not hashes or not all(re.fullmatch("sha256:[0-9a-f]{64}", h) for h in hashes):
        return None
    return Pin(requirement, exact[1], tuple(hashes))


def disagreements(locks: dict[str, list[Pin]]) -> Iterator[str]:
    """Finds pins that differ between locks: two locks may be installed into one environment."""
    seen: dict[tuple[str, str], tuple[str, Pin]] = {}
    for name, pins in locks.items():
        for pin in pins:
            key = (pin.name, str(pin.requirement.marker))
            other, first = seen.setdefault(key, (name, pin))
            if pin.version != first.version:
                yield f"{name} has {pin.name} {pin.version}, {other} has {first.version}"
            elif pin.hashes != first.hashes:
                yield f"{name} and {other} have other hashes for {pin.name} {pin.version}"


def not_installed(locks: dict[str, list[Pin]]) -> Iterator[str]:
    """Finds pins whose version is not installed, so that their requirements are unknown."""
    here = environment_of()
    for name, pins in locks.items():
        for pin in pins:
            found = installed(pin.name)
            if found is None and pin.name not in NOT_INSTALLED and holds(pin.requirement, here):
                yield f"{name} pins {pin.name} {pin.version}, .venv has none"
            elif found is not None and found.version != pin.version:
                yield f"{name} pins {pin.name} {pin.version}, .venv has {found.version}"


def needs(
    lock: str, pins: dict[str, Pin], project: dict[str, Any], environment: dict[str, str]
) -> Iterator[tuple[str, Requirement]]:
    """Yields each requirement with its source: first the purposes of the lock, then its pins."""
    for purpose in MADE_FOR[lock]:
        for text in wanted_for(purpose, project):
            yield f"the {purpose}", Requirement(text)
    for pin in pins.values():
        found = installed(pin.name)
        for needed in found.requires if found else ():
            extras = ("", *pin.requirement.extras)
            if any(holds(needed, {**environment, "extra": extra}) for extra in extras):
                yield pin.name, needed


class Installed(NamedTuple):
    """Version and requirements of a distribution in .venv."""

    version: str
    requires: tuple[Requirement, ...]


@cache
def installed(name: str) -> Installed | None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return Installed(found.version, tuple(map(Requirement, found.requires or ())))


def environment_of(python: str = "") -> dict[str, str]:
    """Returns the environment of a marker: this machine, with this Python or another version."""
    here = {**default_environment(), "extra": ""}
    other = {"python_version": python, "python_full_version": f"{python}.0"} if python else {}
    return {name: str(value) for name, value in (here | other).items()}


def holds(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def pythons(project: dict[str, Any]) -> list[str]:
    supported = SpecifierSet(project["project"]["requires-python"])
    return [version for version in (f"3.{n}" for n in range(100)) if version in supported]


def wanted_for(purpose: str, project: dict[str, Any]) -> list[str]:
    if purpose == "service":
        return list(project["project"]["dependencies"])
    if purpose.startswith("extra "):
        return list(project["project"]["optional-dependencies"][purpose.removeprefix("extra ")])
    if purpose == "build-system":
        return list(project["build-system"]["requires"])
    if not purpose.startswith("group "):
        return [purpose]
    group = purpose.removeprefix("group ")
    return list(resolve_dependency_groups(project["dependency-groups"], group))


def unmet(needed: Requirement, here: dict[str, Pin]) -> str | None:
    pin = here.get(canonicalize_name(needed.name))
    if pin is None:
        return "which is not pinned there"
    if not needed.specifier.contains(pin.version, prereleases=True):
        return f"but {pin.version} is pinned"
    lost = needed.extras - pin.requirement.extras
    if lost:
        return f"and the pin has lost [{', '.join(sorted(lost))}]"
    return None


if __name__ == "__main__":
    sys.exit(main())
