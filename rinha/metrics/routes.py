"""Routes for the operator's listener. No client of the service can reach them."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import falcon

from rinha.bodies import encode
from rinha.errors import StoreBusyError, StoreUnavailableError
from rinha.http import App
from rinha.metrics.counts import read_all
from rinha.metrics.nginx import gauges_of_nginx
from rinha.replica.state import behind_s
from rinha.settings import Settings
from rinha.store import AdminStore, Gauge

# nginx sets it on the operator's listener, and passes on no header of a client.
OPERATOR = "X-Operator"
# nginx's numbers of connections: active, reading, writing, waiting.
CONNECTIONS = "X-Connections"


class ForOperators:
    """Resource for operators. Other requests get a 404."""

    def __init__(self, store: AdminStore, folder: Path, settings: Settings) -> None:
        self._store = store
        self._folder = folder
        self._settings = settings
        self._started_at = time.monotonic()

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if req.get_header(OPERATOR) is None:
            raise falcon.HTTPNotFound
        connections = req.get_header(CONNECTIONS, default="")
        gauges = [
            *gauges_of(self._settings, self._started_at),
            *gauges_of_nginx(self._folder, connections),
        ]
        tables: object = {}
        # The other gauges are needed all the more while the store is unavailable, or locked.
        with suppress(StoreBusyError, StoreUnavailableError):
            gauges += self._store.gauges()
            tables = self._store.overview()
        self._answer(resp, gauges, tables)

    def _answer(self, resp: falcon.Response, gauges: list[Gauge], tables: object) -> None:
        raise NotImplementedError


class Metrics(ForOperators):
    def _answer(self, resp: falcon.Response, gauges: list[Gauge], _tables: object) -> None:
        # Imported at the first use: it takes 45 ms, and many instances never need it.
        from rinha.metrics.exposition import CONTENT_TYPE, text_of  # noqa: PLC0415

        resp.data = text_of(self._folder, gauges)
        resp.content_type = CONTENT_TYPE


class State(ForOperators):
    """The same values as JSON for the operator's page, with the newest data, in a tenth of the
    time."""

    def _answer(self, resp: falcon.Response, gauges: list[Gauge], tables: object) -> None:
        counts = {
            instance: [[*key, value] for key, value in values.items() if value]
            for instance, values in read_all(self._folder).items()
        }
        resp.data = encode(
            {
                "counts": counts,
                "gauges": [[gauge.name, dict(gauge.labels), gauge.value] for gauge in gauges],
                "tables": tables,
            }
        )


def gauges_of(settings: Settings, started_at: float) -> Iterator[Gauge]:
    """Yields gauges that alerts compare others with, and the lag of the replica."""
    yield Gauge("time_seconds", "Time of this answer.", time.time())
    yield Gauge("instances", "Instances that are to run, by INSTANCES.", settings.instances)
    labels = {
        "edition": settings.edition,
        "engine": settings.engine,
        "replica": "on" if settings.replica else "off",
    }
    yield Gauge("info", "Edition, engine and replication of the stack.", 1, tuple(labels.items()))
    if settings.replica and isinstance(settings.ledger, Path):
        behind = behind_s(settings.ledger, started_at)
        yield Gauge("replica_behind_seconds", "Age of what a lost disk would take.", behind)


def add_routes(app: App, store: AdminStore, folder: Path, settings: Settings) -> None:
    app.add_route("/ops/metrics", Metrics(store, folder, settings))
    app.add_route("/ops/state", State(store, folder, settings))
