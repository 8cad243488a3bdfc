"""Catalogue of requests that must not reach the registry: name, bytes, statuses."""

from tests.help.raw_http import get, post
from tests.help.refusals import Case

PESSOAS = "/pessoas"
CHUNKED = "Transfer-Encoding: chunked"
GOOD = '{"apelido":"ana","nome":"Ana","nascimento":"1985-09-23","stack":["C#"]}'
SOMEBODY = "/pessoas/01a2106d-553f-7a83-b249-9097f91a872a"


def pessoa(**changes: str) -> str:
    """Returns a person as JSON, put together as text so that it may be invalid."""
    fields = {"apelido": '"ana"', "nome": '"Ana"', "nascimento": '"1985-09-23"', "stack": "null"}
    inside = ", ".join(f'"{name}": {value}' for name, value in (fields | changes).items() if value)
    return f"{{{inside}}}"


def posted(body: bytes | str, *headers: str, length: int | str | None = -1) -> bytes:
    return post(body, PESSOAS, *headers, length=length)


def chunked(body: str) -> bytes:
    return posted(body, CHUNKED, length=None)


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
    *[
        Case(f"a body {body}", posted(body), (400,))
        for body in ("[]", "null", "1", '"ana"', "true", f"[{GOOD}]")
    ],
]

NOT_JSON = [
    Case("no body", posted(b""), (400,)),
    Case("no body and no length", posted(b"", length=None), (400,)),
    Case("text", posted("abc"), (400,)),
    Case("a form", posted("apelido=ana&nome=Ana"), (400,)),
    Case("cut short", posted(GOOD[:-1]), (400,)),
    Case("cut short after a broken rule", posted('{"apelido": null'), (400,)),
    Case("twice", posted(GOOD + GOOD), (400,)),
    Case("single quotes", posted(GOOD.replace('"', "'")), (400,)),
    Case("trailing comma", posted(GOOD[:-1] + ",}"), (400,)),
    Case("NaN", posted(pessoa(stack="NaN")), (400,)),
    Case("latin-1", posted(pessoa(nome='"\xe7"').encode("latin-1")), (400,)),
    Case("utf-16", posted(GOOD.encode("utf-16")), (400,)),
    Case("byte order mark", posted(b"\xef\xbb\xbf" + GOOD.encode()), (400,)),
    Case("lone surrogate", posted(pessoa(nome='"\\ud800"')), (400,)),
    Case("lone surrogate in a stack", posted(pessoa(stack='["\\udfff"]')), (400,)),
    Case("overlong utf-8", posted(pessoa(nome='"*"').encode().replace(b"*", b"\xc0\xaf")), (400,)),
    Case("a surrogate in utf-8", posted(GOOD.encode().replace(b"Ana", b"\xed\xa0\x80")), (400,)),
    Case("a raw newline in a nome", posted(pessoa(nome='"a\nb"')), (400,)),
    Case("a NUL in front", posted(b"\x00" + GOOD.encode()), (400,)),
    Case("nested arrays", posted("[" * 2000 + "]" * 2000), (400,)),
    Case("nested in a stack", posted(pessoa(stack="[" * 1500 + "]" * 1500)), (400,)),
    Case("nested in a spare field", posted(pessoa(x="[" * 1500 + "]" * 1500)), (400,)),
    Case("compressed", posted(b"\x1f\x8b\x08\x00", "Content-Encoding: gzip"), (400,)),
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

FRAMING = [
    Case("body over the limit", posted(GOOD + " " * 16_384), (413,)),
    Case("announced body over the limit", posted(b"", length=10**9), (413,)),
    Case("huge length", posted(GOOD, length="9" * 30), (400,)),
    Case("negative length", posted(GOOD, length=-5), (400,)),
    Case("length in hex", posted(GOOD, length="0x28"), (400,)),
    Case("two lengths apart", posted(GOOD, "Content-Length: 1"), (400,)),
    Case("length and chunks", posted("0\r\n\r\n" + GOOD, CHUNKED), (400,)),
    Case("unknown coding", posted(GOOD, "Transfer-Encoding: x"), (400,)),
    Case("chunks of nothing", chunked("0\r\n\r\n"), (400,)),
    Case("chunks without a size", chunked("x\r\n\r\n"), (400,)),
    Case("chunk over the limit", chunked("8000\r\n" + "x" * 32_768), (413,)),
    Case("body cut short", posted(GOOD[:10], length=80), (0,)),
    Case("chunk cut short", chunked("28\r\n{"), (0,)),
    Case("rubbish", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (400,)),
    Case("HTTP/1.1 without a host", b"GET /pessoas?t=a HTTP/1.1\r\n\r\n", (400,)),
    Case("two hosts", get("/pessoas?t=a", "Host: other"), (400,)),
    Case("a folded header", get("/pessoas?t=a", "X: y", " z"), (400,)),
    Case("pipelined, the second bad", get("/pessoas?t=a") + posted("{}"), (200, 422)),
    Case("pipelined, the first bad", posted("{}") + get("/pessoas?t=a"), (422, 200)),
    Case("smuggled", posted("{}" + get("/pessoas?t=a").decode(), length=2), (422, 200)),
]

CASES = [*RULES, *KINDS, *NOT_JSON, *SEARCHES, *PATHS, *METHODS, *FRAMING]
