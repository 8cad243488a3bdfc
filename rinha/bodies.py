"""JSON bodies in and out: bytes to a struct or to a refusal that says why, and structs to bytes."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from rinha.errors import BodyTooLargeError, MalformedBodyError, RinhaError, RuleBrokenError
from rinha.settings import BODY_MAX_BYTES, BODY_MAX_DEPTH

T = TypeVar("T")

# Strings are matched so that the brackets within them are passed over.
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
EPOCH = datetime.fromtimestamp(0, UTC)

encode = msgspec.json.Encoder().encode
# Numbers too large for a float are JSON all the same.
_decode_anything = msgspec.json.Decoder(float_hook=str).decode


class Refusal(msgspec.Struct, frozen=True):
    error: str


def decoder_of(
    kind: type[T],
    rules: Mapping[str, str],
    shape: str,
    *,
    max_bytes: int = BODY_MAX_BYTES,
    wrong_kind: type[RinhaError] = RuleBrokenError,
) -> Callable[[bytes], T]:
    """Of bodies that are this kind of struct. Each field's rule, and the shape, are told when they
    are broken; an edition may tell a value of the wrong kind by an error of its own."""
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
            # As text, because fields that are skipped over would not be checked for UTF-8.
            return decode(body.decode())
        except msgspec.ValidationError as error:
            _assert_is_json(body)
            raise refusal(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedBodyError(f"the body is not JSON in UTF-8: {error}") from None

    return decode_body


def _is_of_wrong_kind(complaint: str) -> bool:
    """A field that is null counts as one that is not there."""
    if re.search(r"got `null` - at `\$\.\w+`$", complaint):
        return False
    return ", got `" in complaint or complaint.startswith("Number out of range")


def _depth(body: bytes) -> int:
    """How deep the brackets go that are not inside a string."""
    depth = deepest = 0
    for bracket in BRACKETS.findall(body):
        depth += (bracket in b"[{") - (bracket in b"]}")
        deepest = max(depth, deepest)
    return deepest


def _assert_is_json(body: bytes) -> None:
    """A rule can be seen broken before the end is: what is cut short is still not JSON."""
    try:
        _decode_anything(body)
    except msgspec.DecodeError as error:
        raise MalformedBodyError(f"the body is not JSON in UTF-8: {error}") from None


def utc(time_us: int) -> str:
    """Microseconds since 1970 as the API shows a moment, always with six decimals."""
    moment = EPOCH + timedelta(microseconds=time_us)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
