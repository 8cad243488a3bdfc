"""The report as JUnit XML, which CI systems show as test cases."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from msgspec import UNSET

from loadtest.limits import ANSWER_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from loadtest.report.arena import Arena
from loadtest.report.data import Check, Load, Report
from loadtest.report.judgement import failed_requests
from loadtest.wire.outcome import one_line, printable

# A case that does not hold, by the verdict: nothing is red in a run that passes, and a run that is
# not fit to judge by proves no failure.
ELEMENTS = {"fail": "failure", "invalid": "error", "pass": "skipped"}
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
PACKAGE = "loadtest"


def write_junit(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(junit(report))


def junit(report: Report) -> bytes:
    """Returns the document; the schemas of Jenkins and of Ant's reports allow it."""
    groups: dict[str, list[Check]] = {}
    for group, check in _checks(report):
        groups.setdefault(group, []).append(check)
    root = Element("testsuites")
    for number, (group, checks) in enumerate(groups.items()):
        _add_suite(root, report, number, group, checks)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _checks(report: Report) -> Iterator[tuple[str, Check]]:
    """Yields all that the report has tested, each with its group; the verdict comes first."""
    state, reasons = report.verdict.state, report.verdict.reasons
    got = f"{state}: {'; '.join(reasons)}"
    yield "verdict", Check("verdict", "pass", got, passed=state == "pass")
    for one in report.thresholds or ():
        passed = not one.reason
        yield "thresholds", Check(one.threshold, one.threshold, one.reason, passed=passed)
    if report.arena is not UNSET:
        for check in _arena_checks(report.arena):
            yield "arena", check
    for check in report.checks():
        yield "official", check
    for check in _load_checks(report.load) if report.load is not None else ():
        yield "load", check
    for rule in report.rules:
        name = f"{rule.whose}{': ' if rule.whose else ''}{rule.rule}"
        yield (
            f"rules.{rule.group}",
            Check(name, rule.expected, rule.answer, passed=rule.passed, repeat=rule.repeat),
        )


def _arena_checks(arena: Arena) -> Iterator[Check]:
    is_ready = arena.ready_s is not None
    got = f"after {arena.ready_s:.1f} s" if is_ready else f"never: {arena.answer}"
    yield Check("the entry becomes ready", "ready in time", got, passed=is_ready)
    for fault in arena.faults:
        yield Check(fault, "no fault", "this fault", passed=False)


def _load_checks(load: Load) -> Iterator[Check]:
    unfit, failed = "; ".join(load.invalid), "; ".join(failed_requests(load))
    yield Check("the run is fit to judge by", "yes", unfit or "yes", passed=not unfit)
    yield Check("every request has a fine answer", "yes", failed or "yes", passed=not failed)
    repeats = {example.what: f"{example.repeat}\n{example.answer}" for example in load.examples}
    for found in load.findings:
        repeat = repeats.get(found.what, "")
        yield Check(found.what, "no answer", f"{found.count:,}", passed=False, repeat=repeat)


def _add_suite(
    root: Element, report: Report, number: int, group: str, checks: Sequence[Check]
) -> None:
    counts = dict.fromkeys(COUNTED.values(), 0)
    counts[COUNTED[ELEMENTS[report.verdict.state]]] = sum(not check.passed for check in checks)
    # The load took the time; it is counted once.
    took_s = report.load.rate.elapsed_s if report.load is not None and number == 0 else 0.0
    suite = _add(
        root,
        "testsuite",
        id=str(number),
        name=group,
        package=PACKAGE,
        hostname=report.target or "unknown",
        timestamp=_moment(report.ended_at),
        time=f"{took_s:.3f}",
        tests=str(len(checks)),
        **{name: str(count) for name, count in counts.items()},
    )
    properties = _add(suite, "properties")
    for name, value in (("command", report.command), ("way", report.way), ("seed", report.seed)):
        _add(properties, "property", name=name, value="" if value is None else str(value))
    names: Counter[str] = Counter()
    for check in checks:
        names[check.name] += 1
        # Readers take cases of the same name for one.
        more = f" ({names[check.name]})" if names[check.name] > 1 else ""
        classname = f"{PACKAGE}.{report.command}.{group}"
        case = _add(suite, "testcase", classname=classname, name=check.name + more, time="0")
        if not check.passed:
            _add_failure(case, ELEMENTS[report.verdict.state], group, check)
    notes = report.notes if number == 0 else []
    _add(suite, "system-out").text = _lines("\n".join(notes))
    _add(suite, "system-err")


def _add_failure(case: Element, element: str, group: str, check: Check) -> None:
    expected, got = (
        printable(text, ANSWER_CHARACTERS_MAX) or "(nothing)"
        for text in (check.expected, check.got)
    )
    message = printable(f"expected {expected}, got {got}", REASON_CHARACTERS_MAX)
    lines = [f"expected {expected}", f"got      {got}", *filter(None, [_lines(check.repeat)])]
    _add(case, element, message=message, type=group).text = "\n".join(lines)


def _add(parent: Element, tag: str, /, **attributes: str) -> Element:
    return SubElement(parent, tag, {key: one_line(value) for key, value in attributes.items()})


def _lines(text: str) -> str:
    """Returns a text of lines without the characters that XML cannot carry."""
    return "\n".join(map(one_line, text.split("\n")))


def _moment(text: str) -> str:
    """Returns a time in UTC without its zone, as the schemas want it."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")
