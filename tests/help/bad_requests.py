"""Catalogue of requests that must not reach the ledger: name, bytes, statuses."""

from rinha.crebitos.limits import BODY_MAX_BYTES
from tests.help.bad_http import Target
from tests.help.raw_http import get, post, transacao
from tests.help.refusals import Case

GOOD = '{"valor":1,"tipo":"c","descricao":"abc"}'
TRANSACOES = "/clientes/1/transacoes"
TARGET = Target(
    TRANSACOES, GOOD, BODY_MAX_BYTES, transacao, "descricao", "valor", "/clientes/1/extrato"
)

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

KEYS = [
    Case(f"key {name}", post(GOOD, TRANSACOES, f"Idempotency-Key: {key}"), (400,))
    for name, key in (
        ("without quotes", "abc"),
        ("of nothing", '""'),
        ("of 256", '"' + "k" * 256 + '"'),
        ("beyond ASCII", '"\xe9"'),
        ("and another", '"a", "b"'),
        ("with a wrong end after 500 parameters", '"a"' + ";a=11" * 500 + "!"),
    )
]

CASES = [*FIELDS, *TARGET.not_json(), *PATHS, *METHODS, *KEYS, *TARGET.framing()]
