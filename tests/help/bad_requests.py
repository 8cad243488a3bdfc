"""Catalogue of requests that must not reach the ledger: name, bytes, statuses."""

from tests.help.raw_http import get, post, transacao
from tests.help.refusals import Case

GOOD = '{"valor":1,"tipo":"c","descricao":"abc"}'
CHUNKED = "Transfer-Encoding: chunked"
TRANSACOES = "/clientes/1/transacoes"


def chunked(body: str) -> bytes:
    return post(body, TRANSACOES, CHUNKED, length=None)


FIELDS = [
    *[
        Case(f"{field} {name}", post(transacao(**{field: value})), (422,))
        for field in ("valor", "tipo", "descricao")
        for name, value in (
            ("missing", ""),
            ("null", "null"),
            ("true", "true"),
            ("a list", "[1]"),
            ("an object", '{"c":1}'),
            ("a float", "1.5"),
        )
    ],
    *[
        Case(f"valor {value[:12]}", post(transacao(valor=value)), (422,))
        for value in ("0", "-0", "-1", "1.0", "1.2", "1e3", "1E0", '"1"', '""', "9007199254740992")
    ],
    Case("valor of 2**63", post(transacao(valor=str(2**63))), (422,)),
    Case("valor of 2**64", post(transacao(valor=str(2**64))), (422,)),
    Case("valor of 400 digits", post(transacao(valor="9" * 400)), (422,)),
    Case("valor of minus 400 digits", post(transacao(valor="-" + "9" * 400)), (422,)),
    Case("valor of 1e400", post(transacao(valor="1e400")), (422,)),
    *[
        Case(f"tipo {value}", post(transacao(tipo=value)), (422,))
        for value in ('"x"', '"C"', '""', '"cd"', "1", '"c "')
    ],
    Case("descricao empty", post(transacao(descricao='""')), (422,)),
    Case("descricao of 11", post(transacao(descricao='"01234567890"')), (422,)),
    Case("descricao of 11 emoji", post(transacao(descricao='"' + "😀" * 11 + '"')), (422,)),
    Case("descricao a number", post(transacao(descricao="1")), (422,)),
    Case("no object", post("[]"), (422,)),
    Case("empty object", post("{}"), (422,)),
    Case("a debit past the limit", post(transacao(valor="100001", tipo='"d"')), (422,)),
    Case("a debit far past the limit", post(transacao(valor=str(2**53 - 1), tipo='"d"')), (422,)),
]

NOT_JSON = [
    Case("no body", post(b""), (400,)),
    Case("no body and no length", post(b"", length=None), (400,)),
    Case("text", post("abc"), (400,)),
    Case("a form", post("valor=1&tipo=c&descricao=abc"), (400,)),
    Case("cut short", post(GOOD[:-1]), (400,)),
    Case("cut short after a broken rule", post('{"valor": "x"'), (400,)),
    Case("twice", post(GOOD + GOOD), (400,)),
    Case("single quotes", post(GOOD.replace('"', "'")), (400,)),
    Case("trailing comma", post(GOOD[:-1] + ",}"), (400,)),
    Case("leading zero", post(transacao(valor="01")), (400,)),
    Case("NaN", post(transacao(valor="NaN")), (400,)),
    Case("latin-1", post(transacao(descricao='"\xe7"').encode("latin-1")), (400,)),
    Case("utf-16", post(GOOD.encode("utf-16")), (400,)),
    Case("byte order mark", post(b"\xef\xbb\xbf" + GOOD.encode()), (400,)),
    Case("lone surrogate", post(transacao(descricao='"\\ud800"')), (400,)),
    Case(
        "overlong utf-8",
        post(transacao(descricao='"*"').encode().replace(b"*", b"\xc0\xaf")),
        (400,),
    ),
    Case("a NUL in front", post(b"\x00" + GOOD.encode()), (400,)),
    Case("nested arrays", post("[" * 2000 + "]" * 2000), (400,)),
    Case("nested objects", post('{"a":' * 500 + "1" + "}" * 500), (400,)),
    Case("nested in a spare field", post(transacao(x="[" * 1500 + "]" * 1500)), (400,)),
    Case(
        "compressed",
        post(b"\x1f\x8b\x08\x00", TRANSACOES, "Content-Encoding: gzip"),
        (400,),
    ),
]

