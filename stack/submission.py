"""Writes an entry for the contest, and checks it: python -m stack.submission NAME IMAGE.

The entry is dist/participante/NAME/.
"""

import argparse
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rinha.settings import value_of
from stack.paths import ROOT

PORT = 9999
DIST = ROOT / "dist" / "participante"


class Arena(NamedTuple):
    """Limits of all services of an entry together, and a remark that its README must contain."""

    cpus_max: float
    memory_max_mb: int
    remark: str = ""


ARENAS = {
    "crebitos": Arena(1.5, 550),
    "pessoas": Arena(
        1.5,
        3000,
        "\nThe rules of 2023 allow Postgres, MySQL and MongoDB. This entry has none: it is for\n"
        "comparison.\n",
    ),
}

README = """# {name}

Two Falcon instances on bjoern share one SQLite file in WAL mode on a common volume; nginx
(least_conn) stands in front. No database server.

- image: `{image}`
- limits: {cpus:g} CPU and {memory} MB in all
- `RINHA_SYNCHRONOUS=NORMAL`: a power cut may take the newest transactions; the default, `FULL`,
  loses nothing that was answered
{remark}"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make submission",
        usage="make submission NAME=your-name IMAGE=you/rinha:1.0",
        description=__doc__,
    )
    parser.add_argument("name", help="letters, digits, `_`, `.` and `-`: the entry's folder")
    parser.add_argument("image", help="name of the image in a public registry")
    args = parser.parse_args()
    if not re.fullmatch(r"[\w.-]+", args.name) or not args.image:
        parser.error("NAME has letters, digits, `_`, `.` and `-` only; IMAGE names an image")
    edition = value_of("RINHA_EDITION", os.environ)
    compose, arena = for_the_arena(compose_of(edition), args.image), ARENAS[edition]
    broken = broken_rules(compose, arena)
    for rule in broken:
        print(f"broken rule: {rule}", file=sys.stderr)
    if broken:
        return 1
    folder = DIST / args.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "docker-compose.yml").write_text(yaml.safe_dump(compose, sort_keys=False))
    for file in mounted_files(compose):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, folder / file)
    cpus, memory = sums(compose)
    text = README.format(**vars(args), cpus=cpus, memory=memory, remark=arena.remark)
    (folder / "README.md").write_text(text)
    print(f"{os.path.relpath(folder)}: every rule of the arena holds, {cpus:g} CPU, {memory} MB")
    return 0


def compose_of(edition: str) -> dict[str, Any]:
    """Returns docker-compose.yml with an edition's changes on top."""
    compose = _read(ROOT / "docker-compose.yml")
    changes = ROOT / "stack" / "compose" / f"{edition}.yml"
    if changes.exists():
        for name, service in _read(changes)["services"].items():
            base = compose["services"][name]
            for part in ("environment", "deploy"):
                base.setdefault(part, {}).update(service.get(part, {}))
            others = {_target(volume): volume for volume in service.get("volumes", [])}
            base["volumes"] = [others.get(_target(each), each) for each in base["volumes"]]
    return compose


def _target(volume: str | dict[str, Any]) -> str:
    return volume.split(":")[1] if isinstance(volume, str) else str(volume["target"])


def mounted_files(compose: dict[str, Any]) -> list[str]:
    """Returns the files of the checkout that the services mount."""
    services = compose["services"].values()
    volumes = [str(volume) for service in services for volume in service.get("volumes", [])]
    return [each.split(":")[0] for each in volumes if each.startswith("./")]


def _read(path: Path) -> dict[str, Any]:
    # No variable is set: text that needs a set one goes first, then defaults replace the rest.
    text = re.sub(r"\$\{(\w+):\+\$\{\1:-\}:\}", "", path.read_text())
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def for_the_arena(compose: dict[str, Any], image: str) -> dict[str, Any]:
    """Returns the compose file of an entry: published images, no tests, a platform for each, the
    host's network, and no fsync before an answer."""
    services = {}
    for name, service in compose["services"].items():
        if "profiles" not in service:
            if service.pop("build", None):
                service["image"] = image
                # The contest's databases have fsync off, and it cuts no power.
                service["environment"]["RINHA_SYNCHRONOUS"] = "NORMAL"
            if "ports" in service:
                # The engine's port mapping takes CPU from the entry's cores.
                service["network_mode"] = "host"
            services[name] = {"platform": "linux/amd64", **service}
    return {"name": compose["name"], "services": services, "volumes": compose["volumes"]}


def sums(compose: dict[str, Any]) -> tuple[float, int]:
    limits = [
        service.get("deploy", {}).get("resources", {}).get("limits", {})
        for service in compose["services"].values()
    ]
    cpus = sum(float(each.get("cpus", "inf")) for each in limits)
    memory = [str(each.get("memory", "")) for each in limits]
    if not all(re.fullmatch(r"\d+MB", each) for each in memory):
        return cpus, sys.maxsize
    return round(cpus, 6), sum(int(each.removesuffix("MB")) for each in memory)


def broken_rules(compose: dict[str, Any], arena: Arena) -> list[str]:
    services = compose["services"].values()
    (cpus, memory), (cpus_max, memory_max_mb, _) = sums(compose), arena
    ports = [str(port) for service in services for port in service.get("ports", [])]
    images = [service.get("image", "") for service in services]
    platforms = {service.get("platform") for service in services}
    rules = {
        f"all services together have at most {cpus_max} CPU, each declared": cpus <= cpus_max,
        f"all services together have at most {memory_max_mb} MB, each declared in MB": (
            memory <= memory_max_mb
        ),
        f"one port is published, {PORT}": [port.split(":")[0] for port in ports] == [str(PORT)],
        "two instances of one image stand behind the load balancer": (
            sorted(images.count(image) for image in set(images)) == [1, 2]
        ),
        "every service is for linux/amd64": platforms == {"linux/amd64"},
        "every image is named with its tag and published somewhere": all(
            ":" in image.rsplit("/", 1)[-1] for image in images
        ),
        "nothing is built locally": not any("build" in service for service in services),
    }
    return [rule for rule, holds in rules.items() if not holds]


if __name__ == "__main__":
    sys.exit(main())
