"""Reads the requests of a .http file, each with the statuses that its comment expects."""

import re
from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    """One request; its path is without the host.

    `expected` is the status of the first time, then that of all further times where it differs.
    """

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    expected: tuple[int, ...]


def requests_of(file: Path) -> list[Request]:
    head, *blocks = re.split(r"^### ", file.read_text(), flags=re.MULTILINE)
    variables = dict(re.findall(r"^@(\w+) = (.+)$", head, re.MULTILINE))
    return [_request(block, variables | {"host": ""}) for block in blocks]


def _request(block: str, variables: dict[str, str]) -> Request:
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: variables[found[1]], block)
    head, _, body = text.partition("\n\n")
    name, *lines = head.splitlines()
    expected = next(line.removeprefix("# expect ") for line in lines if line.startswith("#"))
    method, path = next(line for line in lines if not line.startswith("#")).split()
    headers = dict(line.split(": ", 1) for line in lines if re.match(r"[\w-]+: ", line))
    statuses = tuple(map(int, expected.split()))
    return Request(name, method, path, headers, body.strip().encode() or None, statuses)
