"""The routes, and which error is which status. Imports errors, ledger, logs, messages, settings.

The way of a request: bytes -> Transacao (messages) -> one transaction (ledger) -> bytes.
"""

import time
from typing import Any

import falcon
from falcon.routing import BaseConverter

from rinha.errors import (
    BodyTooLargeError,
    InvalidTransacaoError,
    LedgerBusyError,
    LedgerUnavailableError,
    LimiteExceededError,
    MalformedBodyError,
    ResetDisabledError,
    RinhaError,
    UnknownClienteError,
)
from rinha.ledger import Ledger
from rinha.logs import log
from rinha.messages import Refusal, decode_transacao, encode, utc
from rinha.settings import BODY_MAX_BYTES, CLIENTE_MAX_DIGITS

STATUS_OF: dict[type[RinhaError], str] = {
    MalformedBodyError: falcon.HTTP_400,
    ResetDisabledError: falcon.HTTP_403,
    UnknownClienteError: falcon.HTTP_404,
    BodyTooLargeError: falcon.HTTP_413,
    InvalidTransacaoError: falcon.HTTP_422,
    LimiteExceededError: falcon.HTTP_422,
    LedgerBusyError: falcon.HTTP_503,
    LedgerUnavailableError: falcon.HTTP_503,
}

REASON_OF = {
    404: "there is nothing at this path; a client is named by a plain number, such as 1",
    405: "this path does not take this method, see the Allow header",
}


class ClienteConverter(BaseConverter):
    """A client has one spelling: `01`, `+1`, `1.0`, `0_1` and other scripts' digits name nobody."""

    def convert(self, value: str) -> int | None:
        if not (value.isascii() and value.isdigit()) or value[0] == "0":
            return None
        return int(value) if len(value) <= CLIENTE_MAX_DIGITS else None


class Transacoes:
    def __init__(self, ledger: Ledger) -> None:
        self._transact = ledger.transact

    def on_post(self, req: falcon.Request, resp: falcon.Response, cliente: int) -> None:
        transacao = decode_transacao(req.stream.read(BODY_MAX_BYTES + 1))
        resp.data = encode(self._transact(cliente, transacao))


class Extratos:
    def __init__(self, ledger: Ledger) -> None:
        self._extrato = ledger.extrato

    def on_get(self, _req: falcon.Request, resp: falcon.Response, cliente: int) -> None:
        resp.data = encode(self._extrato(cliente))


class Health:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        self._ledger.assert_readable()
        resp.data = encode({"status": "healthy", "timestamp": utc(time.time_ns() // 1000)})


class Reset:
    def __init__(self, ledger: Ledger, *, enabled: bool) -> None:
        self._ledger = ledger
        self._enabled = enabled

    def on_post(self, _req: falcon.Request, resp: falcon.Response) -> None:
        if not self._enabled:
            raise ResetDisabledError("reset is switched off; RINHA_RESET=on allows it")
        self._ledger.reset()
        resp.data = encode({"status": "empty"})


def create_app(ledger: Ledger, *, reset: bool) -> falcon.App[Any, Any]:
    app = falcon.App()
    app.router_options.converters["cliente"] = ClienteConverter
    app.add_route("/clientes/{cliente:cliente}/transacoes", Transacoes(ledger))
    app.add_route("/clientes/{cliente:cliente}/extrato", Extratos(ledger))
    app.add_route("/health", Health(ledger))
    app.add_route("/reset", Reset(ledger, enabled=reset))
    app.add_error_handler(RinhaError, _refuse)
    app.add_error_handler(Exception, _unexpected)
    app.set_error_serializer(_refuse_route)
    return app


def _refuse(
    _req: falcon.Request, resp: falcon.Response, error: RinhaError, _params: dict[str, Any]
) -> None:
    resp.status = STATUS_OF[type(error)]
    resp.data = encode(Refusal(str(error)))
    if resp.status == falcon.HTTP_503:
        resp.set_header("Retry-After", "1")
        if isinstance(error, LedgerUnavailableError):
            log.error("ledger unavailable", exc_info=error)


def _unexpected(
    _req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]
) -> None:
    log.error("unexpected error", exc_info=error)
    resp.status = falcon.HTTP_500
    resp.data = encode(Refusal("a mistake of ours; it was written to the log"))


def _refuse_route(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.data = encode(Refusal(REASON_OF.get(error.status_code, error.title or "refused")))
