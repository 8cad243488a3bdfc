"""The README says the same in both languages, and what it names is there."""

import re

import pytest

from rinha.settings import KNOBS
from tests.help.running import ROOT

ENGLISH, PORTUGUESE = ((ROOT / name).read_text() for name in ("README.md", "README.pt-BR.md"))
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands(page: str) -> list[str]:
    """What is to be typed and what is answered; remarks are in the reader's language."""
    lines = "\n".join(BLOCK.findall(page)).splitlines()
    return [re.sub(r"  +# .*", "", line).rstrip() for line in lines]


def numbers(page: str) -> list[str]:
    """Without points and commas, which each language sets in its own way."""
    return [re.sub("[.,]", "", found) for found in re.findall(r"\d[\d.,]*\d|\d", page)]


def table_shapes(page: str) -> list[int]:
    return [line.count("|") for line in page.splitlines() if line.startswith("|")]


def test_both_languages_show_the_same_commands() -> None:
    """Readers of either type the same and see the same."""
    assert commands(ENGLISH) == commands(PORTUGUESE)


def test_both_languages_have_the_same_tables_links_and_headings() -> None:
    """No row, link or section is missing in one of them."""
    for pattern in (r"\]\(([^)]+)\)", r"^(#+) ", r"`([^`\n]+)`"):
        found = [re.findall(pattern, page, re.MULTILINE) for page in (ENGLISH, PORTUGUESE)]
        other = [[one for one in page if "README" not in one] for page in found]
        assert sorted(other[0]) == sorted(other[1])
    assert table_shapes(ENGLISH) == table_shapes(PORTUGUESE)


def test_both_languages_name_the_same_numbers() -> None:
    """A figure that is renewed in one of them is renewed in the other."""
    tables = [
        [numbers(line) for line in page.splitlines() if line.startswith("|")]
        for page in (ENGLISH, PORTUGUESE)
    ]
    assert tables[0] == tables[1]
    assert sorted(numbers(ENGLISH)) == sorted(numbers(PORTUGUESE))


def test_every_target_and_setting_that_is_named_exists() -> None:
    """A newcomer never types what is not there."""
    assert set(re.findall(r"[`$] ?make ([a-z-]+)", ENGLISH)) <= TARGETS
    named = set(re.findall(r"^\| `([A-Z_]+)` ", ENGLISH, re.MULTILINE))
    assert named == {*KNOBS, "MODE", "NETWORK"}
    for name, knob in KNOBS.items():
        assert re.search(rf"^\| `{name}` \| [^|]*{re.escape(knob.default)}", ENGLISH, re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        *(
            f"docs/{page}.md"
            for page in (
                "guarantees",
                "performance",
                "containers",
                "gatling",
                "growing",
                "loadtest",
                "onefile",
                "pessoas",
            )
        ),
        "docs/benchmarks/results.md",
    ],
)
def test_measured_figures_say_when_and_on_what(name: str) -> None:
    """A figure without its date and commit is no figure."""
    text = (ROOT / name).read_text()
    assert re.search(r"2\d{3}-\d\d-\d\d\D.*?commit:? [0-9a-f]{7,}", text, re.DOTALL)
