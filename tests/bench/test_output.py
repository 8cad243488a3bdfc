"""What a run leaves behind can be read."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.results.data import BadResultsError, read_results, write_results
from bench.results.pictures import pictures
from bench.results.table import page
from tests.bench.simulated import results_of

RATES: dict[str, list[float]] = {
    "rinha_normal": [500, 400],
    "constant": [1000, 800],
    "falcon_psycopg": [50, 50],
}


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    """A baseline is the run that it was."""
    results = results_of(RATES)
    write_results(results, tmp_path / "results.json")
    assert read_results(tmp_path / "results.json") == results


@pytest.mark.parametrize("text", [None, "not JSON", "{}", '{"schema": 0}'])
def test_a_file_that_holds_no_results_is_refused(tmp_path: Path, text: str | None) -> None:
    """In words, with its name."""
    path = tmp_path / "results.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadResultsError, match=r"results\.json"):
        read_results(path)


def test_the_page_names_what_failed_and_what_was_thrown_out() -> None:
    """Nothing that went wrong is passed over in silence."""
    results = results_of(RATES, thrown_out=("constant", 1))
    results.failed["falcon_psycopg"] = "there is no PostgreSQL"
    text = page(results, ["capacity.svg"])
    assert "there is no PostgreSQL" in text
    assert "![capacity](capacity.svg)" in text
    assert "1 of 6 measurements" in text
    assert "round 2, the stack constant, capacity_14: other programs" in text


def test_ratios_stand_beside_their_figures() -> None:
    """Half of the ceiling, and nine times the alternative."""
    text = page(results_of(RATES), [])
    assert "| the stack rinha_normal | 450 (400 to 500) | 0.50 |" in text
    assert "| the stack rinha_normal to the stack falcon_psycopg | 9.00 (8.00 to 10.00) |" in text


def test_every_picture_is_svg_and_names_every_stack() -> None:
    """A reader knows what each bar is."""
    drawn = pictures(results_of(RATES))
    assert set(drawn) == {"capacity.svg", "latency_at_capacity.svg", "cpu.svg", "memory.svg"}
    for text in drawn.values():
        ElementTree.fromstring(text)  # noqa: S314 - it is our own
        assert all(f"the stack {stack}" in text for stack in RATES)
