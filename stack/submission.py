"""Writes dist/participante/NAME/, as the contest takes entries, and checks the arena's rules on it:
submission.py NAME IMAGE."""

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
CPUS_MAX = 1.5
MEMORY_MAX_MB = 550
PORT = 9999

README = """# {name}

Two Falcon instances on bjoern share one SQLite file in WAL mode on a common volume; nginx
(least_conn) stands in front. No database server.

- image: `{image}`
- limits: {cpus:g} CPU and {memory} MB in all
"""


def main() -> int:
    name, image = sys.argv[1:]
    if not re.fullmatch(r"[\w.-]+", name) or not image:
        print("usage: make submission NAME=your-name IMAGE=you/rinha:1.0", file=sys.stderr)
        return 2
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text())
    compose = for_the_arena(yaml.safe_load(text), image)
    broken = broken_rules(compose)
    for rule in broken:
        print(f"broken rule: {rule}", file=sys.stderr)
    if broken:
        return 1
    folder = ROOT / "dist" / "participante" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "docker-compose.yml").write_text(yaml.safe_dump(compose, sort_keys=False))
    (folder / "nginx.conf").write_text((ROOT / "nginx.conf").read_text())
    cpus, memory = sums(compose)
    (folder / "README.md").write_text(
        README.format(name=name, image=image, cpus=cpus, memory=memory)
    )
    print(f"{folder.relative_to(ROOT)}: every rule of the arena holds, {cpus:g} CPU, {memory} MB")
    return 0


def for_the_arena(compose: dict[str, Any], image: str) -> dict[str, Any]:
    """Nothing built, nothing for tests, everything said in full."""
    services = {}
    for name, service in compose["services"].items():
        if "profiles" in service:
            continue
        if service.pop("build", None):
            service["image"] = image
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


def broken_rules(compose: dict[str, Any]) -> list[str]:
    services = compose["services"].values()
    cpus, memory = sums(compose)
    ports = [str(port) for service in services for port in service.get("ports", [])]
    images = [service.get("image", "") for service in services]
    rules = {
        f"all services together have at most {CPUS_MAX} CPU, each declared": cpus <= CPUS_MAX,
        f"all services together have at most {MEMORY_MAX_MB} MB, each declared in MB": (
            memory <= MEMORY_MAX_MB
        ),
        f"one port is published, {PORT}": [port.split(":")[0] for port in ports] == [str(PORT)],
        "two instances of one image stand behind the load balancer": (
            sorted(images.count(image) for image in set(images)) == [1, 2]
        ),
        "every service is for linux/amd64": all(
            service.get("platform") == "linux/amd64" for service in services
        ),
        "every image is named with its tag and published somewhere": all(
            ":" in image.rsplit("/", 1)[-1] for image in images
        ),
        "nothing is built locally": not any("build" in service for service in services),
    }
    return [rule for rule, holds in rules.items() if not holds]


if __name__ == "__main__":
    sys.exit(main())
