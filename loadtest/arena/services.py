"""Services of a compose file, with everything that the arena's rules look at."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from loadtest.arena.amounts import Limit, cpu_limit, memory_limit
from loadtest.arena.compose import Project
from loadtest.arena.keys import unknown_keys
from loadtest.arena.nodes import ComposeError, ListNode, MapNode, Node, Place, Scalar, texts_of
from loadtest.arena.ports import Port, read_port
from loadtest.arena.roles import Role, role_of
from loadtest.limits import SERVICES_MAX


class Fault(NamedTuple):
    """A part of a service that docker compose or Docker refuses."""

    place: Place
    expected: str
    found: str


class Mount(NamedTuple):
    """A volume, a path of the host, or memory (`tmpfs`), mounted at `target`."""

    kind: str
    source: str
    target: str
    place: Place

    @property
    def is_missing(self) -> bool:
        """Returns whether it is a path beside the compose file that does not exist."""
        # A path of the machine may exist on another machine than this.
        is_beside = self.kind == "bind" and self.source.startswith(".")
        return is_beside and is_missing(Scalar(self.place, self.source))


@dataclass(frozen=True, slots=True)
class Service:
    """One service that starts, with so many containers as `replicas` says."""

    name: str
    place: Place
    image: str
    build: str
    replicas: int
    cpu: Limit
    memory: Limit
    ports: Sequence[Port]
    host_network: Place | None
    privileged: Place | None
    mounts: Sequence[Mount]
    unknown_keys: Sequence[tuple[Place, str]]
    faults: Sequence[Fault]

    @property
    def role(self) -> Role:
        return role_of(self.name, self.image)

    @property
    def program(self) -> str:
        """Returns the image, or the folder that it is built from."""
        return self.image or self.build

    def __str__(self) -> str:
        return f"{self.name} ({self.place})"


class Services(NamedTuple):
    """The services that start, and the names of those that a profile or `replicas: 0` keeps out."""

    started: Sequence[Service]
    left_out: Sequence[str]


def read_services(project: Project) -> Services:
    """Returns the services of a project; those behind an inactive profile do not start."""
    started, left_out = [], []
    services = project.tree.mapping_or_empty("services")
    asleep = {name for name in services.entries if _is_asleep(services, name, project.profiles)}
    for name, entry in services.entries.items():
        node = services.mapping_or_empty(name)
        replicas = _replicas(node)
        if name in asleep or replicas == 0:
            left_out.append(f"{name} ({'profile' if name in asleep else 'no replicas'})")
        else:
            service = _service(name, entry.place, node, replicas, project.tree)
            faults = [*service.faults, *_asleep_faults(node, asleep)]
            started.append(replace(service, faults=faults))
    if not services.entries:
        raise ComposeError(f"{project.files[0]} has no services")
    return Services(started, left_out)


def _is_asleep(services: MapNode, name: str, active: frozenset[str]) -> bool:
    """Returns whether a service is behind profiles of which none is active."""
    profiles = {one.text for one in texts_of(services.mapping_or_empty(name).get("profiles"))}
    return bool(profiles) and not profiles & active and "*" not in active


def _service(name: str, place: Place, node: MapNode, replicas: int, tree: MapNode) -> Service:
    limits = node.mapping_or_empty("deploy").mapping_or_empty("resources")
    limits = limits.mapping_or_empty("limits")
    ports, faults = _ports(node)
    image, build = node.text("image"), _build(node)
    if not image and not build:
        faults.append(Fault(place, "an image or a build", "neither"))
    faults += _name_faults(node, tree) + _env_file_faults(node)
    if replicas > 1 and (fixed := node.scalar("container_name")) is not None:
        found = f"container_name: {fixed.text} for {replicas} replicas"
        faults.append(Fault(fixed.place, "a name of its own for each container", found))
    privileged = node.scalar("privileged")
    return Service(
        name=name,
        place=place,
        image=image,
        build=build,
        replicas=replicas,
        cpu=cpu_limit(_declared(limits, "cpus", node, "cpus")),
        memory=memory_limit(_declared(limits, "memory", node, "mem_limit")),
        ports=ports,
        host_network=_host_network(node, tree),
        privileged=privileged.place if privileged is not None and privileged.is_true else None,
        mounts=_mounts(node),
        unknown_keys=list(unknown_keys(node)),
        faults=faults,
    )


def _replicas(node: MapNode) -> int:
    deploy = node.mapping_or_empty("deploy")
    found = deploy.scalar("replicas") or node.scalar("scale")
    if found is None or deploy.text("mode") == "global":
        return 1
    if not found.text.isascii() or not found.text.isdigit() or int(found.text) > SERVICES_MAX:
        raise ComposeError(f"{found.place}: {found.text!r} is no number of replicas")
    return int(found.text)


def _declared(limits: MapNode, key: str, node: MapNode, old_key: str) -> list[tuple[str, Scalar]]:
    """Returns the new and the old key of a limit, each with its value, as far as they are set."""
    both = ((f"limits.{key}", limits.scalar(key)), (old_key, node.scalar(old_key)))
    return [(name, value) for name, value in both if value is not None]


def _build(node: MapNode) -> str:
    build = node.get("build")
    if isinstance(build, MapNode):
        parts = [build.text("context") or ".", build.text("dockerfile"), build.text("target")]
        return " ".join(filter(None, parts))
    return node.text("build")


def _ports(node: MapNode) -> tuple[list[Port], list[Fault]]:
    ports, faults = [], []
    for item in node.items("ports"):
        port = read_port(item)
        if port is not None:
            ports.append(port)
        else:
            found = item.text if isinstance(item, Scalar) else item.kind
            faults.append(Fault(item.place, "a port such as 9999:9999", found))
    return ports, faults


def _host_network(node: MapNode, tree: MapNode) -> Place | None:
    mode = node.scalar("network_mode")
    if mode is not None:
        return mode.place if mode.text == "host" else None
    networks = tree.mapping_or_empty("networks")
    used = _names(node.get("networks")) or {"default": node.place}
    for name, place in used.items():
        network = networks.mapping(name)
        if network is not None and "host" in (network.text("name"), network.text("driver")):
            return place
    return None


def _names(node: Node | None) -> Mapping[str, Place]:
    """Returns the names of a list of names, or of a mapping by name."""
    if isinstance(node, MapNode):
        return {name: entry.place for name, entry in node.entries.items()}
    return {item.text: item.place for item in texts_of(node)}


def _name_faults(node: MapNode, tree: MapNode) -> list[Fault]:
    """Returns the names that the service refers to, and that the file does not define."""
    faults = []
    for key, section in (("depends_on", "services"), ("networks", "networks")):
        known = tree.mapping_or_empty(section).entries
        for name, place in _names(node.get(key)).items():
            if name not in known and not (key == "networks" and name == "default"):
                faults.append(Fault(place, f"{name} among the {section}", f"{key}: {name}"))
    volumes = tree.mapping_or_empty("volumes").entries
    for mount in _mounts(node):
        if mount.kind == "volume" and mount.source and mount.source not in volumes:
            expected = f"{mount.source} among the volumes"
            faults.append(Fault(mount.place, expected, f"{mount.source}:{mount.target}"))
    return faults


def _asleep_faults(node: MapNode, asleep: Set[str]) -> list[Fault]:
    """Returns the services that it waits for, and that an inactive profile keeps out."""
    found, faults = node.get("depends_on"), []
    for name, place in _names(found).items():
        entry = found.mapping(name) if isinstance(found, MapNode) else None
        if name in asleep and not (entry is not None and _is_optional(entry)):
            faults.append(
                Fault(place, f"{name} among the services that start", f"depends_on: {name}")
            )
    return faults


def _is_optional(node: MapNode) -> bool:
    required = node.scalar("required")
    return required is not None and required.is_false


def _env_file_faults(node: MapNode) -> list[Fault]:
    """Returns the required files of variables that do not exist."""
    value, faults = node.get("env_file"), []
    for item in value.items if isinstance(value, ListNode) else (value,):
        path = item.scalar("path") if isinstance(item, MapNode) else item
        optional = isinstance(item, MapNode) and _is_optional(item)
        if isinstance(path, Scalar) and not optional and is_missing(path):
            faults.append(Fault(path.place, "a file of that name", f"env_file: {path.text}"))
    return faults


def is_missing(path: Scalar) -> bool:
    """Returns whether there is no file of that name; the name counts from the compose file."""
    try:
        return not Path(path.place.file.parent, path.text).exists()
    except (OSError, ValueError):
        return True


def _mounts(node: MapNode) -> list[Mount]:
    mounts = [_mount(item) for item in node.items("volumes")]
    memory = node.get("tmpfs")
    for item in memory.items if isinstance(memory, ListNode) else texts_of(memory):
        if isinstance(item, Scalar):
            mounts.append(Mount("tmpfs", "", item.text.partition(":")[0], item.place))
    others = texts_of(node.get("volumes_from"))
    return [*mounts, *(Mount("volume", "", other.text, other.place) for other in others)]


def _mount(item: Node) -> Mount:
    if isinstance(item, MapNode):
        kind = item.text("type") or "volume"
        return Mount(kind, item.text("source"), item.text("target"), item.place)
    if not isinstance(item, Scalar):
        raise ComposeError(f"{item.place}: a volume is {item.kind}")
    source, colon, rest = item.text.partition(":")
    if not colon:
        return Mount("volume", "", source, item.place)
    is_path = source.startswith((".", "/", "~"))
    return Mount("bind" if is_path else "volume", source, rest.partition(":")[0], item.place)
