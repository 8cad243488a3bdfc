"""Variables of a compose file: the `.env` file, and `$NAME`, `${NAME:-default}` in values."""

import re
from collections.abc import Mapping
from pathlib import Path

from loadtest.arena.nodes import ComposeError, Entry, ListNode, MapNode, Node, Place, Scalar
from loadtest.arena.reading import text_of
from loadtest.limits import (
    EXPANDED_CHARACTERS_MAX,
    EXPANDED_TOTAL_MAX,
    NESTED_DEFAULTS_MAX,
    QUOTED_CHARACTERS_MAX,
)
from loadtest.wire.outcome import printable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIGN = re.compile(r":?[-?+]")
_SETTING = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[\w.\-\[\]]+)[ \t]*[=:][ \t]*
    (?:'(?P<literal>(?:[^'\\]|\\.)*)'|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\r\n]*))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class Variables:
    """The variables of one compose project; remembers those that were used and are not set."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.unset: dict[str, Place] = {}
        self._characters = 0

    def expanded(self, text: str, place: Place, depth: int = 0) -> str:
        """Returns a text with the values of its variables, as docker compose does it."""
        if "$" not in text:
            return text
        if depth > NESTED_DEFAULTS_MAX:
            raise ComposeError(f"{place}: defaults nested more than {NESTED_DEFAULTS_MAX} deep")
        parts, at = [], 0
        while (start := text.find("$", at)) >= 0:
            value, end = self._reference(text, start, place, depth)
            parts += [text[at:start], value]
            at = end
        whole = "".join([*parts, text[at:]])
        if len(whole) > EXPANDED_CHARACTERS_MAX:
            raise ComposeError(f"{place}: a value of over {EXPANDED_CHARACTERS_MAX:,} characters")
        self._characters += len(whole)
        if self._characters > EXPANDED_TOTAL_MAX:
            raise ComposeError(f"{place}: values of over {EXPANDED_TOTAL_MAX:,} characters in all")
        return whole

    def _reference(self, text: str, start: int, place: Place, depth: int) -> tuple[str, int]:
        """Returns the value of the reference at `start`, and the position after it."""
        if text.startswith("$$", start):
            return "$", start + 2
        if not text.startswith("${", start):
            name = _NAME.match(text, start + 1)
            # A dollar sign before anything else is itself.
            return (self._plain(name[0], place), name.end()) if name else ("$", start + 1)
        name, end = _NAME.match(text, start + 2), _closing(text, start)
        if name is None or end < 0:
            raise _invalid(text[start:], place)
        if name.end() == end:
            return self._plain(name[0], place), end + 1
        sign = _SIGN.match(text, name.end())
        if sign is None:
            raise _invalid(text[start:], place)
        return self._choice(name[0], sign[0], text[sign.end() : end], place, depth), end + 1

    def _plain(self, name: str, place: Place) -> str:
        if name not in self.values:
            self.unset.setdefault(name, place)
        return self.values.get(name, "")

    def _choice(self, name: str, sign: str, other: str, place: Place, depth: int) -> str:
        """Returns the value of `${name:-other}`; the colon makes empty the same as unset."""
        value = self.values.get(name)
        is_given = bool(value) if sign[0] == ":" else value is not None
        if is_given == (sign[-1] == "+"):
            other = self.expanded(other, place, depth + 1)
            if sign[-1] == "?":
                raise ComposeError(f"{place}: the variable {name} is required: {other}")
            return other
        return value or "" if sign[-1] != "+" else ""


def _closing(text: str, start: int) -> int:
    """Returns the position of the brace that closes the `${` at `start`, or -1."""
    depth, at = 0, start
    while at < len(text):
        if text.startswith("${", at):
            depth, at = depth + 1, at + 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _invalid(text: str, place: Place) -> ComposeError:
    shown = printable(text, QUOTED_CHARACTERS_MAX)
    return ComposeError(f"{place}: no valid variable: {shown}; a dollar sign is written as $$")


def expanded_tree(root: Node, variables: Variables) -> Node:
    """Returns a tree with the values of all variables; shared nodes stay shared."""
    done: dict[int, Node] = {}

    def expand(node: Node) -> Node:
        known = done.get(id(node))
        if known is not None:
            return known
        made: Node
        if isinstance(node, Scalar):
            text = variables.expanded(node.text, node.place)
            made = Scalar(node.place, text, node.plain, node.tag)
        elif isinstance(node, ListNode):
            made = ListNode(node.place, tuple(map(expand, node.items)), node.tag)
        else:
            pairs = node.entries.items()
            entries = {key: Entry(entry.place, expand(entry.value)) for key, entry in pairs}
            made = MapNode(node.place, entries, node.tag)
        done[id(node)] = made
        return made

    return expand(root)


def env_file(
    path: Path, environ: Mapping[str, str], earlier: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Returns the variables of an `.env` file, under those of the environment.

    A later line replaces an earlier one, also one of an `earlier` file.
    """
    text = text_of(path)
    variables = Variables({**(earlier or {}), **environ})
    line, at = 1, 0
    for found in _SETTING.finditer(text):
        line, at = line + text.count("\n", at, found.start()), found.start()
        place = Place(path, line)
        if found["literal"] is not None:
            value = found["literal"]
        elif found["quoted"] is not None:
            value = variables.expanded(re.sub(r"\\(.)", _escaped, found["quoted"]), place)
        else:
            value = variables.expanded(re.sub(r"(?:^|[ \t])#.*", "", found["bare"]).strip(), place)
        if found["name"] not in environ:
            variables.values[found["name"]] = value
    return variables.values


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1] if found[1] in "\"'\\$" else found[0])
