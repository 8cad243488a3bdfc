"""The files of a run can be read."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.crebitos.edition import CREBITOS
from bench.crebitos.page import page
from bench.crebitos.pictures import pictures
from bench.edition import Edition
from bench.pessoas.edition import PESSOAS
from bench.proxies.edition import PROXIES
from bench.results import guard
from bench.results.data import BadResultsError, Cell, read_results, write_results
from bench.scaling.edition import SCALING
from tests.bench.simulated import results_of
from tests.help.running import ROOT

RATES: dict[str, list[float]] = {
    "rinha_normal": [500, 400],
    "constant": [1000, 800],
    "falcon_psycopg": [50, 50],
}


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    """A baseline is read without loss."""
    results = results_of(RATES)
    write_results(results, tmp_path / "results.json")
    assert read_results(tmp_path / "results.json") == results


@pytest.mark.parametrize("text", [None, "not JSON", "{}", '{"schema": 0}'])
def test_a_file_without_results_is_refused(tmp_path: Path, text: str | None) -> None:
    """The error names the file."""
    path = tmp_path / "results.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadResultsError, match=r"results\.json"):
        read_results(path)


@pytest.mark.parametrize(
    ("edition", "other", "name"),
    [
        (CREBITOS, PESSOAS, "results"),
        (CREBITOS, PESSOAS, "quick"),
        (PESSOAS, CREBITOS, "pessoas"),
    ],
)
def test_stored_results_can_be_read(edition: Edition, other: Edition, name: str) -> None:
    """They make a page, and a baseline of their edition only: with none the guard would pass."""
    path = ROOT / "docs" / "benchmarks" / f"{name}.json"
    results = read_results(path)
    text = edition.page(results, {})
    assert "\n## The official run" in text
    assert ("\n## Growth\n" in text) != results.quick
    guard.assert_guards(edition.guarded, results, path)
    with pytest.raises(BadResultsError, match=name):
        guard.assert_guards(other.guarded, results, path)


def test_the_page_names_what_failed_and_what_was_thrown_out() -> None:
    """Every error of a run is on its page."""
    results = results_of(RATES, thrown_out=("constant", 1))
    results.failed["falcon_psycopg"] = "there is no PostgreSQL"
    text = page(results, {"capacity.svg": '<svg aria-label="Requests/s, 14 &amp; 64">'})
    assert "there is no PostgreSQL" in text
    assert "![Requests/s, 14 & 64](capacity.svg)" in text
    assert "1 of 6 measurements" in text
    assert "round 2, the constant, capacity_14: other programs" in text


def test_ratios_stand_beside_their_figures() -> None:
    """Half of the ceiling, and nine times the alternative."""
    text = page(results_of(RATES), {})
    assert "| the rinha_normal | 450 (400 to 500) | 0.50 |" in text
    assert "| the rinha_normal to the falcon_psycopg | 9.00 (8.00 to 10.00) |" in text


def test_contenders_stand_in_groups_with_their_verdicts() -> None:
    """A group that was not measured has no row; a broken rule is named."""
    results = results_of({**RATES, "mine": [70, 80]})
    results.verdicts = {"falcon_psycopg": "18 of 18 rules hold", "mine": "17 of 18 rules hold"}
    text = page(results, {})
    assert "| `falcon_psycopg` | the falcon_psycopg | 18 of 18 rules hold |" in text
    table = text[text.index("## As fast as it goes, 14") :]
    order = ("This service", "rinha_normal", "other parts", "constant", "Your own", "the mine")
    places = [table.index(one) for one in order]
    assert places == sorted(places)
    assert "Other stores" not in text


def test_every_picture_is_svg_and_names_every_contender() -> None:
    """A reader knows what each bar is."""
    drawn = pictures(results_of(RATES))
    assert set(drawn) == {"capacity.svg", "latency_at_capacity.svg", "cpu.svg", "memory.svg"}
    for text in drawn.values():
        ElementTree.fromstring(text)  # noqa: S314 - this project wrote it
        assert all(f"the {name}" in text for name in RATES)


@pytest.mark.parametrize("edition", [SCALING, PROXIES], ids=["scaling", "proxies"])
def test_a_page_of_one_subject_has_ratios_and_pictures(edition: Edition) -> None:
    """Each contender that was measured is on the page and, where it has a rate, in a picture."""
    figures = {"rate": 1000.0, "p50_ms": 1.0, "p99_ms": 2.0, "cpu_us": 50.0, "memory_mb": 30.0}
    results = results_of({})
    results.titles = {name: one.title for name, one in edition.contenders.items()}
    results.cells = [
        Cell(name, workload.name, 0, dict(figures), {"nginx": 20.0, "api01": 30.0})
        for name, one in edition.contenders.items()
        for workload in one.workloads or edition.workloads
    ]
    drawn = edition.pictures(results)
    text = edition.page(results, drawn)
    assert "1.00 (1.00 to 1.00)" in text
    assert all(re.search(rf"!\[\S+ .+\]\({name}\)", text) for name in drawn)
    first = next(iter(drawn.values()))
    for title in results.titles.values():
        assert f"| {title} |" in text
        assert f">{title}</text>" in first
    for picture in drawn.values():
        ElementTree.fromstring(picture)  # noqa: S314 - our own
