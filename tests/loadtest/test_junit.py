"""The report as JUnit XML."""

import random
import re
from pathlib import Path
from random import Random
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from loadtest.measure.recorder import Example
from loadtest.report.arena import Arena
from loadtest.report.data import Count, HeldThreshold, Report, Rule, Verdict
from loadtest.report.json import write_json
from loadtest.report.junit import junit
from tests.help.hostile_text import EVIL, hostile
from tests.help.invented_reports import invented_reports
from tests.help.simulated_runs import closed_run, simulated_report
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Serve

# What both schemas in use, Jenkins' junit-10.xsd and Ant's JUnit.xsd, allow: the children of an
# element in their order, and its attributes.
CHILDREN = {
    "testsuites": r"(testsuite )*",
    "testsuite": r"properties (testcase )*system-out system-err ",
    "properties": r"(property )*",
    "testcase": r"(failure |error |skipped )?",
}
COUNTS = ("tests", "failures", "errors", "skipped")
ATTRIBUTES = {
    "testsuite": {"id", "name", "package", "hostname", "timestamp", "time", *COUNTS},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
    **{tag: {"message", "type"} for tag in ("failure", "error", "skipped")},
}


def read(document: bytes) -> Element:
    """Parses a document and asserts that the schemas allow it."""
    root = ElementTree.fromstring(document)  # noqa: S314 - our own document
    assert root.tag == "testsuites"
    for one in root.iter():
        children = "".join(f"{child.tag} " for child in one)
        assert re.fullmatch(CHILDREN.get(one.tag, ""), children), one.tag
        assert set(one.attrib) == ATTRIBUTES.get(one.tag, set())
    for number, suite in enumerate(root):
        assert suite.get("id") == str(number)
        assert suite.get("hostname")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        assert re.fullmatch(r"\d+\.\d+", suite.attrib["time"])
        found = [len(list(suite.iter(tag))) for tag in ("testcase", "failure", "error", "skipped")]
        assert [int(suite.attrib[name]) for name in COUNTS] == found
        names = [case.get("name") for case in suite.iter("testcase")]
        assert len(set(names)) == len(names), "readers take equal names for one case"
    return root


def bad(root: Element) -> list[Element]:
    return [*root.iter("failure"), *root.iter("error")]


def evil_report(text: str) -> Report:
    report = simulated_report(load=closed_run(1))
    assert report.load is not None
    report.target, report.way, report.notes, report.ended_at = text, text, [text], text
    report.verdict = Verdict("fail", 1, [text, text])
    report.thresholds = [HeldThreshold(text, text), HeldThreshold(text)]
    report.rules = [Rule(text, text, text, text, text, passed, 0, text) for passed in (True, False)]
    report.load.examples = [Example(text, text, text)]
    report.load.findings = [Count(text, 1), Count(text, 2)]
    return report


@pytest.mark.parametrize("speed", ["fast", "hanging"])
def test_a_report_of_any_command_is_a_valid_document(speed: str) -> None:
    """The schemas that CI systems read by allow the document of every command and edition."""
    for report in invented_reports(speed).values():
        assert bad(read(junit(report)))


def test_text_of_a_target_cannot_break_the_document() -> None:
    """Markup and characters that XML cannot carry are escaped, and every text is still there."""
    root = read(junit(evil_report(EVIL)))
    text = "".join(root.itertext())
    assert "<script>alert(1)</script>" in text
    assert "\\x00\\x01" in text
    assert "\\ud800" in text
    assert "\\ufffe" in text


def test_random_text_cannot_break_the_document() -> None:
    """No text of a target breaks the document; the seed repeats it."""
    seed = random.randrange(2**31)
    print(f"seed {seed}")
    drawn = Random(seed)
    for _ in range(100):
        read(junit(evil_report(hostile(drawn))))


