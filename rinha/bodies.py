"""Decodes JSON bodies to structs, or raises an error that says why; encodes structs as JSON."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from rinha.errors import BodyTooLargeError, MalformedBodyError, RinhaError, RuleBrokenError
from rinha.settings import BODY_MAX_DEPTH

T = TypeVar("T")

# Strings are matched too, so that the brackets in them are skipped. A string without an end is
# matched to the end of the body: otherwise each quote in it would begin another search.
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)
EPOCH = datetime.fromtimestamp(0, UTC)

encode = msgspec.json.Encoder().encode
# A number too large for a float is valid JSON too.
_decode_anything = msgspec.json.Decoder(float_hook=str).decode


class Refusal(msgspec.Struct, frozen=True):
    error: str


def decoder_of(
    kind: type[T],
    rules: Mapping[str, str],
    shape: str,
    *,
    max_bytes: int,
    wrong_kind: type[RinhaError] = RuleBrokenError,
) -> Callable[[bytes], T]:
    """Returns a decoder of bodies to this kind of struct. Its errors name the rule of the broken
    field, or else the shape. `wrong_kind` is the error for a value of the wrong type."""
    decode = msgspec.json.Decoder(kind).decode

    def refusal(complaint: str) -> RinhaError:
        error = wrong_kind if _is_of_wrong_kind(complaint) else RuleBrokenError
        for field, rule in rules.items():
            ends = (f"`$.{field}`", f"field `{field}`")
            if complaint.endswith(ends) or f"`$.{field}[" in complaint:
                return error(rule)
        return error(shape)

    def decode_body(body: bytes) -> T:
        if len(body) > max_bytes:
            raise BodyTooLargeError(f"the body is longer than {max_bytes} bytes")
        if body.count(b"[") + body.count(b"{") > BODY_MAX_DEPTH and _depth(body) > BODY_MAX_DEPTH:
            raise MalformedBodyError("the body is nested too deeply")
        try:
            # Decoded to text first: msgspec does not check for UTF-8 in fields that it skips.
            return decode(body.decode())
        except msgspec.ValidationError as error:
            _assert_is_json(body)
            raise refusal(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedBodyError(f"the body is not JSON in UTF-8: {error}") from None

    return decode_body


def _is_of_wrong_kind(complaint: str) -> bool:
    """Returns True if a value has the wrong type. A field that is null counts as missing."""
    if re.search(r"got `null` - at `\$\.\w+`$", complaint):
        return False
    return ", got `" in complaint or complaint.startswith("Number out of range")


def _depth(body: bytes) -> int:
    """Returns how deep the brackets outside strings are nested."""
    depth = deepest = 0
    for bracket in BRACKETS.findall(body):
        depth += (bracket in b"[{") - (bracket in b"]}")
        deepest = max(depth, deepest)
    return deepest


def _assert_is_json(body: bytes) -> None:
    """Raises MalformedBodyError if the body is not JSON. msgspec reports a broken rule before it
    has read the rest of the body."""
    try:
        _decode_anything(body)
    except msgspec.DecodeError as error:
        raise MalformedBodyError(f"the body is not JSON in UTF-8: {error}") from None


def utc(time_us: int) -> str:
    """Returns microseconds since 1970 as the API shows times, always with six decimals."""
    time = EPOCH + timedelta(microseconds=time_us)
    return time.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
