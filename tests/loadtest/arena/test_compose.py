"""Compose files are read as docker compose reads them."""

import os
from pathlib import Path

import pytest

from loadtest.arena.compose import load_project
from loadtest.arena.nodes import ComposeError
from loadtest.arena.variables import env_file
from tests.loadtest.arena.entries import project, service_of, services, tree, write

ONE = "services: { one: { image: %s } }"


def image(folder: Path, text: str, **environ: str) -> str:
    return services(folder, ONE % f"'{text}'", **environ)["one"].image


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "a"),
        ("${A}", "a"),
        ("x$A.y", "xa.y"),
        ("${A:-d}", "a"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}x", "x"),
        ("${NONE:-d}", "d"),
        ("${NONE-d}", "d"),
        ("${NONE:-}x", "x"),
        ("${NONE:-${A}}", "a"),
        ("${NONE:-${NONE:-${A}b}c}d", "abcd"),
        ("${A:?needed}", "a"),
        ("${A?needed}", "a"),
        ("${EMPTY?needed}x", "x"),
        ("${A:+other}", "other"),
        ("${EMPTY:+other}x", "x"),
        ("${EMPTY+other}", "other"),
        ("${NONE+other}x", "x"),
        ("${NONE}x", "x"),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("$A$A", "aa"),
        ("${NONE:-a-b:c?d}", "a-b:c?d"),
        ("$", "$"),
        ("a $ b$", "a $ b$"),
        ("$1 $(A) $-", "$1 $(A) $-"),
        ("\\$A", "\\a"),
        ("${NONE:-$}", "$"),
    ],
)
def test_variables_are_replaced(tmp_path: Path, text: str, expected: str) -> None:
    """Each form of a variable has the value that docker compose gives it."""
    assert image(tmp_path, text, A="a", EMPTY="") == expected


@pytest.mark.parametrize(
    "text", ["${", "${}", "${A", "${1}", "${A!x}", "${A:x}", "a ${ b", "${NONE:-${}}", "${A }"]
)
def test_an_invalid_variable_is_refused(tmp_path: Path, text: str) -> None:
    """A dollar sign and a brace that begin no variable are refused, with their line."""
    with pytest.raises(ComposeError, match=r"docker-compose.yml:1: no valid variable"):
        image(tmp_path, text, A="a")


@pytest.mark.parametrize("text", ["${NONE:?give it}", "${NONE?give it}", "${EMPTY:?give it}"])
def test_a_required_variable_is_asked_for(tmp_path: Path, text: str) -> None:
    """A required variable without a value is refused with the text of the file."""
    with pytest.raises(ComposeError, match=r":1: the variable \w+ is required: give it"):
        image(tmp_path, text, EMPTY="")


def test_unset_variables_are_noted_once(tmp_path: Path) -> None:
    """A variable that is not set counts as empty, and is noted with its first line."""
    text = "x-a: $NONE\nservices: { one: { image: 'i$NONE' } }"
    assert project(tmp_path, text).notes == [
        "docker-compose.yml:1: the variable NONE is not set: it counts as empty"
    ]


def test_the_environment_comes_before_the_env_file(tmp_path: Path) -> None:
    """Variables come from the `.env` beside the file, and the environment overrides it."""
    write(tmp_path, "A=file\nB=file\n", ".env")
    assert image(tmp_path, "$A $B", A="environment") == "environment file"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", "1"),
        ("  A = 1  ", "1"),
        ("export A=1", "1"),
        ("A: 1", "1"),
        ("A=1 # one", "1"),
        ("A=#1", ""),
        ("A=1#2", "1#2"),
        ("A='1 # $B'", "1 # $B"),
        ('A="1 # $B"', "1 # b"),
        ("A=$B", "b"),
        ("A=${C:-d}", "d"),
        ("B2=2\nA=$B2", "2"),
        ('A="1\n2"', "1\n2"),
        ('A="1\\n2"', "1\n2"),
        ("A='it\\'s'", "it\\'s"),
        ("A=", ""),
        ("# A=2\n\nA=1\r\n", "1"),
        ("\ufeffA=1", "1"),
    ],
)
def test_env_files_have_their_own_syntax(tmp_path: Path, text: str, expected: str) -> None:
    """Quotes, comments, `export` and variables of a `.env` file are read as docker compose does."""
    assert env_file(write(tmp_path, text, ".env"), {"B": "b"})["A"] == expected


