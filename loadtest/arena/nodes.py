"""The nodes of a compose file; each knows its file and line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

NULLS = ("", "~", "null", "Null", "NULL")


class ComposeError(Exception):
    """A compose file that cannot be read; the text says where and why."""


class Place(NamedTuple):
    """A line of a file, as `docker-compose.yml:12`."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}"


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value as its text; `plain` if it has neither quotes nor a tag."""

    place: Place
    text: str
    plain: bool = True
    tag: str = ""

    kind = "a single value"

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in NULLS

    @property
    def is_true(self) -> bool:
        return self.text.lower() in {"true", "yes", "y", "on"}

    @property
    def is_false(self) -> bool:
        return self.text.lower() in {"false", "no", "n", "off"}


@dataclass(frozen=True, slots=True, eq=False)
class ListNode:
    """A list; aliases of one anchor are the same object."""

    place: Place
    items: tuple["Node", ...]
    tag: str = ""

    kind = "a list"


class Entry(NamedTuple):
    """A value of a mapping, and the place of its key."""

    place: Place
    value: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class MapNode:
    """A mapping, with the keys that `<<` adds."""

    place: Place
    entries: Mapping[str, Entry]
    tag: str = ""

    kind = "a mapping"

    def get(self, key: str) -> "Node | None":
        """Returns the value of a key; None if the key is missing or its value is null."""
        entry = self.entries.get(key)
        if entry is None or (isinstance(entry.value, Scalar) and entry.value.is_null):
            return None
        return entry.value

    def mapping(self, key: str) -> "MapNode | None":
        value = self.get(key)
        if value is None or isinstance(value, MapNode):
            return value
        raise wrong_kind(self.entries[key].place, key, value, MapNode.kind)

    def mapping_or_empty(self, key: str) -> "MapNode":
        """Returns the mapping of a key, an empty one if there is none."""
        return self.mapping(key) or MapNode(self.place, {})

    def items(self, key: str) -> tuple["Node", ...]:
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, ListNode):
            return value.items
        raise wrong_kind(self.entries[key].place, key, value, ListNode.kind)

    def scalar(self, key: str) -> Scalar | None:
        value = self.get(key)
        if value is None or isinstance(value, Scalar):
            return value
        raise wrong_kind(self.entries[key].place, key, value, Scalar.kind)

    def text(self, key: str) -> str:
        """Returns the text of a key, an empty one if there is none."""
        value = self.scalar(key)
        return value.text if value is not None else ""


Node: TypeAlias = Scalar | ListNode | MapNode


def values_in(node: Node, known: dict[int, int]) -> int:
    """Returns the number of values in a node, those behind an alias as often as it repeats them."""
    count = known.get(id(node))
    if count is None:
        inner: Iterable[Node] = ()
        if isinstance(node, ListNode):
            inner = node.items
        elif isinstance(node, MapNode):
            inner = (entry.value for entry in node.entries.values())
        count = known[id(node)] = 1 + sum(values_in(one, known) for one in inner)
    return count


def wrong_kind(place: Place, key: str, value: Node, wanted: str) -> ComposeError:
    return ComposeError(f"{place}: {key} is {value.kind}, and docker compose wants {wanted}")


def texts_of(node: Node | None) -> list[Scalar]:
    """Returns a single value, or the single values of a list."""
    if isinstance(node, Scalar):
        return [node]
    items = node.items if isinstance(node, ListNode) else ()
    return [item for item in items if isinstance(item, Scalar)]
