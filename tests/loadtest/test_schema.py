"""The JSON Schema of the report."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from loadtest.measure.histogram import encode
from tests.help.invented_reports import invented_reports
from tests.loadtest.command import ROOT, loadtest
from tests.loadtest.conftest import Serve

SCHEMA = ROOT / "docs" / "report.schema.json"


@pytest.fixture(scope="module")
def validator() -> Any:
    """The schema as it is published, but strict: an undeclared field is an error."""
    schema = json.loads(SCHEMA.read_text())
    for struct in schema["$defs"].values():
        if "properties" in struct:
            struct["additionalProperties"] = False
    return jsonschema_rs.validator_for(schema)


def test_the_schema_is_that_of_the_types() -> None:
    """docs/report.schema.json is what `loadtest schema` prints: `make schema` renews it."""
    ran = loadtest("schema")
    assert (ran.code, ran.out) == (0, SCHEMA.read_text())


@pytest.mark.parametrize("edition", ["crebitos", "pessoas"])
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_real_report_follows_the_schema(
    edition: str, command: str, serve: Serve, tmp_path: Path, validator: Any
) -> None:
    """A report of a real run or check has the declared fields and types, and no others."""
    words = ["-n", 300, "--threshold", "p99<60000"] if command == "run" else []
    target = f"127.0.0.1:{serve(edition=edition)}"
    ran = loadtest(command, target, *words, "--edition", edition, folder=tmp_path)
    assert ran.is_right, ran.out
    validator.validate(json.loads(ran.path.read_text()))


def test_any_report_follows_the_schema(validator: Any) -> None:
    """Reports of every command, with every part filled in, follow the schema."""
    for report in invented_reports("slow").values():
        validator.validate(json.loads(encode(report)))
    stored = ROOT / "tests" / "loadtest" / "recorded" / "run.json"
    validator.validate(json.loads(stored.read_text()))


def faulty(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**report, "edition": "other"}
    yield {**report, "seed": "1"}
    yield {name: value for name, value in report.items() if name != "target"}
    yield {**report, "verdict": {**report["verdict"], "state": "fine"}}
    yield {**report, "load": {**report["load"], "times": [{}]}}
    yield {**report, "news": 1}


def test_a_faulty_report_breaks_the_schema(validator: Any) -> None:
    """A wrong type, a wrong value, a lost field and an unknown field break the schema."""
    report = json.loads(encode(invented_reports("fast")["crebitos-run"]))
    assert validator.is_valid(report)
    for wrong in faulty(report):
        assert not validator.is_valid(wrong)