PATHS = [
    *[
        Case(f"client {cliente[:12]}", post(GOOD, f"/clientes/{cliente}/transacoes"), (404,))
        for cliente in (
            *("6", "0", "01", "+1", "-1", "1.0", "0_1", "1_0", "1e0", "0x1", "a", "%20", "9" * 25),
            *("%EF%BC%91", "%D9%A1", "\xef\xbc\x91", "1%20", "%2B1", "1;a=b", "1,2", "null"),
        )
    ],
    Case("no client", post(GOOD, "/clientes//transacoes"), (404,)),
    Case("a slash too many", post(GOOD, "/clientes/1/transacoes/"), (404,)),
    Case("two slashes in front", post(GOOD, "//clientes/1/transacoes"), (404,)),
    Case("upper case", post(GOOD, "/CLIENTES/1/TRANSACOES"), (404,)),
    Case("root", get("/"), (404,)),
    Case("unknown path", get("/admin"), (404,)),
    Case("climbing out", get("/../etc/passwd"), (400,)),
    Case("an encoded slash", post(GOOD, "/clientes%2F1%2Ftransacoes"), (404,)),
    Case("an encoded digit", post(GOOD, "/clientes/%31/transacoes"), (404,)),
    Case("raw bytes in the query", post("{}", "/clientes/1/transacoes?\xe7"), (404,)),
    Case("a page of refusals", get("/refusals/400"), (404,)),
    Case("a NUL in the path", post(GOOD, "/clientes/1%00/transacoes"), (400,)),
    Case("a broken escape", post(GOOD, "/clientes/%zz/transacoes"), (400,)),
    Case("not utf-8 in the path", post(GOOD, "/clientes/%ff/transacoes"), (404,)),
    Case("a path of 3 kB", get("/" + "a" * 3000), (404,)),
    Case("a path of 20 kB", get("/" + "a" * 20000), (414,)),
]

METHODS = [
    *[
        Case(f"{method} a transaction", get("/clientes/1/transacoes", method=method), (405,))
        for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "PROPFIND", "FOO")
    ],
    Case("POST a statement", post(GOOD, "/clientes/1/extrato"), (405,)),
    Case("GET reset", get("/reset"), (405,)),
    Case("lower case", get(method="get"), (400,)),
]

FRAMING = [
    Case("body over the limit", post(GOOD + " " * 4096), (413,)),
    Case("announced body over the limit", post(b"", length=10**9), (413,)),
    Case("huge length", post(GOOD, length="9" * 30), (400,)),
    Case("negative length", post(GOOD, length=-5), (400,)),
    Case("length with a plus", post(GOOD, length="+40"), (400,)),
    Case("length in hex", post(GOOD, length="0x28"), (400,)),
    Case("two lengths alike", post(GOOD, TRANSACOES, "Content-Length: 40"), (400,)),
    Case("two lengths apart", post(GOOD, TRANSACOES, "Content-Length: 1"), (400,)),
    Case("length and chunks", post("0\r\n\r\n" + GOOD, TRANSACOES, CHUNKED), (400,)),
    Case("unknown coding", post(GOOD, TRANSACOES, "Transfer-Encoding: x"), (400,)),
    Case("chunks of nothing", chunked("0\r\n\r\n"), (400,)),
    Case("chunks without a size", chunked("x\r\n\r\n"), (400,)),
    Case("chunk over the limit", chunked("2000\r\n" + "x" * 8192), (413,)),
    Case("chunk size overflow", chunked("f" * 20 + "\r\n"), (400,)),
    Case("body cut short", post(GOOD[:10], length=40), (0,)),
    Case("chunk cut short", chunked("28\r\n{"), (0,)),
    Case("no request at all", b"", (0,)),
    Case("rubbish", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (400,)),
    Case("a second HTTP version", b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", (400,)),
    Case(
        "HTTP/1.0 with a bad body",
        b"POST /clientes/1/transacoes HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
        (422,),
    ),
    Case("HTTP/1.1 without a host", b"GET /clientes/1/extrato HTTP/1.1\r\n\r\n", (400,)),
    Case("two hosts", get("/clientes/1/extrato", "Host: other"), (400,)),
    Case("space before the colon", get("/clientes/1/extrato", "X : y"), (400,)),
    Case("a folded header", get("/clientes/1/extrato", "X: y", " z"), (400,)),
    Case("a NUL in a header", get("/clientes/1/extrato", "X: \x00"), (400,)),
    Case("a header of 20 kB", get("/clientes/1/extrato", "X: " + "y" * 20000), (400,)),
    Case("pipelined, the second bad", get() + post("{}"), (200, 422)),
    Case("pipelined, the first bad", post("{}") + get(), (422, 200)),
    Case("smuggled behind a length", post("{}" + get().decode(), length=2), (422, 200)),
]

CASES = [*FIELDS, *NOT_JSON, *PATHS, *METHODS, *FRAMING]
