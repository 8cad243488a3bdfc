"""Rules that one request can test, as data: bodies, paths and allowed statuses."""

import json

from loadtest.crebitos.contract import BAD_FIELDS, CLIENTE_DESCONHECIDO
from loadtest.judging.rulebook import Question, bad_body_questions
from loadtest.wire.request import Address, get, post

BAD_FIELD = (400, 422)
NO_CLIENTE = (404,)
ANY_REFUSAL = tuple(range(400, 500))

PATH = "/clientes/1/transacoes"
GOOD = {"valor": 1, "tipo": "c", "descricao": "regra"}


def questions(target: Address) -> list[Question]:
    """Returns all rules of this kind; none of their requests may change the ledger."""
    return [*_bad_fields(target), *_bad_bodies(target), *_unknown_clientes(target)]


_BAD_VALORES: list[tuple[str, object]] = [
    ("zero", 0),
    ("negative", -1),
    ("a fraction", 1.5),
    ("a string", "1"),
    ("true", True),
    ("false", False),
    ("null", None),
    ("a list", [1]),
    ("an object", {"valor": 1}),
]
_BAD_TIPOS: list[tuple[str, object]] = [
    ("an upper-case letter", "C"),
    ("empty", ""),
    ("both letters", "cd"),
    ("a letter with a space", "d "),
    ("null", None),
    ("a number", 1),
    ("true", True),
    ("a list", ["c"]),
]
_BAD_DESCRICOES: list[tuple[str, object]] = [
    ("of 11 characters", "elevenchars"),
    ("of 11 non-ASCII characters", "á" * 11),
    ("a number", 123),
    ("true", True),
    ("a list", ["a"]),
    ("an object", {}),
]


def _bad_fields(target: Address) -> list[Question]:
    cases: list[tuple[str, dict[str, object]]] = [
        *[(f"valor is {name}", {**GOOD, "valor": value}) for name, value in _BAD_VALORES],
        ("valor is a debit of 10^30", {**GOOD, "tipo": "d", "valor": 10**30}),
        ("valor is a debit of 2^63", {**GOOD, "tipo": "d", "valor": 2**63}),
        *[(f"tipo is {name}", {**GOOD, "tipo": value}) for name, value in _BAD_TIPOS],
        *[(f"descricao is {name}", {**GOOD, "descricao": v}) for name, v in _BAD_DESCRICOES],
        *[(f"{field} is missing", _without(field)) for field in GOOD],
        ("no field at all", {}),
    ]
    asked = [
        Question("fields", rule, _post(target, fields), BAD_FIELD, official=True)
        for rule, fields in BAD_FIELDS.items()
    ]
    return asked + [
        Question("fields", rule, _post(target, body), BAD_FIELD) for rule, body in cases
    ]


def _without(field: str) -> dict[str, object]:
    return {name: value for name, value in GOOD.items() if name != field}


def _post(target: Address, fields: dict[str, object]) -> bytes:
    return post(target, PATH, json.dumps(fields).encode())


def _bad_bodies(target: Address) -> list[Question]:
    whole = json.dumps(GOOD).encode()
    return bad_body_questions(
        *(target, PATH, GOOD, "valor", BAD_FIELD),
        ("a body that is not JSON", b"valor=1&tipo=c&descricao=regra"),
        ("valor is NaN", whole.replace(b"1", b"NaN")),
        ("bytes that are not UTF-8", whole.replace(b"regra", b"\xff\xfe\xe9")),
    )


def _unknown_clientes(target: Address) -> list[Question]:
    unknown = CLIENTE_DESCONHECIDO
    good, bad = json.dumps(GOOD).encode(), json.dumps({**GOOD, "valor": 0}).encode()
    cases = [
        (f"statement of client {unknown}", _get(target, unknown), NO_CLIENTE),
        (f"credit for client {unknown}", _send(target, unknown, good), NO_CLIENTE),
        (f"a bad credit for client {unknown}", _send(target, unknown, bad), (404, *BAD_FIELD)),
    ]
    for other in ("0", "7", "1000000"):
        cases.append((f"statement of client {other}", _get(target, other), NO_CLIENTE))
    spellings = ["01", "+1", "-1", "1.0", "1e0", "0x1", "1_0", "%31%20", "abc", "%D9%A1", "9" * 25]
    for spelling in spellings:
        cases.append((f"statement of client {spelling!r}", _get(target, spelling), ANY_REFUSAL))
        cases.append(
            (f"credit for client {spelling!r}", _send(target, spelling, good), ANY_REFUSAL)
        )
    cases.append(("GET on transacoes", get(target, PATH), ANY_REFUSAL))
    # The official run asks the first of these.
    return [Question("clients", *case, not place) for place, case in enumerate(cases)]


def _get(target: Address, cliente: object) -> bytes:
    return get(target, f"/clientes/{cliente}/extrato")


def _send(target: Address, cliente: object, body: bytes) -> bytes:
    return post(target, f"/clientes/{cliente}/transacoes", body)
