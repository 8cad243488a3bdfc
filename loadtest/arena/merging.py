"""Merges compose files as docker compose does: `extends`, override files, several documents."""

from loadtest.arena.nodes import Entry, ListNode, MapNode, Node, Scalar

RESET, OVERRIDE = "!reset", "!override"
# Keys whose short form is a list of names, or one text.
_NAMED = ("networks", "depends_on")
_SHORT = {"build": "context"}


def merged(base: MapNode, over: MapNode) -> MapNode:
    """Returns `base` with the keys of `over`: mappings are merged, lists appended."""
    return _Merge().mappings(base, over)


class _Merge:
    """One merge; pairs that aliases repeat are merged once."""

    def __init__(self) -> None:
        self._done: dict[tuple[int, int], Node] = {}

    def mappings(self, base: MapNode, over: MapNode) -> MapNode:
        entries = dict(base.entries)
        for key, entry in over.entries.items():
            before = entries.get(key)
            if entry.value.tag == RESET:
                entries.pop(key, None)
            elif before is None or entry.value.tag == OVERRIDE or key.startswith("x-"):
                entries[key] = entry
            else:
                entries[key] = self._entry(key, before, entry)
        return MapNode(over.place, entries, base.tag)

    def _entry(self, key: str, before: Entry, entry: Entry) -> Entry:
        base, over = _long(key, before), _long(key, entry)
        if isinstance(over, Scalar) and over.is_null and not isinstance(base, Scalar):
            return before
        if (id(base), id(over)) not in self._done:
            self._done[id(base), id(over)] = self._values(base, over)
        return Entry(entry.place, self._done[id(base), id(over)])

    def _values(self, base: Node, over: Node) -> Node:
        if isinstance(base, MapNode) and isinstance(over, MapNode):
            return self.mappings(base, over)
        if isinstance(base, ListNode) and isinstance(over, ListNode):
            return ListNode(over.place, (*base.items, *over.items), over.tag)
        return over


def _long(key: str, entry: Entry) -> Node:
    """Returns the long form of a value that has a short one."""
    value = entry.value
    if key in _NAMED and isinstance(value, ListNode):
        names = [item for item in value.items if isinstance(item, Scalar)]
        entries = {name.text: Entry(name.place, Scalar(name.place, "")) for name in names}
        return MapNode(value.place, entries)
    if key in _SHORT and isinstance(value, Scalar):
        return MapNode(value.place, {_SHORT[key]: Entry(value.place, value)})
    return value
