"""The JSON Schema of the report, made from the types that write and read it."""

from typing import Any

import msgspec

from loadtest.measure.histogram import Histogram

PAIR = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
HISTOGRAM = {
    "type": "array",
    "items": PAIR,
    "description": "Pairs of microseconds and the number of answers that took so long.",
}


def report_schema(report_type: Any) -> bytes:
    """Returns the schema of a type of report, or of a union of several, as indented JSON."""
    schema = msgspec.json.schema(report_type, schema_hook=_custom)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _custom(type_: type) -> dict[str, Any]:
    if type_ is Histogram:
        return HISTOGRAM
    raise NotImplementedError(type_)
