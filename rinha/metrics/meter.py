"""Counts what an instance does, as it happens."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter_ns

import falcon
from falcon.util import code_to_http_status

from rinha.errors import RinhaError
from rinha.metrics.counts import Counts
from rinha.metrics.families import FAMILIES, Family, Key

# Statuses that an instance may answer with, in any edition.
STATUSES = (200, 201, 204, 400, 403, 404, 405, 413, 422, 500, 503)
OTHER = "other"
STEPS = ("beside", "locked")
DURATIONS = FAMILIES["request_seconds"]


class Meter:
    """Counts requests, as the app's middleware, and the engine's waits, commits and checkpoints.
    Requests to other routes than these templates are not counted."""

    def __init__(
        self, path: Path, templates: Iterable[str], group_of: Callable[[], object | None]
    ) -> None:
        self._group_of = group_of
        # Requests whose answers wait for the commit of their group: route, status and begin.
        self._waiting: list[tuple[str | None, str | int, int]] = []
        # Labels omit the converter of a field in a path.
        route_of: dict[str | None, str] = {
            template: re.sub(r":\w+}", "}", template) for template in templates
        }
        # Requests without a route.
        route_of[None] = OTHER
        routes = tuple(route_of.values())
        statuses = (*map(str, STATUSES), OTHER)
        labels: dict[str, list[Key]] = {
            "requests": [(route, status) for route in routes for status in statuses],
            "refusals": [(reason,) for reason in sorted({*kinds_of(RinhaError), OTHER})],
            "request_seconds": [(route,) for route in routes],
            "checkpoints": [(step,) for step in STEPS],
            "checkpoint_seconds": [(step,) for step in STEPS],
        }
        keys: list[Key] = []
        for name, family in FAMILIES.items():
            for values in labels.get(name, [()]):
                keys += family.keys_of((name, *values))
        counts = Counts(path, keys)
        self._counters, self._offsets = counts.counters, counts.offsets
        # Offsets that a request needs, found beforehand: its counter, and its first bucket.
        self._places: dict[tuple[str | None, str | int], tuple[int, int]] = {
            (template, code_to_http_status(status)): self._place_of(route, str(status))
            for template, route in route_of.items()
            for status in STATUSES
        }
        self._route_of = route_of
        self._waits = self._offsets["lock_wait_seconds", "0"]
        self._commits, self._wal_pages = self._offsets["commits",], self._offsets["log_pages",]
        self._began_ns = 0

    def process_request(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        # There is one request at a time, so the last one that began is the next one that ends.
        self._began_ns = perf_counter_ns()

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _succeeded: bool
    ) -> None:
        if self._group_of() is None:
            self._answered(req.uri_template, resp.status, self._began_ns)
        else:
            self._waiting.append((req.uri_template, resp.status, self._began_ns))

    def _answered(self, template: str | None, status: str | int, began_ns: int) -> None:
        took_us = (perf_counter_ns() - began_ns) // 1000
        places = self._places.get((template, status))
        if places is None:
            route = self._route_of.get(template)
            if route is None:
                return
            places = self._place_of(route, OTHER)
        place, first_bucket = places
        self._counters[place] += 1
        self._observe(DURATIONS, first_bucket, took_us)

    def _observe(self, family: Family, first_bucket: int, value: int) -> None:
        """Counts a value of a histogram, whose sum follows its buckets."""
        counters, bounds = self._counters, family.bounds
        counters[first_bucket + bisect_left(bounds, value)] += 1
        counters[first_bucket + len(bounds) + 1] += value

    def _place_of(self, route: str, status: str) -> tuple[int, int]:
        return self._offsets["requests", route, status], self._offsets[
            "request_seconds", route, "0"
        ]

    def refused(self, error: RinhaError) -> None:
        place = self._offsets.get(("refusals", type(error).__name__))
        self._counters[self._offsets["refusals", OTHER] if place is None else place] += 1

    def lock_waited(self, wait_us: int) -> None:
        self._observe(DURATIONS, self._waits, wait_us)

    def grouped(self, transactions: int, commit_us: int, sync_us: int | None) -> None:
        for name, value in (
            ("group_transactions", transactions),
            ("commit_seconds", commit_us),
            ("sync_seconds", sync_us),
        ):
            if value is not None:
                self._observe(FAMILIES[name], self._offsets[name, "0"], value)
        self._end_waiting()

    def group_failed(self) -> None:
        # The answers break off, so the client has no status.
        self._waiting = [(route, OTHER, began_ns) for route, _, began_ns in self._waiting]
        self._end_waiting()

    def _end_waiting(self) -> None:
        for waiting in self._waiting:
            self._answered(*waiting)
        self._waiting.clear()

    def committed(self, wal_pages: int) -> None:
        self._counters[self._commits] += 1
        self._counters[self._wal_pages] = wal_pages

    def checkpointed(self, step: str, took_us: int) -> None:
        self.add("checkpoints", step)
        self.add("checkpoint_seconds", step, by=took_us)

    def searching(self, now: bool) -> None:
        self.set("searching", to=int(now))

    def reconnected(self) -> None:
        self.add("reconnects")

    def add(self, *key: str, by: int = 1) -> None:
        self._counters[self._offsets[key]] += by

    def set(self, *key: str, to: int) -> None:
        self._counters[self._offsets[key]] = to


def kinds_of(error: type[RinhaError]) -> Iterable[str]:
    """Yields the names of all errors that may be refusals, also those of an edition."""
    for kind in error.__subclasses__():
        yield kind.__name__
        yield from kinds_of(kind)
