"""Rules about the search: the people that a term finds, and those it does not."""

from urllib.parse import quote

from loadtest.judging.rulebook import Weight
from loadtest.pessoas.contract import ROWS_MAX
from loadtest.pessoas.rules.suite import Suite, found_text
from loadtest.wire.request import CHECK, Request, get


def ask_searches(suite: Suite, *, strict: bool) -> None:
    suite.begin("search", Weight.OFFICIAL)
    text, found = suite.found(suite.tag())
    suite.add("a term without a match", "200 and an empty list", text, found == [])
    if strict:
        _ask_texts(suite)
        _ask_most(suite)


def _ask_texts(suite: Suite) -> None:
    """Checks searches for four people whose texts hold a random tag of their own."""
    suite.begin("search", Weight.DATA)
    tag = suite.tag()
    low, high = tag.lower(), tag.upper()
    people = {
        "a": suite.fields(apelido=f"a {tag}", nome="Nada", stack=["C#", "Node"]),
        "b": suite.fields(apelido=suite.tag(), nome=f"De {tag} Sá", stack=None),
        "c": suite.fields(apelido=suite.tag(), nome="Nada", stack=["Go", f"{tag} Script"]),
        "d": suite.fields(apelido=f"d{tag[:6]}", nome=f"{tag[6:]}%_é", stack=[tag[:4], tag[4:]]),
    }
    for fields in people.values():
        suite.add_person(fields)
    odd = f"{tag[6:]}%_é"
    # A rule, a term, and the letters of the people whom the term finds.
    searches = [
        ("in apelido", f"a {tag}", "a"),
        ("in nome", f"De {tag}", "b"),
        ("in an element of stack", f"{tag} Script", "c"),
        ("in the middle of a text", tag[1:-1], "abc"),
        ("in lower case", low, "abc"),
        ("in upper case", high, "abc"),
        ("a person whose stack is null", f"{tag} Sá", "b"),
        ("an accent, as it is", odd, "d"),
        ("an accent in upper case", f"{tag[6:]}%_É", "d"),
        ("% is a letter", f"{tag[:3]}%{tag[5:]}", ""),
        ("_ is a letter", f"{tag[:3]}_{tag[4:]}", ""),
        ("not across apelido and nome", f"d{tag}", ""),
        ("not across nome and stack", f"_é{tag[:4]}", ""),
        ("not across two elements of stack", f"Node{low}", ""),
        ("not across the ends of two elements", f"o{tag} s", ""),
    ]
    for rule, termo, who in searches:
        expected = sorted(people[letter]["apelido"] for letter in who)
        text, found = suite.found(termo)
        passed = found is not None and sorted(found) == expected
        suite.add(rule, found_text(expected), text, passed)
    _ask_spelling(suite, tag)


def _ask_spelling(suite: Suite, tag: str) -> None:
    """Checks that escapes in the URL are decoded."""
    escaped = "".join(f"%{byte:02X}" for byte in tag.encode())
    answer = suite.ask(Request(CHECK, get(suite.target, f"/pessoas?t={escaped}")))
    plain = suite.ask(Request(CHECK, get(suite.target, f"/pessoas?t={quote(tag)}")))
    same = answer.code == 200 and answer.body == plain.body
    suite.add("every letter escaped", "the same as without", str(answer), same)


def _ask_most(suite: Suite) -> None:
    suite.begin("search", Weight.DATA)
    tag = suite.tag()
    for number in range(ROWS_MAX + 5):
        suite.add_person(suite.fields(apelido=f"{tag}{number}"))
    text, found = suite.found(tag)
    passed = found is not None and len(found) == len(set(found)) == ROWS_MAX
    rule = f"of {ROWS_MAX + 5} people not more than {ROWS_MAX}, nor fewer"
    suite.add(rule, f"200, {ROWS_MAX} people", text, passed)
