"""The search in memory finds what a plain scan of all people finds."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rinha.pessoas.limits import BLOCK_ROWS, SEARCH_ROWS, SHARED_ELEMENTS_MAX
from rinha.pessoas.search import Words, _trigrams
from tests.help.effort import drawn_seed, effort

Person = tuple[str, str, list[str]]


def filled(people: list[Person]) -> Words:
    words = Words()
    for numero, (apelido, nome, stack) in enumerate(people, 1):
        words.add(numero, apelido, nome, stack)
    return words


def plainly(people: list[Person], termo: str) -> list[int]:
    """Returns the rows that the rule demands, by a plain scan."""
    sought = termo.casefold()
    found = [
        numero
        for numero, (apelido, nome, stack) in enumerate(people, 1)
        if any(sought in word.casefold() for word in (apelido, nome, *stack))
    ]
    return found[:SEARCH_ROWS]


def person(apelido: str = "ana", nome: str = "Ana Barbosa", *stack: str) -> Person:
    return apelido, nome, list(stack)


@pytest.mark.parametrize(
    ("termo", "is_found"),
    [
        *[
            (termo, True)
            for termo in (
                *("ana", "ANA", "na Bar", "a", " ", "node", "DE", "c#", "%_", "_"),
                *("josé", "JOSÉ", "STRASSE", "straße", "ΣΊΣΥΦΟΣ", "日本", "😀", "\\", "a\x00b"),
            )
        ],
        *[
            (termo, False)
            for termo in (
                *("jose", "anaana", "anaAna", "barbosac", "c#node", "%a", "n_a", "x", "😃"),
                *("a\xff", "\xff", "\xfe", "\ufffd", "na Bar ", "null", '"', ","),
            )
        ],
    ],
)
def test_a_contained_term_is_found_in_any_case(termo: str, is_found: bool) -> None:
    """A term is found within one word, with Unicode's case folding; % and _ are letters."""
    words = filled(
        [
            person("ana", "Ana Barbosa", "C#", "Node", "%_"),
            person("José", "Straße", "Σίσυφος", "日本語", "😀😀", "\\", "a\x00b"),
        ]
    )
    assert bool(words.find(termo)) == is_found


def test_the_first_rows_come_in_the_order_of_their_numbers() -> None:
    """A search returns at most SEARCH_ROWS rows, each once, in the order of their numbers."""
    people = [person("ana", "ana ana", "ana", "Ana")] * (3 * BLOCK_ROWS)
    assert filled(people).find("ana") == list(range(1, SEARCH_ROWS + 1))
    assert filled(people[: SEARCH_ROWS - 1]).find("ana") == list(range(1, SEARCH_ROWS))


@pytest.mark.parametrize(
    "count", [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 5 * BLOCK_ROWS]
)
def test_a_block_is_searched_as_what_stands_behind_it(count: int) -> None:
    """The newest person is found, whether a block ends or begins with that person."""
    people = [person(f"quem{number}", "outra") for number in range(count)]
    words = filled([*people, person("agulha", "no palheiro", "Erlang")])
    for termo in ("agulha", "palheiro", "ERLANG", "lang", "gul", "gu"):
        assert words.find(termo) == [count + 1]
    assert words.find("agulhas") == []


def test_many_people_are_found_as_by_a_plain_look() -> None:
    """The search agrees with a plain scan, for thousands of random people and terms."""
    rng = random.Random(drawn_seed())
    letters = string.ascii_letters + " "

    def text(most: int) -> str:
        return "".join(rng.choices(letters, k=rng.randint(1, most)))

    people = [
        person(text(32), text(100), *rng.choices(("Python", "C++", "Go"), k=rng.randint(0, 9)))
        for _ in range(effort(2_000, 10_000, 30_000))
    ]
    words = filled(people)
    for _ in range(300):
        apelido, nome, _ = rng.choice(people)
        of = rng.choice((apelido, nome))
        start = rng.randrange(len(of))
        for termo in (of[start : start + rng.randint(1, 20)].swapcase(), text(6)):
            assert words.find(termo) == plainly(people, termo), repr(termo)


def test_elements_are_found_whether_kept_once_or_beside_their_people() -> None:
    """More elements than the shared limit are all found, in the order of the people."""
    rng = random.Random(drawn_seed())
    elements = [f"lang{number}x" for number in range(2 * SHARED_ELEMENTS_MAX)]
    names = ("lang", "Lang7x", "outra")
    people = [
        person(f"a{number}", rng.choice(names), *rng.sample(elements, 4))
        for number in range(effort(1_000, 4_000, 10_000))
    ]
    words = filled(people)
    for termo in ("lang", "LANG", "lang7", "7x", "7", "x", *rng.sample(elements, 50)):
        assert words.find(termo) == plainly(people, termo), termo


texts = st.text(st.sampled_from("aAbBß İı\x00é😀%_\\\"',#"), max_size=6)
persons = st.tuples(texts, texts, st.lists(texts, max_size=3))


@given(st.lists(persons, max_size=200), st.lists(texts.filter(bool), min_size=1, max_size=10))
def test_any_text_is_found_as_by_a_plain_look(people: list[Person], terms: list[str]) -> None:
    """The search agrees with a plain scan, for letters of odd folding or of several bytes."""
    words = filled(people)
    for termo in terms:
        assert words.find(termo) == plainly(people, termo)


@given(st.binary(min_size=3, max_size=300))
def test_every_trigram_has_its_number_wherever_it_stands(data: bytes) -> None:
    """A trigram has the same number at any place in the data."""
    numbers = list(_trigrams(data))
    assert len(numbers) == len(data) - 2
    for place, number in enumerate(numbers):
        assert [number] == list(_trigrams(data[place : place + 3]))