@pytest.mark.parametrize(
    ("state", "element"), [("pass", "skipped"), ("fail", "failure"), ("invalid", "error")]
)
def test_cases_fail_as_the_verdict_says(state: str, element: str) -> None:
    """A run that passes has nothing red, and an invalid one proves no failure."""
    report = invented_reports("slow")["crebitos-official"]
    report.verdict = Verdict(state, 0, [])  # type: ignore[arg-type]
    tags = {case[0].tag for case in read(junit(report)).iter("testcase") if len(case)}
    assert tags == {element}


def test_a_broken_rule_has_all_that_repeats_it(serve: Serve, tmp_path: Path) -> None:
    """Each rule of the contract is a case; a broken one has expected, got and its curl line."""
    path = tmp_path / "junit.xml"
    target = f"127.0.0.1:{serve('off_by_one')}"
    ran = loadtest("check", target, "--junit", path, folder=tmp_path)
    assert ran.code == 1
    root = read(path.read_bytes())
    rules = [
        case
        for suite in root
        if suite.attrib["name"].startswith("rules.")
        for case in suite.iter("testcase")
    ]
    assert len(rules) == len(ran.report.rules)
    broken = [rule for rule in ran.report.rules if not rule.passed]
    failures = [case[0] for case in rules if len(case)]
    assert len(failures) == len(broken) > 0
    for failure in failures:
        assert re.search(r"^expected .*\ngot      .*\n(.*\n)*?.*curl ", failure.text or "")
    assert len(bad(root)) == len(broken) + 1, "the verdict is a case too"


def test_each_threshold_is_a_case(serve: Serve, tmp_path: Path) -> None:
    """A threshold that holds is a case that passes, also in a report that is read again."""
    path, again = tmp_path / "junit.xml", tmp_path / "again.xml"
    words = ("--threshold", "p99<0.0001", "--threshold", "rate>0.001", "--junit", path)
    ran = loadtest("run", f"127.0.0.1:{serve()}", "-n", 300, *words, folder=tmp_path)
    assert ran.code == 1, ran.out
    [suite] = [one for one in read(path.read_bytes()) if one.get("name") == "thresholds"]
    cases = {case.get("name"): len(case) for case in suite.iter("testcase")}
    assert cases == {"p99 < 0.0001": 1, "rate > 0.001": 0}
    assert loadtest("report", tmp_path / "report.json", "--junit", again).code == 0
    assert again.read_bytes() == path.read_bytes()


def test_official_checks_are_cases(tmp_path: Path) -> None:
    """Each check of the official run, and the data of each client, is a case."""
    path, xml = tmp_path / "r.json", tmp_path / "junit.xml"
    report = invented_reports("slow")["crebitos-official"]
    write_json(report, path)
    assert loadtest("report", path, "--junit", xml).code == 0
    [suite] = [one for one in read(xml.read_bytes()) if one.get("name") == "official"]
    names = {case.get("name"): len(case) for case in suite.iter("testcase")}
    assert names["98% of the answers are right and under 250 ms"] == 1
    assert names["client 1: balance and history"] == 1
    assert len(names) == 4 + 20 + 5


def test_rounds_have_the_cases_of_the_worst(serve: Serve, tmp_path: Path) -> None:
    """The cases of many rounds are those of the round whose verdict is that of all."""
    path = tmp_path / "junit.xml"
    target = f"127.0.0.1:{serve('saldo_as_string')}"
    ran = loadtest("run", target, "-n", 100, "--rounds", 2, "--junit", path)
    assert ran.code == 1, ran.out
    assert bad(read(path.read_bytes()))


def test_faults_of_an_entrys_services_are_cases() -> None:
    """An entry that is not ready has a case for that, and one for each fault of its services."""
    report = invented_reports("fast")["crebitos-check"]
    report.arena = Arena("compose.yml", faults=["db exited with code 1"], answer="refused")
    [suite] = [one for one in read(junit(report)) if one.get("name") == "arena"]
    names = {case.get("name"): len(case) for case in suite.iter("testcase")}
    assert names == {"the entry becomes ready": 1, "db exited with code 1": 1}
