"""Counters of all instances, and current gauges, as the text that Prometheus reads."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from rinha.metrics.counts import read_all
from rinha.metrics.families import FAMILIES, Family, Key
from rinha.store import Gauge

CONTENT_TYPE = CONTENT_TYPE_LATEST
PREFIX = "rinha_"
PER_INSTANCE = ("instance",)


def text_of(folder: Path, gauges: Iterable[Gauge]) -> bytes:
    """Returns the metrics as text. The instances keep their counters in `folder`."""
    return generate_latest(_Now(folder, list(gauges)))


class _Now(Collector):
    def __init__(self, folder: Path, gauges: list[Gauge]) -> None:
        self._folder = folder
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        counts = read_all(self._folder)
        for name, family in FAMILIES.items():
            yield _metric(name, family, counts)
        seen: dict[str, GaugeMetricFamily] = {}
        for gauge in self._gauges:
            metric = seen.get(gauge.name)
            if metric is None:
                names = tuple(name for name, _ in gauge.labels)
                metric = GaugeMetricFamily(f"{PREFIX}{gauge.name}", gauge.help, labels=names)
                seen[gauge.name] = metric
            metric.add_metric([value for _, value in gauge.labels], gauge.value)
        yield from seen.values()


def _metric(name: str, family: Family, counts: Mapping[str, Mapping[Key, int]]) -> Metric:
    labels = (*PER_INSTANCE, *family.labels)
    if family.kind == "histogram":
        return _histogram(name, family, counts, labels)
    make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = make(f"{PREFIX}{name}", family.help, labels=labels)
    for instance, values in counts.items():
        for key, value in values.items():
            # Counters start at 0: Prometheus does not see the increase of a counter that appears
            # with its first event.
            if key[0] == name:
                metric.add_metric([instance, *key[1:]], value * family.scale)
    return metric


def _histogram(
    name: str, family: Family, counts: Mapping[str, Mapping[Key, int]], labels: tuple[str, ...]
) -> Metric:
    metric = HistogramMetricFamily(f"{PREFIX}{name}", family.help, labels=labels)
    bounds = [*(f"{bound * family.scale:g}" for bound in family.bounds), "+Inf"]
    for instance, values in counts.items():
        for whole in {key[:-1]: None for key in values if key[0] == name}:
            seen, buckets = 0, []
            for place, bound in enumerate(bounds):
                seen += values[*whole, str(place)]
                buckets.append((bound, seen))
            total = values[*whole, "sum"] * family.scale
            metric.add_metric([instance, *whole[1:]], buckets, total)
    return metric
