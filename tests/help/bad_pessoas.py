"""Catalogue of requests that must not reach the registry: name, bytes, statuses."""

from rinha.pessoas.limits import BODY_MAX_BYTES
from tests.help.bad_http import Target
from tests.help.raw_http import get, post
from tests.help.refusals import Case

PESSOAS = "/pessoas"
GOOD = '{"apelido":"ana","nome":"Ana","nascimento":"1985-09-23","stack":["C#"]}'
SOMEBODY = "/pessoas/01a2106d-553f-7a83-b249-9097f91a872a"


def pessoa(**changes: str) -> str:
    """Returns a person as JSON, put together as text so that it may be invalid."""
    fields = {"apelido": '"ana"', "nome": '"Ana"', "nascimento": '"1985-09-23"', "stack": "null"}
    inside = ", ".join(f'"{name}": {value}' for name, value in (fields | changes).items() if value)
    return f"{{{inside}}}"


TARGET = Target(PESSOAS, GOOD, BODY_MAX_BYTES, pessoa, "nome", "stack", "/pessoas?t=ana")
posted = TARGET.post

RULES = [
    *[
        Case(f"{field} {name}", posted(pessoa(**{field: value})), (422,))
        for field in ("apelido", "nome", "nascimento")
        for name, value in (("missing", ""), ("null", "null"))
    ],
    Case("apelido of 33", posted(pessoa(apelido='"' + "a" * 33 + '"')), (422,)),
    Case("apelido of 33 emoji", posted(pessoa(apelido='"' + "😀" * 33 + '"')), (422,)),
    Case("apelido of 33 escapes", posted(pessoa(apelido='"' + "\\u00e7" * 33 + '"')), (422,)),
    Case("nome of 101", posted(pessoa(nome='"' + "a" * 101 + '"')), (422,)),
    Case("nome of 3,000", posted(pessoa(nome='"' + "a" * 3_000 + '"')), (422,)),
    Case("an element of 33", posted(pessoa(stack='["' + "a" * 33 + '"]')), (422,)),
    Case("the last element of 33", posted(pessoa(stack='["a","' + "a" * 33 + '"]')), (422,)),
    *[
        Case(f"born on {day}", posted(pessoa(nascimento=f'"{day}"')), (422,))
        for day in (
            *("2023-02-29", "2023-02-30", "2023-13-01", "2023-00-01", "2023-01-00", "2023-01-32"),
            *("1900-02-29", "12-12-2000", "2000-1-1", "2000/01/01", "20000101", "2000-001"),
            *("2000-W01-1", "", " 2000-01-01", "2000-01-01 ", "2000-01-01T00:00:00Z", "now"),
            *("0000-01-01", "-2000-01-01", "+2000-01-01", "10000-01-01", "null", "10", "?!?!?"),
            *("２０００-01-01", "2000-01-01\\u0000", "2000\\u201001\\u201001"),
        )
    ],
]

KINDS = [
    *[
        Case(f"{field} {name}", posted(pessoa(**{field: value})), (400,))
        for field in ("apelido", "nome", "nascimento")
        for name, value in (
            ("true", "true"),
            ("a number", "1"),
            ("a fraction", "1.5"),
            ("a list", '["a"]'),
            ("an object", '{"a":"b"}'),
        )
    ],
    *[
        Case(f"stack {value}", posted(pessoa(stack=value)), (400,))
        for value in ('"C#"', '""', "1", "0", "true", "false", '{"C#":1}', "1.5")
    ],
    *[
        Case(f"an element {value[:9]}", posted(pessoa(stack=f'["C#",{value}]')), (400,))
        for value in ("1", "null", "true", "[]", "{}", "1e400", "9" * 400)
    ],
    Case("lone surrogate in a stack", posted(pessoa(stack='["\\udfff"]')), (400,)),
    *[
        Case(f"a body {body}", posted(body), (400,))
        for body in ("[]", "null", "1", '"ana"', "true", f"[{GOOD}]")
    ],
]

SEARCHES = [
    Case("no term", get("/pessoas"), (400,)),
    Case("no query", get("/pessoas?"), (400,)),
    Case("an empty term", get("/pessoas?t="), (400,)),
    Case("another parameter", get("/pessoas?q=ana"), (400,)),
    Case("an upper-case T", get("/pessoas?T=ana"), (400,)),
    Case("not utf-8 in a term", get("/pessoas?t=%ff"), (400,)),
    Case("cut utf-8 in a term", get("/pessoas?t=%C3"), (400,)),
    Case("overlong utf-8 in a term", get("/pessoas?t=%C0%AF"), (400,)),
    Case("a surrogate in a term", get("/pessoas?t=%ED%A0%80"), (400,)),
    Case("raw utf-8 in a term", get("/pessoas?t=jos\xc3\xa9"), (400,)),
    Case("raw latin-1 in a term", get("/pessoas?t=jos\xe9"), (400,)),
    Case("a raw space in a term", get("/pessoas?t=a b"), (400,)),
    Case("a term of 20 kB", get(f"/pessoas?t={'a' * 20_000}"), (414,)),
]

PATHS = [
    *[
        Case(f"person {id_[:40]}", get(f"/pessoas/{id_}"), (404,))
        for id_ in (
            *("1", "0", "null", "01a2106d553f7a83b2499097f91a872a", SOMEBODY[9:].upper()),
            *(SOMEBODY[9:], f"{{{SOMEBODY[9:]}}}", f"{SOMEBODY[9:]}0", "%20", "';--", "a" * 900),
        )
    ],
    Case("a slash too many", get("/pessoas/"), (404,)),
    Case("a post with a slash too many", post(GOOD, "/pessoas/"), (405,)),
    Case("two slashes in front", post(GOOD, "//pessoas"), (404,)),
    Case("upper case", post(GOOD, "/PESSOAS"), (404,)),
    Case("singular", post(GOOD, "/pessoa"), (404,)),
    Case("root", get("/"), (404,)),
    Case("the other edition", get("/clientes/1/extrato"), (404,)),
    Case("climbing out", get("/../etc/passwd"), (400,)),
    Case("an encoded slash", get("/pessoas%2F1"), (404,)),
    Case("an encoded letter", post(GOOD, "/%70essoas"), (404,)),
    Case("a raw letter in the path", get("/pess\xc3\xb3as"), (404,)),
    Case("a page of refusals", get("/refusals/400"), (404,)),
    Case("a NUL in the path", get("/pessoas%00"), (400,)),
    Case("a broken escape", get("/pessoas/%zz"), (400,)),
    Case("a path of 3 kB", get("/pessoas/" + "a" * 3000), (404,)),
]

METHODS = [
    *[
        Case(f"{method} people", get("/pessoas?t=a", method=method), (405,))
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "FOO")
    ],
    *[
        Case(f"{method} a person", get(SOMEBODY, method=method), (405,))
        for method in ("PUT", "DELETE")
    ],
    Case("POST a person's path", post(GOOD, SOMEBODY), (405,)),
    Case("POST the count", post(GOOD, "/contagem-pessoas"), (405,)),
    Case("GET reset", get("/reset"), (405,)),
    Case("lower case method", get("/pessoas?t=a", method="get"), (400,)),
]

CASES = [*RULES, *KINDS, *TARGET.not_json(), *SEARCHES, *PATHS, *METHODS, *TARGET.framing()]
