"""Random people and search terms by the published rules; the same seed repeats them."""

import json
import string
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from loadtest.pessoas.contract import Pessoa, broken_rule, pessoa_of

LETTERS = string.ascii_letters
WORDS = string.ascii_letters + " "
STACK = (
    *("Javascript", "Python", "Go", "Java", "Kotlin", "PHP", "C#", "Swift", "R", "Ruby", "C"),
    *("C++", "Matlab", "TypeScript", "Scala", "SQL", "HTML", "CSS", "NoSQL", "Rust", "Perl"),
    *("C#", "Clojure", "MySQL", "Postgres"),
)
# A field breaks its rule once in so many people, and the stack is null once in so many.
BAD_ONE_OF = 99
NULL_ONE_OF = 14
# The published script writes JSON into JSON, which leaves quotes inside these strings.
BAD_DAYS = ('"12-12-2000"', "null", "10", '"?!?!?"')
BAD_STACKS: tuple[object, ...] = (["1" * 40], "string", 1)


class Payload(NamedTuple):
    """A body with its person, or with the rule that it breaks and no person."""

    body: bytes
    pessoa: Pessoa | None
    broken: str


def payload_of(fields: dict[str, Any]) -> Payload:
    broken = broken_rule(fields)
    return Payload(json.dumps(fields).encode(), None if broken else pessoa_of(fields), broken)


def payloads(seed: int) -> Iterator[Payload]:
    """Yields random people without end."""
    random = Random(f"payloads {seed}")
    while True:
        yield payload_of(_fields(random))


def termos(seed: int) -> Iterator[str]:
    """Yields search terms of 1 to 50 letters and spaces, without end."""
    random = Random(f"termos {seed}")
    while True:
        yield _text(random, WORDS, 50).strip() or "x"


def _fields(random: Random) -> dict[str, Any]:
    return {
        "apelido": _exactly(random, LETTERS, 35) if _bad(random) else _text(random, LETTERS, 32),
        "nome": _exactly(random, WORDS, 120) if _bad(random) else _text(random, WORDS, 100),
        "nascimento": random.choice(BAD_DAYS) if _bad(random) else _nascimento(random),
        "stack": random.choice(BAD_STACKS) if _bad(random) else _stack(random),
    }


def _bad(random: Random) -> bool:
    return random.randrange(BAD_ONE_OF) == 0


def _text(random: Random, letters: str, most: int) -> str:
    return _exactly(random, letters, random.randint(1, most))


def _exactly(random: Random, letters: str, length: int) -> str:
    return "".join(random.choices(letters, k=length))


def _nascimento(random: Random) -> str:
    """Returns a random day; as in the published rules, the month may be 13."""
    year, month, day = random.randint(1940, 2020), random.randint(1, 13), random.randint(1, 29)
    return f"{year}-{month:02}-{day:02}"


def _stack(random: Random) -> list[str] | None:
    if random.randrange(NULL_ONE_OF) == 0:
        return None
    return random.choices(STACK, k=random.randint(1, len(STACK) + 1))