def test_variables_that_double_each_other_are_bounded(tmp_path: Path) -> None:
    """Variables that double each other are refused before they fill the memory."""
    lines = ["A0=xxxxxxxxxx", *(f"A{n + 1}=$A{n}$A{n}" for n in range(60))]
    write(tmp_path, "\n".join(lines), ".env")
    with pytest.raises(ComposeError, match="characters"):
        image(tmp_path, "$A60")


def test_a_folder_is_searched_in_dockers_order(tmp_path: Path) -> None:
    """compose.yaml comes first, and the other files of the folder are noted."""
    for number, name in enumerate(("docker-compose.yaml", "docker-compose.yml", "compose.yaml")):
        write(tmp_path, ONE % f"i{number}", name)
    found = load_project(tmp_path, {})
    assert found.files == [tmp_path / "compose.yaml"]
    assert found.notes == [
        "docker compose reads compose.yaml, and not docker-compose.yml, docker-compose.yaml"
    ]


def test_an_override_file_is_merged(tmp_path: Path) -> None:
    """The override file of a folder is merged in; of a file that is given by name, it is not."""
    path = write(tmp_path, "services: { one: { image: a, ports: ['1:1'], cpus: 1 } }")
    text = "services: { one: { image: b, ports: ['2:2'] }, two: { image: c } }"
    write(tmp_path, text, "docker-compose.override.yml")
    whole = load_project(tmp_path, {})
    assert [one.name for one in whole.files] == [path.name, "docker-compose.override.yml"]
    one = whole.tree.mapping_or_empty("services").mapping_or_empty("one")
    assert one.text("image") == "b"
    assert len(one.items("ports")) == 2
    assert one.text("cpus") == "1"
    assert len(load_project(path, {}).files) == 1


EXTENDS = """
services:
  base:
    image: base
    cpus: 0.5
    ports: ["1:1"]
    deploy: { resources: { limits: { memory: 100MB, pids: 5 } } }
  middle:
    extends: base
    deploy: { resources: { limits: { memory: 200MB } } }
"""


def test_extends_follows_files_and_chains(tmp_path: Path) -> None:
    """A service has the keys of all that it extends; its own come first, lists are joined."""
    write(tmp_path, EXTENDS, "common/base.yml")
    text = """
services:
  one:
    extends: { file: common/base.yml, service: middle }
    image: own
    ports: ["2:2"]
"""
    one = services(tmp_path, text)["one"]
    assert (one.image, str(one.cpu.amount), one.memory.text) == ("own", "0.5", "200MB")
    assert [str(port) for port in one.ports] == ["1", "2"]
    assert str(one.place) == "docker-compose.yml:3"
    assert str(one.memory.place) == "base.yml:10"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("services: { one: { extends: one, image: i } }", "in a circle"),
        ("services: { one: { extends: two }, two: { extends: one } }", "in a circle"),
        ("services: { one: { extends: three } }", "no service three"),
        ("services: { one: { extends: { file: none.yml, service: a } } }", "No such file"),
        ("services: { one: { extends: { file: docker-compose.yml } } }", "needs a service"),
        ("services: { one: { extends: [two] } }", "a name or a mapping"),
        ("include: [docker-compose.yml]\nservices: { one: { image: i } }", "in a circle"),
        ("include: [none.yml]\nservices: { one: { image: i } }", "No such file"),
        ("include: none.yml\nservices: { one: { image: i } }", "wants a list"),
    ],
)
def test_references_that_lead_nowhere_are_refused(tmp_path: Path, text: str, fault: str) -> None:
    """Circles, and names and files that do not exist, are refused in one sentence."""
    with pytest.raises(ComposeError, match=fault):
        project(tmp_path, text)


