"""The report as Markdown for a pull request."""

import random
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import pytest
from markdown_it import MarkdownIt

from loadtest.report.data import Report, Rule, Verdict
from loadtest.report.json import write_json
from loadtest.report.markdown import markdown
from tests.help.hostile_text import EVIL, hostile
from tests.help.invented_reports import invented_reports
from tests.help.simulated_runs import closed_run, simulated_report
from tests.loadtest.command import loadtest
from tests.loadtest.test_junit import evil_report

GITHUB_MAX = 65_536
TAGS = {
    *("h3", "p", "ul", "li", "strong", "code", "pre", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class Rendered(HTMLParser):
    """The tags of a rendered document, and its text outside `code` and `pre`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.plain, self.quoted = "", ""
        self.depth = 0
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.depth += tag in {"code", "pre"}

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in {"code", "pre"}

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.quoted += data
        else:
            self.plain += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def assert_harmless(text: str) -> Rendered:
    """Asserts that no text of the target is markup, a link or a mention."""
    shown = Rendered(text)
    assert set(shown.tags) <= TAGS, set(shown.tags) - TAGS
    assert shown.attributes <= {"style"}
    assert shown.depth == 0
    for sign in ("@", "#", "://", "www.", "[", "<", ">", "`", "\x1b", "\u202e", "::"):
        assert sign not in shown.plain, sign
    return shown


def test_text_of_a_target_is_quoted() -> None:
    """Markup, mentions, links and control characters are shown as text, in code."""
    shown = assert_harmless(markdown(evil_report(EVIL), evil_report(EVIL)))
    assert "<script>alert(1)</script>" in shown.quoted
    assert "@someone" in shown.quoted


def test_random_text_of_a_target_is_quoted() -> None:
    """No text of a target becomes markup; the seed repeats it."""
    seed = random.randrange(2**31)
    print(f"seed {seed}")
    drawn = Random(seed)
    for _ in range(50):
        text = markdown(evil_report(hostile(drawn)))
        assert_harmless(text)
        assert "\r" not in text


@pytest.mark.parametrize("speed", ["fast", "slow", "hanging"])
def test_the_verdict_comes_first(speed: str) -> None:
    """A comment begins with the verdict, and has the figures and the folded broken rules."""
    for name, report in invented_reports(speed).items():
        text = markdown(report)
        shown = assert_harmless(text)
        assert text.startswith("### ❌ FAIL")
        assert ("table" in shown.tags) == (report.load is not None)
        broken = {(rule.group, rule.rule) for rule in report.rules if not rule.passed}
        examples = len(report.load.examples) if report.load is not None else 0
        assert shown.tags.count("details") == len(broken) + examples, name


def test_a_comment_is_below_githubs_limit() -> None:
    """However much is broken, a comment has its verdict and fits; it says what it leaves out."""
    text = '"<&|`' * 5_000
    rules = [Rule(f"g{n}", text, text, text, text, False, 0, text) for n in range(2_000)]
    report = simulated_report(load=closed_run(1))
    report.rules, report.verdict = rules, Verdict("fail", 1, [text] * 5_000)
    report.notes, report.target, report.way = [text] * 500, text, text
    made = markdown(report, report)
    assert len(made) < GITHUB_MAX
    assert made.startswith("### ❌ FAIL")
    assert "parts more: the JSON report has them" in made
    assert_harmless(made)


def test_the_difference_to_a_baseline_is_shown(tmp_path: Path) -> None:
    """The comment and the terminal have the table of `compare` if there is a baseline."""
    before, after, comment = (tmp_path / name for name in ("before.json", "after.json", "c.md"))
    write_json(simulated_report(load=closed_run(1)), before)
    write_json(simulated_report(load=closed_run(2, 1.5)), after)
    ran = loadtest("report", after, "--baseline", before, "--markdown", comment)
    assert ran.code == 0
    assert "response p50, all" in ran.out
    text = comment.read_text()
    assert "| response p50, all |" in text
    assert "**worse**" in text
    assert_harmless(text)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("pessoas-run", "of another edition"), ("crebitos-check", "has no load")],
)
def test_a_baseline_that_does_not_fit_is_said(name: str, reason: str) -> None:
    """A baseline of another edition or without a load gives a note in place of a table."""
    report: Report = invented_reports("fast")["crebitos-run"]
    assert reason in markdown(report, invented_reports("fast")[name])
