"""The API of pessoas as the contract defines it, through nginx and two instances."""

import json
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.help.commands import run
from tests.help.effort import drawn_seed
from tests.help.running import Client, Stack

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ANA = {
    "apelido": "josé",
    "nome": "José Roberto",
    "nascimento": "2000-10-01",
    "stack": ["C#", "Node", "Oracle"],
}


def at_once(stack: Stack, bodies: list[dict[str, Any]]) -> list[int]:
    """Returns the statuses of concurrent posts, each on its own connection."""

    def one(body: dict[str, Any]) -> int:
        client = stack.client()
        try:
            return client("POST", "/pessoas", body).status
        finally:
            client.close()

    with ThreadPoolExecutor(100) as pool:
        return list(pool.map(one, bodies))


def test_a_person_is_added_and_found(people: Client) -> None:
    """A post gives 201 and a Location; the person is found there, by search and in the count."""
    added = people("POST", "/pessoas", ANA)
    assert added.status == 201
    location = added.headers["location"]
    assert re.fullmatch(f"/pessoas/{UUID}", location)
    whole = {"id": location.removeprefix("/pessoas/"), **ANA}
    assert added.json == whole
    found = people("GET", location)
    assert (found.status, found.json) == (200, whole)
    assert list(found.json) == ["id", "apelido", "nome", "nascimento", "stack"]
    assert people("GET", "/pessoas?t=NODE").json == [whole]
    counted = people("GET", "/contagem-pessoas")
    assert (counted.status, counted.body) == (200, b"1")
    assert counted.headers["Content-Type"].startswith("text/plain")
    assert found.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"apelido": None}, 422),
        ({"nome": None}, 422),
        ({"nascimento": None}, 422),
        ({"apelido": "a" * 33}, 422),
        ({"nome": "a" * 101}, 422),
        ({"stack": ["a" * 33]}, 422),
        ({"nascimento": "2000-13-01"}, 422),
        ({"nascimento": "12-12-2000"}, 422),
        ({"nome": 1}, 400),
        ({"apelido": 1}, 400),
        ({"nascimento": 1}, 400),
        ({"stack": [1, "PHP"]}, 400),
        ({"stack": "PHP"}, 400),
        ({"stack": 1}, 400),
    ],
)
def test_a_bad_person_is_refused(people: Client, changes: dict[str, Any], status: int) -> None:
    """A broken rule gives 422, a wrong type 400, with a JSON reason; no person is added."""
    refused = people("POST", "/pessoas", ANA | changes)
    assert (refused.status, list(refused.json)) == (status, ["error"])
    assert "location" not in refused.headers
    assert people.count() == 0


@pytest.mark.parametrize(
    "stack", [None, [], ["C#", "C#", "Go"], ["", '"\\\n', "日本語", "😀" * 32]]
)
def test_a_stack_is_shown_as_it_was_sent(people: Client, stack: list[str] | None) -> None:
    """A stack is shown as sent: null stays null, elements keep their order and repeats."""
    location = people.add("ana", stack=stack).headers["location"]
    assert people("GET", location).json["stack"] == stack
    assert people("GET", "/pessoas?t=ana").json[0]["stack"] == stack


def test_a_stack_that_is_not_sent_is_null(people: Client) -> None:
    """A stack that is not sent is null, and the person is still found by search."""
    people("POST", "/pessoas", {name: ANA[name] for name in ("apelido", "nome", "nascimento")})
    assert people("GET", "/pessoas?t=rob").json[0]["stack"] is None


def test_characters_are_counted_and_not_bytes(people: Client) -> None:
    """Lengths count characters: 32, 100 and 32 of four bytes each fit, and one more does not."""
    whole = people.add("😀" * 32, nome="😀" * 100, stack=["😀" * 32] * 26)
    assert whole.status == 201
    for changes in ({"apelido": "😀" * 33}, {"nome": "😀" * 101}, {"stack": ["😀" * 33]}):
        assert people("POST", "/pessoas", ANA | changes).status == 422


@pytest.mark.parametrize("count", [2, 25, 500])
def test_of_those_who_want_one_apelido_at_once_one_gets_it(
    people: Client, people_stack: Stack, count: int
) -> None:
    """Exactly one of many concurrent posts of an apelido gets 201, and all others get 422."""
    statuses = Counter(at_once(people_stack, [ANA | {"nome": f"n{n}"} for n in range(count)]))
    assert statuses == Counter({201: 1, 422: count - 1})
    assert (people.count(), len(people.search("josé"))) == (1, 1)


def test_many_who_want_many_apelidos_at_once(people: Client, people_stack: Stack) -> None:
    """Five concurrent posts for each of 100 apelidos, in random order: one of the five succeeds."""
    bodies = [ANA | {"apelido": f"quem {number % 100}"} for number in range(500)]
    random.Random(drawn_seed()).shuffle(bodies)
    statuses = Counter(at_once(people_stack, bodies))
    assert statuses == Counter({201: 100, 422: 400})
    assert people.count() == 100


def test_apelidos_are_compared_exactly(people: Client) -> None:
    """Apelidos are compared exactly: Ana, ana and ána are three."""
    apelidos = ("Ana", "ana", "ána", "ana ")
    assert [people.add(one, nome="x").status for one in apelidos] == [201] * 4
    assert people.search("ANA") == ["Ana", "ana", "ana "]


