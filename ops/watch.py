"""`make watch`: the figures of the operator's page in a terminal."""

import json
import os
import re
import select
import sys
import termios
import time
import tty
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.request import ProxyHandler, build_opener

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rinha.metrics.families import BUCKETS_US
from rinha.terminal import printable, write_any_character

POLL_S = 1.0
TIMEOUT_S = 2.5
CHART_SECONDS = 60
RATE_OVER_S = 5
# An instance writes its heartbeat once a second.
SILENT_AFTER_S = 2.6
BARS = " ▁▂▃▄▅▆▇█"
# A proxy of the environment is for addresses of other machines.
OPEN = build_opener(ProxyHandler({})).open
ESCAPE = b"\x1b"
# What an arrow, another special key or a mouse wheel sends.
SPECIAL_KEY = re.compile(rb"\x1b[\[O][0-?]*[ -/]*[@-~]")
# More than a person types between two polls.
KEYS_MAX_BYTES = 1024
# Columns in cents, as in the API. They are shown with two decimals, as on the page.
MONEY = {"saldo", "limite", "valor"}

Key = tuple[str, ...]


class Answer(NamedTuple):
    at: float
    counts: dict[str, Counter[Key]]
    gauges: dict[str, float]
    tables: dict[str, list[dict[str, Any]]]

    def sum(self, family: str, *labels: str | None) -> int:
        """Returns the sum over all instances; None stands for any value of a label."""
        return sum(
            count
            for counters in self.counts.values()
            for key, count in counters.items()
            if key[0] == family
            and all(wanted in (None, had) for wanted, had in zip(labels, key[1:], strict=False))
        )

    def paths(self) -> set[tuple[str, str]]:
        """Returns each route with its 2xx statuses: 201 counts additions, 200 reads."""
        return {
            (key[1], key[2])
            for counters in self.counts.values()
            for key in counters
            if key[0] == "requests" and key[1] != "/health" and key[2].startswith("2")
        }

    def histogram(self, family: str) -> Counter[int]:
        found: Counter[int] = Counter()
        for counters in self.counts.values():
            for key, count in counters.items():
                if key[0] == family and key[-1] != "sum" and key[1] != "/health":
                    found[int(key[-1])] += count
        return found


def fetch(url: str) -> Answer:
    with OPEN(f"{url}/state", timeout=TIMEOUT_S) as response:
        state = _printable(json.load(response))
    counts = {
        name: Counter({tuple(row[:-1]): row[-1] for row in rows})
        for name, rows in state["counts"].items()
    }
    gauges = {name: value for name, labels, value in state["gauges"] if not labels}
    return Answer(time.monotonic(), counts, gauges, state["tables"])


def _printable(value: Any) -> Any:
    """Escapes all texts of an answer for a terminal: they contain names and values of clients."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_printable(one) for one in value]
    if isinstance(value, dict):
        return {printable(name): _printable(one) for name, one in value.items()}
    return value


def percentile_ms(before: Counter[int], now: Counter[int], percent: float) -> float:
    counts = now - before
    needed, seen = counts.total() * percent / 100, 0.0
    for place, bound_us in enumerate(BUCKETS_US):
        seen += counts[place]
        if seen >= needed > 0:
            return bound_us / 1000
    return 0.0


class Watch:
    """The terminal view of the last minute."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._answers: deque[Answer] = deque(maxlen=CHART_SECONDS)

    def view_with(self, answer: Answer) -> RenderableType:
        self._answers.append(answer)
        before = self._answers[-min(RATE_OVER_S + 1, len(self._answers))]
        seconds = max(answer.at - before.at, 0.001)

        def rate(family: str, *labels: str | None) -> float:
            return growth(before, answer, family, *labels) / seconds

        def at(family: str, percent: float) -> float:
            return percentile_ms(before.histogram(family), answer.histogram(family), percent)

        failed = rate("requests", None, "500") + rate("requests", None, "503")
        summary = Text(f"{rate('requests'):,.0f} requests/s  {rate('refusals'):,.0f} refused/s  ")
        summary.append(f"{failed:,.0f} failed/s", style="red" if failed else "green")
        summary.append(
            f"\np50 {at('request_seconds', 50):.2f} ms  p99 {at('request_seconds', 99):.2f} ms  "
            f"lock wait p99 {at('lock_wait_seconds', 99):.2f} ms  "
            f"commit {at('commit_seconds', 99):.2f} ms  sync {at('sync_seconds', 99):.2f} ms\n"
            f"WAL {answer.gauges.get('log_bytes', 0) / 1e6:.1f} MB  "
            f"{rate('checkpoints') * 60:,.0f} checkpoints/min  "
            f"ledger {answer.gauges.get('ledger_bytes', 0) / 1e6:.1f} MB  "
            f"free {answer.gauges.get('disk_free_bytes', 0) / 1e9:.1f} GB"
        )
        if "rows" in answer.gauges:
            summary.append(f"  {answer.gauges['rows']:,.0f} rows")
        for path, status in sorted(answer.paths()):
            summary.append(f"\n{rate('requests', path, status):,.0f}/s  {path} {status}")
        tables = (_rows(name, rows) for name, rows in answer.tables.items())
        return Group(
            Panel(summary, title=Text(f"rinha at {self._url}"), title_align="left"),
            self._chart(),
            Columns([_instances(answer, before, seconds), *tables]),
            Text("q ends this view; the stack goes on", style="dim"),
        )

    def _chart(self) -> RenderableType:
        pairs = zip(self._answers, list(self._answers)[1:], strict=False)
        rates = [
            growth(earlier, later, "requests") / (later.at - earlier.at) for earlier, later in pairs
        ]
        return Panel(Text(bars(rates), style="cyan"), title="requests/s", title_align="left")


