"""Routes of this edition. Path of a request: bytes -> Transacao -> one transaction -> bytes."""

import falcon
from falcon.routing import BaseConverter

from rinha.bodies import encode
from rinha.crebitos.idempotency import HEADER, chave_of
from rinha.crebitos.ledger import Ledger
from rinha.crebitos.limits import BODY_MAX_BYTES, CLIENTE_MAX_DIGITS
from rinha.crebitos.messages import decode_transacao
from rinha.http import App


class ClienteConverter(BaseConverter):
    """Accepts one spelling of a number: not `01`, `+1`, `1.0`, `0_1` or digits of other scripts."""

    def convert(self, value: str) -> int | None:
        if not (value.isascii() and value.isdigit()) or value[0] == "0":
            return None
        return int(value) if len(value) <= CLIENTE_MAX_DIGITS else None


class Transacoes:
    def __init__(self, ledger: Ledger) -> None:
        self._transact = ledger.transact
        self._transact_once = ledger.transact_once

    def on_post(self, req: falcon.Request, resp: falcon.Response, cliente: int) -> None:
        transacao = decode_transacao(req.stream.read(BODY_MAX_BYTES + 1))
        header = req.env.get(HEADER)
        if header is None:
            resp.data = encode(self._transact(cliente, transacao))
        else:
            resp.data = encode(self._transact_once(cliente, transacao, chave_of(header)))


class Extratos:
    def __init__(self, ledger: Ledger) -> None:
        self._extrato = ledger.extrato

    def on_get(self, _req: falcon.Request, resp: falcon.Response, cliente: int) -> None:
        resp.data = encode(self._extrato(cliente))


def add_routes(app: App, ledger: Ledger) -> None:
    app.router_options.converters["cliente"] = ClienteConverter
    app.add_route("/clientes/{cliente:cliente}/transacoes", Transacoes(ledger))
    app.add_route("/clientes/{cliente:cliente}/extrato", Extratos(ledger))
