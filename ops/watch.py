"""`make watch`: the numbers of the operator's page in a terminal, for people on ssh."""

import json
import os
import sys
import time
import urllib.request
from collections import Counter, deque
from typing import Any, NamedTuple

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from loadtest.report.screen import bars
from rinha.ops.families import BUCKETS_US

LOOK_EVERY_S = 1.0
PATIENCE_S = 2.5
CHART_SECONDS = 60
RATE_OVER_S = 5
# An instance says once a second that it lives.
GONE_AFTER_S = 2.6

Key = tuple[str, ...]


class Answer(NamedTuple):
    at: float
    counts: dict[str, Counter[Key]]
    levels: dict[str, float]
    kept: dict[str, list[dict[str, Any]]]

    def sum(self, family: str, *labels: str | None) -> int:
        """Over all instances; None stands for any value of a label."""
        return sum(
            count
            for words in self.counts.values()
            for key, count in words.items()
            if key[0] == family
            and all(wanted in (None, had) for wanted, had in zip(labels, key[1:], strict=False))
        )

    def paths(self) -> set[tuple[str, str]]:
        """Those that were answered, and how: 201 is what was added there, 200 what was read."""
        return {
            (key[1], key[2])
            for words in self.counts.values()
            for key in words
            if key[0] == "requests" and key[1] != "/health" and key[2].startswith("2")
        }

    def beat_at(self, instance: str) -> float:
        return self.counts[instance]["beat_time_seconds",] / 1e6

    def histogram(self, family: str) -> Counter[int]:
        found: Counter[int] = Counter()
        for words in self.counts.values():
            for key, count in words.items():
                if key[0] == family and key[-1] != "sum" and key[1] != "/health":
                    found[int(key[-1])] += count
        return found


def ask(url: str) -> Answer:
    with urllib.request.urlopen(f"{url}/state", timeout=PATIENCE_S) as response:  # noqa: S310
        said = json.load(response)
    counts = {
        name: Counter({tuple(row[:-1]): row[-1] for row in rows})
        for name, rows in said["counts"].items()
    }
    levels = {name: value for name, labels, value in said["levels"] if not labels}
    return Answer(time.monotonic(), counts, levels, said["kept"])


def percentile_ms(before: Counter[int], now: Counter[int], percent: float) -> float:
    counts = now - before
    needed, seen = counts.total() * percent / 100, 0.0
    for place, bound_us in enumerate(BUCKETS_US):
        seen += counts[place]
        if seen >= needed > 0:
            return bound_us / 1000
    return 0.0


class Watch:
    """What the last minute was like."""

    def __init__(self) -> None:
        self._answers: deque[Answer] = deque(maxlen=CHART_SECONDS)

    def take(self, answer: Answer) -> RenderableType:
        self._answers.append(answer)
        before = self._answers[-min(RATE_OVER_S + 1, len(self._answers))]
        seconds = max(answer.at - before.at, 0.001)

        def rate(family: str, *labels: str | None) -> float:
            return (answer.sum(family, *labels) - before.sum(family, *labels)) / seconds

        def at(family: str, percent: float) -> float:
            return percentile_ms(before.histogram(family), answer.histogram(family), percent)

        failed = rate("requests", None, "500") + rate("requests", None, "503")
        words = Text(f"{rate('requests'):,.0f} requests/s  {rate('refusals'):,.0f} refused/s  ")
        words.append(f"{failed:,.0f} failed/s", style="red" if failed else "green")
        words.append(
            f"\np50 {at('request_seconds', 50):.2f} ms  p99 {at('request_seconds', 99):.2f} ms  "
            f"lock wait p99 {at('lock_wait_seconds', 99):.2f} ms\n"
            f"log {answer.levels.get('log_bytes', 0) / 1e6:.1f} MB  "
            f"{rate('checkpoints') * 60:,.0f} checkpoints/min  "
            f"ledger {answer.levels.get('ledger_bytes', 0) / 1e6:.1f} MB  "
            f"free {answer.levels.get('disk_free_bytes', 0) / 1e9:.1f} GB"
        )
        if "rows" in answer.levels:
            words.append(f"  {answer.levels['rows']:,.0f} rows")
        for path, status in sorted(answer.paths()):
            words.append(f"\n{rate('requests', path, status):,.0f}/s  {path} {status}")
        tables = [_instances(answer, before, seconds)]
        tables += [_rows(name, rows) for name, rows in answer.kept.items()]
        return Group(
            Panel(words, title="rinha", title_align="left"), self._chart(), Columns(tables)
        )

    def _chart(self) -> RenderableType:
        pairs = zip(self._answers, list(self._answers)[1:], strict=False)
        rates = [
            (later.sum("requests") - earlier.sum("requests")) / (later.at - earlier.at)
            for earlier, later in pairs
        ]
        return Panel(Text(bars(rates), style="cyan"), title="requests/s", title_align="left")


def _instances(answer: Answer, before: Answer, seconds: float) -> Table:
    table = Table("instance", "", "CPU", "MB", title="instances", title_justify="left")
    newest = max(map(answer.beat_at, answer.counts), default=0.0)
    for name, words in answer.counts.items():
        lives = newest - answer.beat_at(name) < GONE_AFTER_S
        cpu_us = words["process_cpu_seconds",]
        cpu_us -= before.counts.get(name, Counter())["process_cpu_seconds",]
        table.add_row(
            name,
            Text("alive" if lives else "gone", style="green" if lives else "bold red"),
            f"{cpu_us / seconds / 1e6:.2f}",
            f"{words['process_resident_bytes',] / 1e6:.0f}",
        )
    return table


def _rows(name: str, rows: list[dict[str, Any]]) -> Table:
    columns = [column for column in rows[0] if not column.endswith("_us")] if rows else []
    table = Table(*columns, title=name, title_justify="left")
    for row in rows[:10]:
        table.add_row(*(Text(str(row[column])) for column in columns))
    return table


def main() -> int:
    url = f"http://localhost:{os.environ.get('OPS_PORT') or '9990'}"
    watch, console = Watch(), Console()
    try:
        with Live(console=console, auto_refresh=False, screen=True) as live:
            while True:
                live.update(watch.take(ask(url)), refresh=True)
                time.sleep(LOOK_EVERY_S)
    except OSError as error:
        print(f"rinha: nothing answers at {url} ({error}): `make up` first", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