def growth(before: Answer, now: Answer, family: str, *labels: str | None) -> int:
    """Returns the increase of a sum; none where an instance was removed with its counters."""
    return max(0, now.sum(family, *labels) - before.sum(family, *labels))


def bars(values: list[float]) -> str:
    """Returns a line of small bars; the highest value has a full one."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return " " * len(values)
    return "".join(BARS[round(value / highest * (len(BARS) - 1))] for value in values)


def _instances(answer: Answer, before: Answer, seconds: float) -> Table:
    table = Table("instance", "", "CPU", "MB", title="instances", title_justify="left")
    now = answer.gauges.get("time_seconds", 0.0)
    for name, counters in answer.counts.items():
        silent_s = now - counters["beat_time_seconds",] / 1e6
        is_alive = silent_s < SILENT_AFTER_S
        cpu_us = counters["process_cpu_seconds",]
        cpu_us -= before.counts.get(name, Counter())["process_cpu_seconds",]
        table.add_row(
            name,
            Text(
                "alive" if is_alive else f"silent {silent_s:.0f} s",
                style="green" if is_alive else "bold red",
            ),
            f"{cpu_us / seconds / 1e6:.2f}",
            f"{counters['process_resident_bytes',] / 1e6:.0f}",
        )
    return table


def _rows(name: str, rows: list[dict[str, Any]]) -> Table:
    columns = [column for column in rows[0] if not column.endswith("_us")] if rows else []
    if not any(row.get("nome") for row in rows):
        columns = [column for column in columns if column != "nome"]
    # As in `rinha cliente list`, the state of a client has no heading.
    headings = ["" if column == "fechado" else column for column in columns]
    table = Table(*headings, title=name, title_justify="left")
    for row in rows[:10]:
        table.add_row(*(Text(_cell(column, row[column])) for column in columns))
    return table


def _cell(column: str, value: object) -> str:
    if column == "fechado":
        return "closed" if value else ""
    return f"{value / 100:,.2f}" if column in MONEY and isinstance(value, int) else str(value)


@contextmanager
def _unbuffered_keys() -> Iterator[None]:
    """Unbuffers the keys of the terminal, if there is one. Ctrl-C still interrupts."""
    if not _has_keys():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _has_keys() -> bool:
    # None: it was started with its input closed.
    return bool(sys.stdin) and sys.stdin.isatty()


def _wants_to_quit(within_s: float) -> bool:
    """Waits for keys until the timeout; returns whether q or Esc was among them.

    Arrows, and a mouse wheel, send Esc and more: these are no Esc, and hide no q after them.
    """
    if not _has_keys():
        time.sleep(within_s)
        return False
    if not select.select([sys.stdin], [], [], within_s)[0]:
        return False
    # Not from sys.stdin, whose buffer would hide further keys from select.
    keys = os.read(sys.stdin.fileno(), KEYS_MAX_BYTES)
    typed = SPECIAL_KEY.sub(b"", keys)
    # Without a byte the terminal is gone.
    return not keys or typed == ESCAPE or b"q" in typed.lower()


def main(url: str) -> int:
    write_any_character()
    watch, console = Watch(url), Console()
    try:
        with Live(console=console, auto_refresh=False, screen=True) as live, _unbuffered_keys():
            while True:
                live.update(watch.view_with(fetch(url)), refresh=True)
                if _wants_to_quit(POLL_S):
                    return 0
    except (OSError, HTTPException, ValueError, LookupError) as error:
        reason = printable(str(error))
        print(f"rinha: nothing answers at {url} ({reason}): `make up` first", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
