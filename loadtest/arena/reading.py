"""Reads a YAML file as nodes: PyYAML parses it, and its events become nodes here.

PyYAML's own loader would lose the lines, take `9999:9999` for a number and refuse an anchor that is
defined twice, which docker compose accepts.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loadtest.arena.nodes import ComposeError, Entry, ListNode, MapNode, Node, Place, Scalar
from loadtest.limits import COMPOSE_BYTES_MAX, COMPOSE_DEPTH_MAX, MERGED_KEYS_MAX
from loadtest.report.json import BadReportError, bytes_of

MERGE = "<<"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def text_of(path: Path) -> str:
    """Returns the text of a file that docker compose reads."""
    try:
        if path.stat().st_size > COMPOSE_BYTES_MAX:
            raise ComposeError(f"{path} is larger than {COMPOSE_BYTES_MAX:,} bytes")
        data = bytes_of(path)
        return data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ComposeError(f"{path} is not UTF-8 text: {error.reason}") from error
    except BadReportError as error:
        raise ComposeError(str(error)) from error
    except (OSError, ValueError) as error:
        raise ComposeError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def read_documents(path: Path) -> list[Node]:
    """Returns the YAML documents of a file."""
    yaml = _yaml()
    text = text_of(path)
    try:
        return list(_Reader(path, yaml.parse(text, Loader=yaml.BaseLoader)).documents())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(path, mark.line + 1) if mark is not None else path.name
        fault = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise ComposeError(f"{place}: no valid YAML: {fault}") from error
    except (ValueError, OverflowError) as error:
        # PyYAML lets them through for an escape such as "\UFFFFFFFF".
        raise ComposeError(f"{path.name}: no valid YAML: {error}") from error


def _yaml() -> Any:
    try:
        import yaml  # noqa: PLC0415 - only the arena needs it
    except ModuleNotFoundError as error:
        needs = "reading a compose file needs PyYAML: pip install rinha-loadtest"
        raise ComposeError(needs) from error
    return yaml


class _Reader:
    """Makes nodes of the events of one file."""

    def __init__(self, path: Path, events: Iterator[Any]) -> None:
        self._path, self._events = path, events
        self._anchors: dict[str, Node] = {}
        self._unfinished: set[str] = set()
        self._merged = 0

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if type(event).__name__ == "DocumentStartEvent":
                self._anchors.clear()
                yield self._node(next(self._events), 0)

    def _place(self, event: Any) -> Place:
        return Place(self._path, event.start_mark.line + 1)

    def _node(self, event: Any, depth: int) -> Node:
        if depth > COMPOSE_DEPTH_MAX:
            raise ComposeError(f"{self._place(event)}: nested more than {COMPOSE_DEPTH_MAX} deep")
        kind, anchor = type(event).__name__, event.anchor
        if kind == "AliasEvent":
            return self._aliased(event)
        if anchor is not None:
            self._unfinished.add(anchor)
        node: Node
        if kind == "ScalarEvent":
            plain = event.style is None and event.tag is None
            node = Scalar(self._place(event), event.value, plain, event.tag or "")
        elif kind == "SequenceStartEvent":
            items = tuple(self._node(inner, depth + 1) for inner in self._until("SequenceEndEvent"))
            node = ListNode(self._place(event), items, event.tag or "")
        else:
            node = MapNode(self._place(event), self._entries(depth), event.tag or "")
        if anchor is not None:
            self._unfinished.discard(anchor)
            self._anchors[anchor] = node
        return node

    def _until(self, end: str) -> Iterator[Any]:
        while type(event := next(self._events)).__name__ != end:
            yield event

    def _aliased(self, event: Any) -> Node:
        if event.anchor in self._unfinished:
            raise ComposeError(f"{self._place(event)}: anchor {event.anchor!r} contains itself")
        if event.anchor not in self._anchors:
            raise ComposeError(f"{self._place(event)}: there is no anchor {event.anchor!r}")
        return self._anchors[event.anchor]

    def _entries(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merges: list[Node] = []
        for event in self._until("MappingEndEvent"):
            place = self._place(event)
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise ComposeError(f"{place}: a key is {key.kind}")
            value = self._node(next(self._events), depth + 1)
            if key.text == MERGE and key.plain:
                if merges:
                    raise ComposeError(f"{place}: a second {MERGE} in one mapping")
                merges = [value]
            elif key.text in entries:
                before = entries[key.text].place
                raise ComposeError(f"{place}: {key.text} is defined twice, first at {before}")
            else:
                entries[key.text] = Entry(place, value)
        for value in merges:
            self._merge(entries, value)
        return entries

    def _merge(self, entries: dict[str, Entry], value: Node) -> None:
        """Adds the keys of a merged mapping, or of a list of them; existing keys stay."""
        for source in value.items if isinstance(value, ListNode) else (value,):
            if not isinstance(source, MapNode):
                raise ComposeError(f"{source.place}: {MERGE} takes a mapping, not {source.kind}")
            self._merged += len(source.entries)
            if self._merged > MERGED_KEYS_MAX:
                raise ComposeError(f"{source.place}: {MERGE} adds over {MERGED_KEYS_MAX:,} keys")
            for key, entry in source.entries.items():
                entries.setdefault(key, entry)
