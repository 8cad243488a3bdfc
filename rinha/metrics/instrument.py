"""Adds metrics to an app: counters of its requests, a heartbeat, and the operator's routes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import falcon
from falcon.inspect import inspect_routes

from rinha.errors import RinhaError
from rinha.http import App, refuse
from rinha.metrics.file_names import counts_file
from rinha.metrics.heartbeat import heartbeats
from rinha.metrics.meter import Meter
from rinha.metrics.routes import add_routes
from rinha.settings import Settings
from rinha.store import AdminStore


@contextmanager
def instrumented(app: App, store: AdminStore, settings: Settings) -> Iterator[Meter]:
    """Counts the requests to the app's routes while it lasts. Those to the operator's routes are
    not counted."""
    path = counts_file(settings)
    templates = [route.path for route in inspect_routes(app)]
    meter = Meter(path, templates, lambda: store.engine.group)

    def refuse_and_count(
        req: falcon.Request, resp: falcon.Response, error: RinhaError, params: dict[str, Any]
    ) -> None:
        meter.refused(error)
        refuse(req, resp, error, params)

    app.add_error_handler(RinhaError, refuse_and_count)
    app.add_middleware(meter)
    add_routes(app, store, path.parent, settings)
    with heartbeats(meter, settings):
        yield meter
