"""Routes of this edition. Path of a request: bytes -> Pessoa -> one transaction -> bytes."""

from urllib.parse import unquote_to_bytes

import falcon

from rinha.bodies import encode
from rinha.errors import MalformedQueryError
from rinha.http import App
from rinha.pessoas.limits import BODY_MAX_BYTES
from rinha.pessoas.messages import decode_pessoa
from rinha.pessoas.registry import Registry


class Pessoas:
    def __init__(self, registry: Registry) -> None:
        self._add = registry.add
        self._search = registry.search

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        pessoa = self._add(decode_pessoa(req.stream.read(BODY_MAX_BYTES + 1)))
        resp.status = falcon.HTTP_201
        resp.set_header("Location", f"/pessoas/{pessoa.id}")
        resp.data = encode(pessoa)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = encode(self._search(termo_of(req.query_string)))


class UmaPessoa:
    def __init__(self, registry: Registry) -> None:
        self._find = registry.find

    def on_get(self, _req: falcon.Request, resp: falcon.Response, id_: str) -> None:
        resp.data = encode(self._find(id_))


class Contagem:
    def __init__(self, registry: Registry) -> None:
        self._count = registry.count

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = str(self._count()).encode()
        # Set last: a refusal is JSON.
        resp.content_type = falcon.MEDIA_TEXT


def termo_of(query: str) -> str:
    """Returns the first `t` of the query string that is not empty, with its escapes decoded."""
    for part in query.encode("latin-1").split(b"&"):
        name, _, value = part.partition(b"=")
        if unquote_to_bytes(name) == b"t" and value:
            try:
                return unquote_to_bytes(value.replace(b"+", b" ")).decode()
            except UnicodeDecodeError:
                raise MalformedQueryError("t is not text in UTF-8") from None
    raise MalformedQueryError("t is missing: /pessoas?t=... finds people by a part of their words")


def add_routes(app: App, registry: Registry) -> None:
    registry.get_ready()
    app.add_route("/pessoas", Pessoas(registry))
    app.add_route("/pessoas/{id_}", UmaPessoa(registry))
    app.add_route("/contagem-pessoas", Contagem(registry))
