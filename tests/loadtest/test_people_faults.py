"""The judge of pessoas names each planted fault and never blames a correct server."""

from pathlib import Path

import pytest

from tests.loadtest.command import loadtest
from tests.loadtest.conftest import ServePeople

# Four seconds of the official run, at the official rates.
OFFICIAL = "official --scale 0.02 --reset"
FAULTS = {
    "folded_apelidos": ("check", "one that is taken only in another case: expected 201, got 422"),
    "month_13": ("check", "nascimento in month 13: expected 400 or 422, got 201"),
    "bytes_counted": ("check", "nome of 100 characters of two bytes: added: expected 201"),
    "null_hidden": ("check", "somebody whose stack is null: expected 200, 1 people"),
    "wildcards": ("check", "% is a letter: expected 200, 0 people"),
    "across_words": ("check", "not across apelido and nome: expected 200, 0 people"),
    "answer_before_write": (OFFICIAL, "acknowledged, and not in the count"),
    "apelido_twice": (OFFICIAL, "one apelido was acknowledged twice"),
    "stale_search": ("check", "found at once by a search: expected all of them, got 1 of"),
    "rows_51": ("check", "of 55 people not more than 50, nor fewer: expected 200, 50 people"),
    "stack_sorted": ("check", "stack with repeats: shown as sent: expected 200"),
    "slow_twins": ("check", "2 posts of one apelido: expected 1 added, 1 refused"),
    "count_cached": ("check", "20 more after 20 more: expected"),
    "five_hundred": (OFFICIAL, "posts: status 500"),
    "stale_detail": (OFFICIAL, "an acknowledged person is not found"),
}
# Reasons of the official run for faults that the check also names.
BY_OFFICIAL = {
    "folded_apelidos": "refused, as if an apelido in another case were the same",
    "month_13": "a bad person was added: nascimento is no day",
    "null_hidden": "a search misses somebody whose stack is null",
    "stack_sorted": "a person is not shown as sent: stack",
    "rows_51": "a search shows more than 50 people",
}
RIGHT = ("check", OFFICIAL, "run -n 4000", "run -r 300 -d 2 --poisson")


def name_fault(port: int, folder: Path, words: str, name: str, seed: int) -> None:
    print(f"server seed {seed}")
    command, *options = words.split()
    target = f"127.0.0.1:{port}"
    chance = ("--edition", "2023q3", "--seed", seed)
    ran = loadtest(command, target, *options, *chance, folder=folder)
    assert ran.code == 1, ran.out
    assert name in ran.reasons, ran.reasons


def blame_nobody(serve_people: ServePeople, folder: Path, words: str, seed: int) -> None:
    print(f"server seed {seed}")
    command, *options = words.split()
    target = f"127.0.0.1:{serve_people('none', seed)}"
    ran = loadtest(command, target, *options, "--edition", "2023q3", folder=folder)
    # A busy machine may make a run invalid; it must never blame a correct server.
    assert ran.code in {0, 4}, ran.out
    assert ran.code == 4 or ran.reasons == ""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(serve_people: ServePeople, tmp_path: Path, fault: str) -> None:
    """A planted fault gives exit code 1 and a reason that names it."""
    name_fault(serve_people(fault, 1), tmp_path, *FAULTS[fault], seed=1)


@pytest.mark.parametrize("words", RIGHT)
def test_a_right_server_is_not_blamed(
    serve_people: ServePeople, tmp_path: Path, words: str
) -> None:
    """The verdict on a correct server has no reasons."""
    blame_nobody(serve_people, tmp_path, words, 1)


@pytest.mark.repeats
@pytest.mark.parametrize("seed", range(2, 22))
@pytest.mark.parametrize("fault", FAULTS)
def test_no_planted_fault_is_missed_in_20_runs(
    serve_people: ServePeople, tmp_path: Path, fault: str, seed: int
) -> None:
    """Twenty runs with different seeds all name the planted fault."""
    name_fault(serve_people(fault, seed), tmp_path, *FAULTS[fault], seed=seed)


@pytest.mark.repeats
@pytest.mark.parametrize("seed", range(2, 22))
@pytest.mark.parametrize("fault", BY_OFFICIAL)
def test_the_official_run_names_what_it_can_see_in_20_runs(
    serve_people: ServePeople, tmp_path: Path, fault: str, seed: int
) -> None:
    """The people and terms of the official run are enough to find these faults."""
    words = "official --scale 0.05 --reset"
    name_fault(serve_people(fault, seed), tmp_path, words, BY_OFFICIAL[fault], seed=seed)


@pytest.mark.repeats
@pytest.mark.parametrize("seed", range(2, 52))
@pytest.mark.parametrize("words", RIGHT)
def test_a_right_server_is_never_blamed_in_50_runs(
    serve_people: ServePeople, tmp_path: Path, words: str, seed: int
) -> None:
    """Fifty runs of each command never blame a correct server."""
    blame_nobody(serve_people, tmp_path, words, seed)