@pytest.mark.parametrize(
    ("termo", "found"),
    [
        ("ana", ["ana", "bia"]),
        ("MARIANA", ["bia"]),
        ("node", ["ana"]),
        ("c#", ["ana", "bia"]),
        ("%", ["ze"]),
        ("_", ["ze"]),
        ("100%", ["ze"]),
        ("0_", []),
        ("s n", ["ana"]),
        ("ana a", []),
        ("c#no", []),
        ('c#","no', []),
        ("null", []),
        ("josé", ["ze"]),
        ("JOSÉ", ["ze"]),
        ("jose", []),
        ("1985", []),
        ("ninguém", []),
    ],
)
def test_a_term_is_found_in_one_word_in_any_case(
    people: Client, termo: str, found: list[str]
) -> None:
    """A term is found within apelido, nome or one element of stack; % and _ are letters."""
    people.add("ana", nome="Santos Neto", stack=["C#", "Node"])
    people.add("bia", nome="Mariana", stack=["C#"])
    people.add("ze", nome="José 100% _", stack=None)
    assert people.search(termo) == found


def test_search_has_at_most_fifty(people: Client) -> None:
    """A search returns at most the first fifty people."""
    for number in range(55):
        people.add(f"p{number}")
    assert people.search("p") == [f"p{number}" for number in range(50)]


@pytest.mark.parametrize(
    "path", ["/pessoas", "/pessoas?", "/pessoas?t", "/pessoas?t=", "/pessoas?x=t"]
)
def test_a_search_for_nothing_is_refused(people: Client, path: str) -> None:
    """A search without t, or with an empty t, gives 400 and a reason."""
    refused = people("GET", path)
    assert refused.status == 400
    assert "t is missing" in refused.json["error"]


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [
        ("t=a%20b", 200, 1),
        ("t=a+b", 200, 1),
        ("t=A%2BB", 200, 1),
        ("t=c%23&x=1", 200, 1),
        ("%74=a%20b", 200, 1),
        ("x=1&t=a+b&t=zzz", 200, 1),
        ("t=%C3%A9", 200, 1),
        ("t=%c3%a9", 200, 1),
        ("t=a%00", 200, 0),
        ("t=%", 200, 1),
        ("t=%zz", 200, 0),
        (f"t={'a' * 3_000}", 200, 0),
        ("t=%FF", 400, 0),
        ("t=%C3", 400, 0),
        ("t=%ED%A0%80", 400, 0),
        (f"t={'a' * 5_000}", 414, 0),
    ],
)
def test_terms_are_read_as_addresses_have_them(
    people: Client, query: str, status: int, count: int
) -> None:
    """A term is URL-decoded, with + as a space; invalid UTF-8 or a long address is refused."""
    people.add("x", nome="a b é a+b %", stack=["C#"])
    answer = people("GET", f"/pessoas?{query}")
    assert answer.status == status
    if status == 200:
        assert len(answer.json) == count
    else:
        assert list(answer.json) == ["error"]


def test_an_id_that_nobody_has_is_a_404(people: Client) -> None:
    """An unknown id gives 404, and so does another spelling of a known id."""
    location = people.add("ana").headers["location"]
    for path in (location[:-1], location.upper(), f"{location}0", "/pessoas/1", f"{location}/"):
        assert people("GET", path.replace("PESSOAS", "pessoas")).status == 404


def test_both_instances_share_one_truth(people: Client, people_stack: Stack) -> None:
    """A person added on one connection is found on all others: by id, by term and in the count."""
    rng = random.Random(drawn_seed())
    others = [people_stack.client() for _ in range(8)]
    for number in range(1, 201):
        apelido = f"{rng.randrange(10**9):09}-{number}"
        location = rng.choice(others).add(apelido).headers["location"]
        assert rng.choice(others)("GET", location).json["apelido"] == apelido
        assert rng.choice(others).search(apelido) == [apelido]
        assert rng.choice(others).count() == number
    answered = [line for line in people_stack.logs() if line["event"] == "started"]
    assert {line["edition"] for line in answered} == {"pessoas"}


def test_reset_forgets_everybody(people: Client, people_stack: Stack) -> None:
    """After a reset both instances are empty, and new people are found."""
    for number in range(100):
        people.add(f"antes {number}")
    people_stack.reset()
    for _ in range(8):
        client = people_stack.client()
        assert (client.count(), client.search("antes")) == (0, [])
        client.close()
    people.add("depois")
    for _ in range(8):
        client = people_stack.client()
        assert (client.search("depois"), client.search("antes")) == (["depois"], [])
        client.close()


@pytest.mark.needs("curl")
def test_curl_without_a_content_type_works(people: Client, people_stack: Stack) -> None:
    """A request by curl, as `make up` shows it, works without a Content-Type header."""
    url = f"http://127.0.0.1:{people_stack.port}/pessoas"
    out = run("curl", "-si", url, "-d", json.dumps(ANA)).out
    assert re.search(f"(?mi)^location: /pessoas/{UUID}$", out)
    out = run("curl", "-s", "-G", url, "--data-urlencode", "t=JOSÉ").out
    assert [one["apelido"] for one in json.loads(out)] == ["josé"]
    out = run("curl", "-s", f"{url}?t=josé").out
    assert "--data-urlencode" in json.loads(out)["error"]
