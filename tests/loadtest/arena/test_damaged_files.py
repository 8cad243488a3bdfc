"""No file, whatever its bytes, ends the arena's rules with a traceback or without an end."""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from loadtest.arena.nodes import ComposeError
from loadtest.commands.main import run
from loadtest.limits import COMPOSE_BYTES_MAX
from loadtest.report.data import Rule
from tests.help.effort import drawn_seed, effort
from tests.loadtest.arena.entries import entry, findings, project, service_of, write
from tests.loadtest.command import ROOT

# Files that are refused, each with a part of the sentence that says why.
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "only a comment": (b"# nothing\n", "is empty"),
    "null": (b"null", "is empty"),
    "a text": (b"hello", "is a single value"),
    "a list": (b"- services", "is a list"),
    "no services": (b"version: '3'", "has no services"),
    "services as a list": (b"services: [one]", ":1: services is a list"),
    "a service as a list": (b"services: { one: [image] }", ":1: one is a list"),
    "deploy as a text": (service_of("deploy: x").encode(), "deploy is a single value"),
    "limits as a list": (
        service_of("deploy: { resources: { limits: [cpus] } }").encode(),
        "limits is a list",
    ),
    "a limit as a mapping": (service_of("cpus: { a: 1 }").encode(), "cpus is a mapping"),
    "ports as a text": (service_of("ports: '9999:9999'").encode(), "ports is a single value"),
    "a volume as a list": (service_of("volumes: [[a]]").encode(), "a volume is a list"),
    "replicas as a text": (service_of("scale: two").encode(), "no number of replicas"),
    "too many replicas": (service_of("scale: 99999999999").encode(), "no number of replicas"),
    "a tab": (b"services:\n\tone: {}", ":2: no valid YAML"),
    "an open quote": (b"services: { one: { image: 'i } }", ":1: no valid YAML"),
    "a key twice": (b"services:\n  one: {}\n  one: {}\n", ":3: one is defined twice, first at"),
    "a key that is a list": (b"[a]: b", ":1: a key is a list"),
    "no such anchor": (b"services: *one", ":1: there is no anchor 'one'"),
    "an anchor within itself": (b"services: &a { one: *a }", ":1: anchor 'a' contains itself"),
    "a merged text": (b"services: { one: { <<: text } }", ":1: << takes a mapping"),
    "a second merge key": (b"a: &a {}\nb: { <<: *a, <<: *a }", ":2: a second <<"),
    "no UTF-8": (b"services: { one: { image: '\xff' } }", "is not UTF-8 text"),
    "zero bytes": (bytes(100), "no valid YAML"),
    "an executable": (b"\x7fELF\x02\x01\x01" + bytes(range(256)), "is not UTF-8 text"),
    "half of UTF-16": (b"\xff\xfea", "is not UTF-8 text"),
    "a letter beyond Unicode": (b'services: "\\UFFFFFFFF"', "no valid YAML"),
    "a version beyond numbers": (b"%YAML 1." + b"9" * 5_000 + b"\n--- a", "no valid YAML"),
    "deep lists": (b"services: " + b"[" * 50_000, "nested more than"),
    "deep mappings": (b"services: " + b"{a: " * 50_000, "nested more than"),
    "deep defaults": (b"services: '" + b"${A:-" * 5_000 + b"}" * 5_000 + b"'", "nested more than"),
    "too large": (b"#" * (COMPOSE_BYTES_MAX + 1), "is larger than"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_damaged_file_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    """A file that docker compose cannot read gives one line with place and reason, and code 2."""
    data, reason = REFUSED[fault]
    path = write(tmp_path, data)
    assert run(["arena", "--rules-only", str(path)]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("loadtest: ")
    assert path.name in err
    assert reason in err


WRONG: dict[str, Callable[[Path], object]] = {
    "missing": lambda _: None,
    "a folder without a file": lambda path: path.mkdir(),
    "a loop": lambda path: path.symlink_to(path),
    "unreadable": lambda path: path.symlink_to("/proc/self/mem"),
    "a pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
}


# docker compose reads an `.env` only if it is a file.
@pytest.mark.parametrize(
    ("name", "wrong"), [*(("docker-compose.yml", wrong) for wrong in WRONG), (".env", "unreadable")]
)
def test_a_wrong_path_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, wrong: str
) -> None:
    """A path that is no file gives one line, as the compose file and as its `.env`."""
    write(tmp_path, entry())
    path = tmp_path / name
    path.unlink(missing_ok=True)
    WRONG[wrong](path)
    asked = tmp_path if name == ".env" else path
    assert run(["arena", "--rules-only", str(asked)]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert str(path) in err


def test_a_name_that_no_file_can_have_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """A name that is too long gives one line."""
    assert run(["arena", "--rules-only", "x" * 5_000]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_without_pyyaml_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without PyYAML, one line says how to install it."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    write(tmp_path, entry())
    assert run(["arena", "--rules-only", str(tmp_path)]) == 2
    assert "pip install rinha-loadtest" in capfd.readouterr().err


def laughs(inner: str, outer: str, joined: str = "{0}, {0}") -> str:
    """Returns anchors of which each holds the one before twice: 2^40 in all."""
    lines = [f"x-0: &a0 {inner}"]
    for n in range(40):
        content = joined.format(f"*a{n}")
        lines.append(f"x-{n + 1}: &a{n + 1} {outer[0]}{content}{outer[1]}")
    return "\n".join([*lines, "services: { one: { image: i, ports: *a40 } }"])


@pytest.mark.parametrize(
    "text",
    [
        laughs("['1:1']", "[]"),
        laughs("{ a: b }", "{}", "a: {0}, b: {0}"),
        laughs("{ a: b }", "{}", "a: {0}, b: {0}").replace("ports:", "<<:"),
    ],
)
def test_aliases_that_double_each_other_are_not_copied(tmp_path: Path, text: str) -> None:
    """Aliases that stand for a million million values are read at once, and merged at once."""
    write(tmp_path, text.replace("services:", "services: &s").replace("\n\n", "\n"))
    write(tmp_path, text, "docker-compose.override.yml")
    run(["arena", "--rules-only", str(tmp_path)])


def test_merge_keys_are_bounded(tmp_path: Path) -> None:
    """Merge keys that add millions of keys are refused."""
    keys = ", ".join(f"k{n}: {n}" for n in range(2_000))
    merges = "\n".join(f"m{n}: {{ <<: *a }}" for n in range(2_000))
    with pytest.raises(ComposeError, match="<< adds over"):
        project(tmp_path, f"x: &a {{ {keys} }}\n{merges}")


MANY_PORTS = f"image: i, ports: [{', '.join(['1'] * 20_000)}]"
# Files that stand for far more than their bytes, each with a part of the refusal.
MULTIPLIED = {
    "aliases": (
        f"x: &a {{ {MANY_PORTS} }}\nservices: {{ {', '.join(f's{n}: *a' for n in range(11))} }}",
        "values by aliases or extends",
    ),
    "extends": (
        f"services:\n  s: {{ {MANY_PORTS} }}\n"
        + "".join(f"  s{n}: {{ extends: s, ports: [2] }}\n" for n in range(11)),
        "values by aliases or extends",
    ),
    "variables": (f"x: [{', '.join(['$A'] * 20)}]\n{service_of('')}", "characters in all"),
    "services": (
        "services:\n" + "".join(f"  s{n}: {{ image: i }}\n" for n in range(1_001)),
        "over 1,000 services",
    ),
    "includes": (f"include: [{', '.join(['x'] * 33)}]\n{service_of('')}", "over 32 files"),
}


@pytest.mark.parametrize("fault", MULTIPLIED)
def test_what_a_file_multiplies_is_bounded(tmp_path: Path, fault: str) -> None:
    """A small file that stands for very many values, services or files is refused at once."""
    text, reason = MULTIPLIED[fault]
    write(tmp_path, "services: { x: { image: i } }", "x")
    with pytest.raises(ComposeError, match=reason):
        findings(tmp_path, text, A="x" * 60_000)


def test_a_long_env_file_is_read_in_time(tmp_path: Path) -> None:
    """The time for an `.env` grows with its lines, and not with their square."""
    write(tmp_path, "A=\n" * 80_000, ".env")
    began_s = process_time()
    findings(tmp_path, entry())
    assert process_time() - began_s < 5


PIECES = (
    *("*a", "&a ", "<<: *a", "<<: [*a, *a]", "${X:-", "${X}", "$", "$$", "}", "{", "[", "]", ":"),
    *("- ", "? ", "| ", "> ", "---\n", "...\n", "!reset null", "!override ", "!!str ", "\t", "'"),
    *('"', "#", "\r\n", "\x00", "\x85", "\ufeff", "é", "null", "~", "-1", "0", "9999:9999", "1e9"),
    *("extends: api01", "extends: {service: db, file: docker-compose.yml}", "include: [x]"),
    *("profiles: [a]", "scale: 3", "network_mode: host", "privileged: true", "cpus: .5", "tmpfs:"),
)


def damaged(text: str, rng: random.Random) -> str:
    """Returns a file with a few of its lines, words or letters changed."""
    for _ in range(rng.randint(1, 4)):
        lines = text.splitlines(keepends=True) or [""]
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        line, piece = lines[at], rng.choice(PIECES)
        position = rng.randint(0, len(line))
        change = rng.randrange(7)
        if change == 0:
            lines[at] = line[:position] + piece + line[position:]
        elif change == 1:
            lines[at] = line[:position] + line[position + rng.randint(1, 8) :]
        elif change == 2:
            del lines[at]
        elif change == 3:
            lines.insert(other, line)
        elif change == 4:
            lines[at] = " " * rng.randint(0, 8) + line.lstrip()
        elif change == 5:
            lines[at] = line.partition(":")[0] + ": " + piece + "\n"
        else:
            lines[at], lines[other] = lines[other], line
        text = "".join(lines)
    return text


def test_random_damage_gives_rules_or_one_sentence(tmp_path: Path) -> None:
    """A file with random damage has its rules checked, or is refused with its name."""
    rng = random.Random(drawn_seed())
    texts = [entry(), (ROOT / "docker-compose.yml").read_text()]
    write(tmp_path, "services: { x: { image: i } }", "x")
    refused = 0
    for _ in range(effort(300, 3_000, 3_000)):
        text = damaged(rng.choice(texts), rng)
        found, refusal = outcome(tmp_path, text.encode(errors="surrogatepass"))
        refused += refusal is not None
        assert found or ".yml" in str(refusal) or "x:" in str(refusal), text
    assert refused


def outcome(folder: Path, data: bytes) -> tuple[list[Rule], ComposeError | None]:
    """Returns the rules of a file, or the error message that refuses it."""
    try:
        return findings(folder, data).rules, None
    except ComposeError as error:
        return [], error