def test_included_files_have_their_own_variables(tmp_path: Path) -> None:
    """An included file adds its services, with the variables of its own folder."""
    write(tmp_path, ONE.replace("one", "two") % "i$A", "part/compose.yml")
    write(tmp_path, "A=1", "part/.env")
    text = f"include:\n  - part/compose.yml\n{ONE}" % "i"
    assert {name: one.image for name, one in services(tmp_path, text).items()} == {
        "one": "i",
        "two": "i1",
    }


def test_what_is_on_other_machines_is_noted(tmp_path: Path) -> None:
    """Files on other machines are not read, and a note says so."""
    text = """
include: ["https://example.org/repo.git"]
services: { one: { image: i, extends: { file: "oci://example.org/x", service: a } } }
"""
    assert len(project(tmp_path, text).notes) == 2


def test_merge_keys_keep_explicit_values(tmp_path: Path) -> None:
    """`<<` adds the keys that a mapping lacks; of several mappings the first comes first."""
    text = """
x-a: &a { image: a, cpus: 0.1 }
x-b: &b { image: b, cpus: 0.2, mem_limit: 20m }
services:
  one: { <<: [*a, *b], mem_limit: 30m }
  two:
    image: own
    <<: *b
"""
    found = services(tmp_path, text)
    one, two = found["one"], found["two"]
    assert (one.image, one.cpu.text, one.memory.text) == ("a", "0.1", "30m")
    assert (two.image, two.cpu.text, two.memory.text) == ("own", "0.2", "20m")


def test_an_anchor_may_be_defined_again(tmp_path: Path) -> None:
    """An alias means the anchor that was defined last before it."""
    text = "x-a: &a one\nx-b: &a two\nservices: { one: { image: *a } }"
    assert services(tmp_path, text)["one"].image == "two"


def test_documents_of_one_file_are_merged(tmp_path: Path) -> None:
    """A later document of a file overrides an earlier one."""
    text = f"{ONE % 'a'}\n---\n{service_of('cpus: 1')}"
    assert services(tmp_path, text)["one"].image == "i"


def test_tags_reset_and_override(tmp_path: Path) -> None:
    """`!reset` removes a value of an earlier file, and `!override` replaces it."""
    write(tmp_path, "services: { one: { image: a, cpus: 1, ports: ['1:1'] } }")
    text = "services: { one: { cpus: !reset null, ports: !override ['2:2'] } }"
    write(tmp_path, text, "docker-compose.override.yml")
    one = load_project(tmp_path, {}).tree.mapping_or_empty("services").mapping_or_empty("one")
    assert one.get("cpus") is None
    assert len(one.items("ports")) == 1


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("profiles: [tests]", {}, []),
        ("profiles: [tests]", {"COMPOSE_PROFILES": "a, tests"}, ["one"]),
        ("profiles: [tests]", {"COMPOSE_PROFILES": "*"}, ["one"]),
        ("profiles: []", {}, ["one"]),
        ("deploy: { replicas: 0 }", {}, []),
        ("scale: 0", {}, []),
        ("deploy: { replicas: 0, mode: global }", {}, ["one"]),
    ],
)
def test_only_some_services_start(
    tmp_path: Path, text: str, environ: dict[str, str], expected: list[str]
) -> None:
    """Services behind an inactive profile, and those of no replicas, do not start."""
    assert list(services(tmp_path, service_of(text), **environ)) == expected


def test_keys_keep_their_lines(tmp_path: Path) -> None:
    """Each value has its line, in files with CRLF and a byte order mark too."""
    text = "\ufeff# one\r\nservices:\r\n  one:\r\n    image: i\r\n    cpus: 0.5\r\n"
    one = services(tmp_path, text)["one"]
    assert (one.place.line, one.cpu.place and one.cpu.place.line) == (3, 5)
    assert tree(tmp_path, text.encode("utf-16")).entries["services"].place.line == 2


def test_names_of_files_may_be_any(tmp_path: Path) -> None:
    """A file's name may hold bytes that are no text."""
    folder = tmp_path / os.fsdecode(b"\xff")
    assert services(folder, ONE % "i")["one"].image == "i"
