"""Reads the JSON of an answer in bounded time and memory, for any bytes."""

import json
import re
from typing import Any

from loadtest.limits import JSON_DEPTH_MAX, JSON_VALUES_MAX

# A string without an end is matched to the end of the body: otherwise each quote in it would begin
# another search.
_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


class ContractBrokenError(ValueError):
    """An answer that breaks the contract; the text says how."""


def read_document(body: bytes) -> Any:
    """Returns the JSON document in the body of an answer."""
    values = body.count(b"[") + body.count(b"{")
    if values > JSON_VALUES_MAX:
        raise ContractBrokenError(f"the answer has more than {JSON_VALUES_MAX:,} lists and objects")
    if values > JSON_DEPTH_MAX and _is_too_deep(body):
        raise ContractBrokenError(f"the answer is nested more than {JSON_DEPTH_MAX} deep")
    try:
        # RFC 8259 allows no other encoding than UTF-8; a byte order mark is ignored.
        return json.loads(body.decode("utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContractBrokenError("the answer is not JSON") from error
    except ValueError as error:
        raise ContractBrokenError("a number of the answer has thousands of digits") from error


def _is_too_deep(body: bytes) -> bool:
    """Returns whether lists and objects nest too deeply; brackets in strings do not count."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(body):
        first = found[0][:1]
        if first in b"[{":
            depth += 1
            if depth > JSON_DEPTH_MAX:
                return True
        elif first != b'"':
            depth -= 1
    return False
