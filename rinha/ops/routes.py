"""Routes for the operator's listener. No client of the service can reach them."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import falcon

from rinha.bodies import encode
from rinha.errors import StoreUnavailableError
from rinha.http import App
from rinha.ops.counts import read_all
from rinha.ops.nginx import levels_of_nginx
from rinha.settings import Settings
from rinha.store import Kept, Level

# nginx sets it on the operator's listener, and passes on no header of a client.
OPERATOR = "X-Operator"
# nginx's numbers of connections: active, reading, writing, waiting.
CONNECTIONS = "X-Connections"


class ForOperators:
    """Resource for operators. Other requests get a 404."""

    def __init__(self, store: Kept, folder: Path, knobs: Settings) -> None:
        self._store = store
        self._folder = folder
        self._knobs = knobs

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if req.get_header(OPERATOR) is None:
            raise falcon.HTTPNotFound
        connections = req.get_header(CONNECTIONS, default="")
        levels = [*_levels_of(self._knobs), *levels_of_nginx(self._folder, connections)]
        kept: object = {}
        # The other gauges are needed all the more while the store is unavailable.
        with suppress(StoreUnavailableError):
            levels += self._store.levels()
            kept = self._store.overview()
        self._answer(resp, levels, kept)

    def _answer(self, resp: falcon.Response, levels: list[Level], kept: object) -> None:
        raise NotImplementedError


class Metrics(ForOperators):
    def _answer(self, resp: falcon.Response, levels: list[Level], _kept: object) -> None:
        # Imported at the first use: it takes 45 ms, and many instances never need it.
        from rinha.ops.exposition import CONTENT_TYPE, text_of  # noqa: PLC0415

        resp.content_type = CONTENT_TYPE
        resp.data = text_of(self._folder, levels)


class State(ForOperators):
    """The same values as JSON for the operator's page, with the newest data, in a tenth of the
    time."""

    def _answer(self, resp: falcon.Response, levels: list[Level], kept: object) -> None:
        counts = {
            instance: [[*key, word] for key, word in words.items() if word]
            for instance, words in read_all(self._folder).items()
        }
        resp.data = encode(
            {
                "counts": counts,
                "levels": [[level.name, dict(level.labels), level.value] for level in levels],
                "kept": kept,
            }
        )


def _levels_of(knobs: Settings) -> Iterator[Level]:
    """Yields gauges that alerts compare others with: the time, and the number of instances."""
    yield Level("time_seconds", "When this was answered.", time.time())
    yield Level("instances", "How many instances there are to be.", knobs.instances)
    labels = {
        "edition": knobs.edition,
        "engine": knobs.engine,
        "replica": "on" if knobs.replica else "off",
    }
    yield Level("info", "What runs here.", 1, tuple(labels.items()))


def add_routes(app: App, store: Kept, folder: Path, knobs: Settings) -> None:
    app.add_route("/ops/metrics", Metrics(store, folder, knobs))
    app.add_route("/ops/state", State(store, folder, knobs))
