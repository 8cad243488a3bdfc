"""Quotes values for systemd's files."""

import re

from rinha.errors import RinhaError


class ServiceError(RinhaError):
    """The units cannot be written, or would not start."""


def quoted(text: str) -> str:
    """Returns a value for a unit. A percent sign would begin a specifier."""
    return _in_quotes(text).replace("%", "%%")


def quoted_argument(text: str) -> str:
    """Returns an argument of a command line in a unit, where variables are expanded."""
    return quoted(text).replace("$", "$$")


def quoted_variable(text: str) -> str:
    """Returns a value for a file of variables, where systemd unescapes as a shell does."""
    return re.sub(r"([$`])", r"\\\1", _in_quotes(text))


def _in_quotes(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ServiceError(f"{text!r}: no value for systemd may contain control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
