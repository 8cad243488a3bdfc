"""HTTP parts of every edition: health, reset, and the table of errors and statuses."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import falcon

from rinha.bodies import Refusal, encode, utc
from rinha.errors import (
    BodyTooLargeError,
    MalformedBodyError,
    MalformedHeaderError,
    MalformedQueryError,
    NotFoundError,
    ResetDisabledError,
    RinhaError,
    RuleBrokenError,
    StoreBusyError,
    StoreUnavailableError,
)
from rinha.logs import log
from rinha.store import Store

# An edition's own errors are subclasses of these.
STATUS_OF: dict[type[RinhaError], str] = {
    MalformedBodyError: falcon.HTTP_400,
    MalformedHeaderError: falcon.HTTP_400,
    MalformedQueryError: falcon.HTTP_400,
    ResetDisabledError: falcon.HTTP_403,
    NotFoundError: falcon.HTTP_404,
    BodyTooLargeError: falcon.HTTP_413,
    RuleBrokenError: falcon.HTTP_422,
    StoreBusyError: falcon.HTTP_503,
    StoreUnavailableError: falcon.HTTP_503,
}

REASON_OF = {
    404: "no such path; a number in a path has no sign and no leading zero, such as 1",
    405: "this path does not accept this method, see the Allow header",
}


App = falcon.App[Any, Any]


S = TypeVar("S", bound=Store)


class Health:
    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        self._store.assert_readable()
        resp.data = encode({"status": "healthy", "timestamp": utc(time.time_ns() // 1000)})


class Reset:
    def __init__(self, store: Store, *, enabled: bool) -> None:
        self._store = store
        self._enabled = enabled

    def on_post(self, _req: falcon.Request, resp: falcon.Response) -> None:
        if not self._enabled:
            raise ResetDisabledError("reset is switched off; RINHA_RESET=on allows it")
        self._store.reset()
        resp.data = encode({"status": "empty"})


def create_app(store: S, add_routes: Callable[[App, S], None], *, reset: bool) -> App:
    """Returns the app: the common routes and an edition's, for any engine."""
    app = falcon.App()
    add_routes(app, store)
    app.add_route("/health", Health(store))
    app.add_route("/reset", Reset(store, enabled=reset))
    app.add_error_handler(RinhaError, refuse)
    app.add_error_handler(Exception, _unexpected)
    app.set_error_serializer(_refuse_route)
    return app


def refuse(
    _req: falcon.Request, resp: falcon.Response, error: RinhaError, _params: dict[str, Any]
) -> None:
    resp.status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
    resp.data = encode(Refusal(str(error)))
    if resp.status == falcon.HTTP_503:
        resp.set_header("Retry-After", "1")
        if isinstance(error, StoreUnavailableError):
            log.error("store unavailable", exc_info=error)


def _unexpected(
    _req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]
) -> None:
    log.error("unexpected error", exc_info=error)
    resp.status = falcon.HTTP_500
    resp.data = encode(Refusal("internal error of the service; its log has the details"))


def _refuse_route(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.data = encode(Refusal(REASON_OF.get(error.status_code, error.title or "refused")))
