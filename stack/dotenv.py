"""The reader of `.env` for Python; dotenv.sh reads every line alike for sh.

Docker compose gives the same value to each line that is accepted here.
"""

import difflib
import os
import re
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path

from rinha.errors import SettingError
from stack.messages import message

# Patterns of the names that the file may set; dotenv.sh reads the same list.
NAMES = (files("stack") / "dotenv.names").read_text().split()
# Over thirty times .env.example, and below the 128 KiB that Linux accepts as one variable.
# dotenv.sh has the same limit.
FILE_MAX_BYTES = 100_000
# The difflib ratio from which on a name counts as mistyped.
NEAR = 0.6
# Three times the longest setting. A longer name is refused before the comparison.
NAME_MAX = 64
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = " \t"


def read(path: Path) -> dict[str, str]:
    """Returns the settings in the file, with the last value of each name. No file: no settings."""
    if not os.path.lexists(path):
        return {}
    if not path.is_file():
        raise SettingError(message("DOTENV_NO_FILE"))
    try:
        with path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
    except OSError:
        raise SettingError(message("DOTENV_NO_FILE")) from None
    if len(content) > FILE_MAX_BYTES:
        raise SettingError(message("DOTENV_TOO_LONG", FILE_MAX_BYTES))
    values = {}
    for number, line in enumerate(content.removeprefix(BYTE_ORDER_MARK).split(b"\n"), 1):
        text = os.fsdecode(line.removesuffix(b"\r")).strip(BLANKS)
        if text and not text.startswith("#"):
            name, value = _pair(number, text)
            values[name] = value
    return values


def _pair(number: int, text: str) -> tuple[str, str]:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise SettingError(message("DOTENV_CONTROL", number))
    name, equals, value = re.sub("^export +", "", text).partition("=")
    name = name.rstrip(BLANKS)
    if not equals or not re.fullmatch(f"[A-Za-z_][A-Za-z0-9_]{{0,{NAME_MAX - 1}}}", name):
        raise SettingError(message("DOTENV_NO_PAIR", number))
    if not any(fnmatchcase(name, pattern) for pattern in NAMES):
        names = [known for known in NAMES if "*" not in known]
        near = difflib.get_close_matches(name.upper(), names, 1, NEAR)
        if near:
            raise SettingError(message("DOTENV_NEAR", number, name, near[0]))
        raise SettingError(message("DOTENV_UNKNOWN", number, name))
    return name, _value(number, value.lstrip(BLANKS))


def _value(number: int, text: str) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        if quote == "#":
            raise SettingError(message("DOTENV_HASH", number))
        value = text.partition(" #")[0].rstrip(BLANKS)
        if "$" in value:
            raise SettingError(message("DOTENV_EXPANDED", number))
        if re.search("['\"]", value):
            raise SettingError(message("DOTENV_QUOTES", number))
        return value
    value, closing, rest = text[1:].partition(quote)
    if not closing:
        raise SettingError(message("DOTENV_OPEN_QUOTE", number))
    if quote == '"' and re.search(r"[$\\]", value):
        raise SettingError(message("DOTENV_EXPANDED", number))
    if value.endswith("\\"):
        raise SettingError(message("DOTENV_BACKSLASH", number))
    if not re.fullmatch(" +#.*|", rest):
        raise SettingError(message("DOTENV_AFTER_QUOTE", number))
    return value
