"""Published ports of a service, in the short and the long syntax."""

import re
from typing import NamedTuple

from loadtest.arena.nodes import MapNode, Node, Place, Scalar

PORT_MAX = 65_535
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


class Port(NamedTuple):
    """A published range of the host's ports; `first` is 0 if Docker chooses the port."""

    first: int
    last: int
    target: int
    protocol: str
    host_ip: str
    place: Place

    def publishes(self, port: int) -> bool:
        return self.protocol == "tcp" and self.first <= port <= self.last

    def __str__(self) -> str:
        if not self.first:
            return f"a random port for {self.target}"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def read_port(node: Node) -> Port | None:
    """Returns one item of `ports`; None if docker compose cannot read it."""
    if isinstance(node, MapNode):
        published, target = node.text("published"), node.text("target")
        protocol, host_ip = node.text("protocol") or "tcp", node.text("host_ip")
        return _port(published, target, protocol, host_ip, node.place)
    if not isinstance(node, Scalar):
        return None
    text, _, protocol = node.text.partition("/")
    # An IPv6 address of the host has colons of its own.
    host, _, target = text.rpartition(":")
    host_ip, _, published = host.rpartition(":")
    return _port(published, target, protocol or "tcp", host_ip.strip("[]"), node.place)


def _port(published: str, target: str, protocol: str, host_ip: str, place: Place) -> Port | None:
    inner, outer = _range(target), _range(published) if published else (0, 0)
    if inner is None or outer is None or protocol.lower() not in {"tcp", "udp", "sctp"}:
        return None
    inner_count, outer_count = inner[1] - inner[0], outer[1] - outer[0]
    if published and inner_count not in {0, outer_count}:
        return None
    return Port(*outer, inner[0], protocol.lower(), host_ip, place)


def _range(text: str) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return (first, last) if first <= last <= PORT_MAX else None
