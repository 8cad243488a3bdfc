"""The pages in two languages agree, and the commands and settings that they name exist."""

import re
from pathlib import Path

import pytest

from rinha.metrics.families import FAMILIES
from rinha.settings import SETTINGS
from tests.help.running import ROOT

PAGES = {
    name: ((ROOT / f"{name}.md").read_text(), (ROOT / f"{name}.pt-BR.md").read_text())
    for name in ("README", "docs/settings")
}
README_LINES_MAX = 110
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands(page: str) -> list[str]:
    """Returns the commands and their answers; comments are in the reader's language."""
    lines = "\n".join(BLOCK.findall(page)).splitlines()
    return [re.sub(r"  +# .*", "", line).rstrip() for line in lines]


def numbers(page: str) -> list[str]:
    """Returns all numbers without points and commas, which each language uses in its own way."""
    return [re.sub("[.,]", "", found) for found in re.findall(r"\d[\d.,]*\d|\d", page)]


def table_shapes(page: str) -> list[int]:
    return [line.count("|") for line in page.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_show_the_same_commands(name: str) -> None:
    """Both languages show the same commands and answers."""
    english, portuguese = PAGES[name]
    assert commands(english) == commands(portuguese)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_have_the_same_tables_links_and_headings(name: str) -> None:
    """Both languages have the same table rows, links and headings."""
    own = {f"{Path(name).name}.md", f"{Path(name).name}.pt-BR.md"}
    for pattern in (r"\]\(([^)]+)\)", r"^(#+) ", r"`([^`\n]+)`"):
        found = [re.findall(pattern, page, re.MULTILINE) for page in PAGES[name]]
        other = [[one for one in page if one not in own] for page in found]
        assert sorted(other[0]) == sorted(other[1])
    assert table_shapes(PAGES[name][0]) == table_shapes(PAGES[name][1])


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_name_the_same_numbers(name: str) -> None:
    """A figure that changes in one language changes in the other."""
    tables = [
        [numbers(line) for line in page.splitlines() if line.startswith("|")]
        for page in PAGES[name]
    ]
    assert tables[0] == tables[1]
    assert sorted(numbers(PAGES[name][0])) == sorted(numbers(PAGES[name][1]))


@pytest.mark.parametrize("page", PAGES["README"], ids=["English", "Portuguese"])
def test_the_readme_is_short(page: str) -> None:
    """The README is short; further subjects have their pages in docs/."""
    assert len(page.splitlines()) <= README_LINES_MAX


@pytest.mark.parametrize("name", [*DOCS, "README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_target_that_is_named_exists(name: str) -> None:
    """Every make target that a page names exists."""
    assert (
        set(re.findall(r"(?:[`$] ?|^)make ([a-z-]+)", (ROOT / name).read_text(), re.M)) <= TARGETS
    )


def test_the_settings_page_has_every_setting_with_its_default() -> None:
    """The settings page has every setting with its default, in both languages."""
    for page in PAGES["docs/settings"]:
        named = re.findall(r"^\| `([A-Z_]+)` ", page, re.MULTILINE)
        assert sorted(named) == sorted([*SETTINGS, "MODE", "NETWORK"])
        for name, setting in SETTINGS.items():
            assert re.search(
                rf"^\| `{name}` \| [^|]*{re.escape(setting.default)}", page, re.MULTILINE
            )


def test_the_index_has_every_page() -> None:
    """docs/README.md links to every page of docs/."""
    linked = set(re.findall(r"\]\(([^):#]+)\)", (ROOT / "docs/README.md").read_text()))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages - {"README.md"} <= linked


def test_the_refusals_have_every_status_of_the_description() -> None:
    """The table of refusals in docs/api.md has every status that openapi.yaml describes."""
    described = re.findall(
        r'^ +"([45]\d\d)":', (ROOT / "docs/openapi.yaml").read_text(), re.MULTILINE
    )
    listed = re.findall(r"^\| ([45]\d\d) \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    assert listed == sorted(set(described))


def test_the_metrics_page_has_every_metric_and_alert() -> None:
    """The metrics page explains every metric and every alert, with its severity."""
    page = (ROOT / "docs/metrics.md").read_text()
    rules = (ROOT / "ops/prometheus/rules.yml").read_text()
    named = {name.removesuffix("_total") for name in re.findall(r"`([a-z_]+)`", page)}
    assert set(FAMILIES) <= named
    alerts = re.findall(r"alert: (\w+)\n(?:.*\n)+? +labels: { severity: (\w+) }", rules)
    assert alerts
    assert set(alerts) == set(re.findall(r"^\| `(Rinha\w+)` \| (\w+) \|", page, re.MULTILINE))


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        *(
            f"docs/{page}.md"
            for page in (
                "backup",
                "containers",
                "gatling",
                "guarantees",
                "high-availability",
                "loadtest",
                "metrics",
                "one-file",
                "performance",
                "pessoas",
            )
        ),
        "docs/benchmarks/results.md",
    ],
)
def test_measured_figures_say_when_and_on_what(name: str) -> None:
    """A page with measured figures gives their date and commit."""
    text = (ROOT / name).read_text()
    assert re.search(r"2\d{3}-\d\d-\d\d\D.*?commit:? [0-9a-f]{7,}", text, re.DOTALL)
