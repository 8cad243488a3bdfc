"""Files and services that an entry names in unusual places count as docker compose counts them."""

from pathlib import Path

import pytest

from loadtest.arena.compose import load_project
from loadtest.arena.rules import check_rules
from loadtest.arena.services import read_services
from tests.loadtest.arena.entries import (
    API,
    TERMS,
    broken,
    entry,
    findings,
    service_of,
    services,
    write,
)

INCLUDING = """
include:
  - path: part.yml
    env_file: [a.env, b.env]
services: { one: { image: i } }
"""


def test_the_last_of_two_equal_names_counts(tmp_path: Path) -> None:
    """A name that an `.env` file has twice has its last value; the environment still overrides."""
    write(tmp_path, "C=0.5\nM=1g\nC=0.1\nD=$C\n", ".env")
    text = service_of("cpus: '$C$D', mem_limit: $M")
    assert services(tmp_path, text, M="64m")["one"].cpu.text == "0.10.1"
    assert services(tmp_path, text, M="64m")["one"].memory.text == "64m"


def test_all_variable_files_of_an_include_are_read(tmp_path: Path) -> None:
    """A later file overrides an earlier one, and may refer to it."""
    write(tmp_path, "services: { two: { image: '$A-$B-$C' } }", "part.yml")
    write(tmp_path, "A=a\nB=a\n", "a.env")
    write(tmp_path, "B=b\nC=$A\n", "b.env")
    assert services(tmp_path, INCLUDING)["two"].image == "a-b-a"


def test_the_env_file_of_a_folder_names_its_files(tmp_path: Path) -> None:
    """`COMPOSE_FILE` in an `.env` replaces the usual names, as for `docker compose up`."""
    write(tmp_path, entry(db="image: redis"))
    write(tmp_path, entry(), "entry.yml")
    write(tmp_path, "services: { db: { image: 'postgres:17' } }", "more.yml")
    write(tmp_path, "COMPOSE_FILE=entry.yml:more.yml\n", ".env")
    project = load_project(tmp_path, {})
    assert [file.name for file in project.files] == ["entry.yml", "more.yml"]
    found = read_services(project)
    assert not broken(check_rules(found, TERMS))
    assert {one.name: one.image for one in found.started}["db"] == "postgres:17"


@pytest.mark.parametrize("word", ["false", "False", "no", "off", "'false'"])
def test_every_word_for_false_makes_a_file_optional(tmp_path: Path, word: str) -> None:
    """`required` takes each word that docker compose takes for false."""
    text = f"{API}, env_file: [{{ path: none.env, required: {word} }}]"
    assert not broken(findings(tmp_path, entry(api01=text)))


@pytest.mark.parametrize(
    ("waits", "profiles", "refused"),
    [
        ("[tool]", "", True),
        ("[tool]", "p", False),
        ("{ tool: { condition: service_started } }", "", True),
        ("{ tool: { condition: service_started, required: false } }", "", False),
    ],
)
def test_a_service_without_its_profile_is_not_there(
    tmp_path: Path, waits: str, profiles: str, refused: bool
) -> None:
    """No service may wait for one that an inactive profile keeps out, unless it is optional."""
    tool = "image: busybox, cpus: 0, mem_limit: 6m, profiles: [p]"
    text = entry(api01=f"{API}, depends_on: {waits}", tool=tool)
    rules = broken(findings(tmp_path, text, COMPOSE_PROFILES=profiles))
    assert any(rule.rule == "refused part" for rule in rules) == refused
