"""Rules that one request can test, as data: bodies and paths that must be refused."""

import json
from collections.abc import Callable
from typing import Any

from loadtest.judging.rulebook import Question, bad_body_questions
from loadtest.wire.request import Address, get, post

REFUSED = (400, 422)
NOBODY = (404,)
ANY_REFUSAL = tuple(range(400, 500))
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"

Fields = Callable[..., dict[str, Any]]


def questions(target: Address, fields: Fields) -> list[Question]:
    """Returns all rules of this kind; none of their requests may add a person."""
    return [*_bad_fields(target, fields), *_bad_bodies(target, fields), *_paths(target)]


# The wrong people of the official run come first.
OFFICIAL: list[tuple[str, dict[str, Any]]] = [
    ("apelido of 35 characters", {"apelido": "a" * 35}),
    ("nome of 120 characters", {"nome": "a" * 120}),
    ("nascimento in month 13", {"nascimento": "1985-13-23"}),
    ("nascimento on February 29 of no leap year", {"nascimento": "1985-02-29"}),
    ("nascimento 12-12-2000 in quotes of its own", {"nascimento": '"12-12-2000"'}),
    ("nascimento null as a word", {"nascimento": "null"}),
    ("an element of stack of 40 characters", {"stack": ["1" * 40]}),
    ("stack is a string", {"stack": "string"}),
    ("stack is a number", {"stack": 1}),
]
OTHERS: list[tuple[str, dict[str, Any]]] = [
    *[
        (f"{field} is {name}", {field: value})
        for field in ("apelido", "nome", "nascimento")
        for name, value in (
            ("null", None),
            ("a number", 1),
            ("true", True),
            ("a list", ["a"]),
            ("an object", {"a": "b"}),
        )
    ],
    ("apelido of 33 characters", {"apelido": "a" * 33}),
    ("apelido of 33 characters of four bytes", {"apelido": "😀" * 33}),
    ("nome of 101 characters", {"nome": "a" * 101}),
    ("nome of 101 accented characters", {"nome": "á" * 101}),
    ("an element of stack of 33 characters", {"stack": ["Go", "a" * 33]}),
    *[
        (f"an element of stack is {name}", {"stack": ["Go", value]})
        for name, value in (("a number", 1), ("null", None), ("true", True), ("a list", ["Go"]))
    ],
    *[
        (f"stack is {name}", {"stack": value})
        for name, value in (("true", True), ("an object", {"Go": 1}))
    ],
    *[
        (f"nascimento is {day!r}", {"nascimento": day})
        for day in (
            *("", "1985-00-23", "1985-09-00", "1985-09-31", "1985-9-3", "85-09-23", "23-09-1985"),
            *("1985/09/23", "19850923", "1985-09-23T00:00:00", "1985-09-23 ", "1985-09-2x"),
        )
    ],
]


def _bad_fields(target: Address, fields: Fields) -> list[Question]:
    asked = [
        Question("fields", rule, _post(target, fields(**changes)), REFUSED, official)
        for cases, official in ((OFFICIAL, True), (OTHERS, False))
        for rule, changes in cases
    ]
    for missing in ("apelido", "nome", "nascimento"):
        whole = fields()
        del whole[missing]
        asked.append(Question("fields", f"{missing} is missing", _post(target, whole), REFUSED))
    return [*asked, Question("fields", "no field at all", _post(target, {}), REFUSED)]


def _post(target: Address, fields: dict[str, Any]) -> bytes:
    return post(target, "/pessoas", json.dumps(fields, ensure_ascii=False).encode())


def _bad_bodies(target: Address, fields: Fields) -> list[Question]:
    good = fields()
    whole = json.dumps(good).encode()
    return bad_body_questions(
        *(target, "/pessoas", good, "stack", REFUSED),
        ("a body that is not JSON", b"apelido=regra&nome=Regra"),
        ("bytes that are not UTF-8", whole.replace(b"Regra", b"\xff\xfe\xe9")),
    )


def _paths(target: Address) -> list[Question]:
    return [
        Question("search", "without t", get(target, "/pessoas"), (400,), official=True),
        Question("ids", "an unknown id", get(target, f"/pessoas/{UNKNOWN_ID}"), NOBODY),
        *[
            Question("ids", f"the id {id_!r}", get(target, f"/pessoas/{id_}"), ANY_REFUSAL)
            for id_ in ("1", "nobody", UNKNOWN_ID[:-1])
        ],
    ]
