"""The report as one HTML file that needs nothing else: no network, no script."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from loadtest.measure.histogram import Histogram
from loadtest.report.charts import latency_chart, percentile_chart, rate_chart, usage_chart
from loadtest.report.data import Report, histogram_of, latency_figures
from loadtest.report.page_style import STYLE
from loadtest.report.text import CLOCKS_LINE, headline, is_own_run

REASONS_OPEN = 8  # the first ones say it; the rest unfolds


def write_html(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(report))


def page(report: Report) -> str:
    """The whole page: the verdict, then what it rests on."""
    cards = []
    if "official" in report:
        cards.append(_official_card(report["official"]))
    if "generator" in report and is_own_run(report):
        cards.append(_card("Generator", _generator_table(report["generator"])))
    if "times" in report:
        cards += _load_cards(report)
    if "conformance" in report:
        cards.append(_conformance_card(report["conformance"]))
    cards += _example_cards(report)
    title = escape(f"{headline(report)} · {report['target']}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{_verdict(report)}{_tiles(report)}"
        f'<div class="cards">{"".join(cards)}</div>'
        f"<footer>{escape(report['ended_at'])} · report schema {report['schema']}</footer>"
        f"</main></body></html>\n"
    )


def _verdict(report: Report) -> str:
    verdict = report["verdict"]
    word, _, rest = headline(report).partition(":")
    seed = f" · seed {report['seed']}" if "seed" in report else ""
    texts = [f"<li>{escape(text)}</li>" for text in [*verdict["reasons"], *report["notes"]]]
    reasons = "".join(texts[:REASONS_OPEN])
    if len(texts) > REASONS_OPEN:
        rest = "".join(texts[REASONS_OPEN:])
        more = f"{len(texts) - REASONS_OPEN} more"
        reasons += f"</ul><details><summary>{more}</summary><ul>{rest}</ul></details><ul>"
    where = escape(f"{report['target']} · {report['way']}{seed}")
    return (
        f'<section class="verdict {verdict["state"]}"><h1><b>{word}</b>{escape(":" + rest)}</h1>'
        f"<p>{where}</p>{f'<ul>{reasons}</ul>' if reasons else ''}</section>"
    )


def _tiles(report: Report) -> str:
    if "times" not in report:
        return '<div style="height:18px"></div>'
    response = latency_figures(histogram_of(report, "response"))
    generator = report["generator"]
    wanted = generator["wanted_rate"]
    own = is_own_run(report)
    paced = "as fast as answers came" if own else "as Gatling drove it"
    tiles = [
        ("requests", f"{report['totals']['done']:,}", f"{report['totals']['failures']:,} failed"),
        (
            "rate",
            f"{generator['achieved_rate']:,.0f}/s",
            f"{wanted:,.1f}/s wanted" if wanted else paced,
        ),
        (
            "response time p50",
            f"{response['p50'] / 1000:.3f} ms",
            "from the moment it was due" if own else "by Gatling's clock",
        ),
        (
            "response time p99",
            f"{response['p99'] / 1000:.3f} ms",
            f"p99.9 {response['p99.9'] / 1000:.3f} ms",
        ),
        ("slowest", f"{response['max'] / 1000:.2f} ms", f"mean {response['mean'] / 1000:.3f} ms"),
    ]
    if own:
        late = f"sent late by {generator['late_p99_us']:,} us at p99"
        cpu = f"{generator['cpu_us_per_request']:.1f} us"
        tiles.append(("generator CPU a request", cpu, late))
    inner = "".join(
        f'<div class="tile"><span>{name}</span><strong>{value}</strong><small>{small}</small></div>'
        for name, value, small in tiles
    )
    return f'<div class="tiles">{inner}</div>'


def _card(title: str, inner: str, *, wide: bool = False) -> str:
    width = " wide" if wide else ""
    return f'<section class="card{width}"><h2>{escape(title)}</h2>{inner}</section>'


def _table(names: Sequence[str], rows: Iterable[Iterable[str]], numbers: set[int]) -> str:
    """Cells are HTML already."""
    head = "".join(
        f'<th class="n">{name}</th>' if place in numbers else f"<th>{name}</th>"
        for place, name in enumerate(names)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="n">{cell}</td>' if place in numbers else f'<td class="fold">{cell}</td>'
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    thead = f"<thead><tr>{head}</tr></thead>" if any(names) else ""
    return f"<table>{thead}<tbody>{body}</tbody></table>"


def _mark(good: bool, words: str) -> str:
    return f'<span class="{"good" if good else "bad"}">{escape(words)}</span>'


def _official_card(official: dict[str, Any]) -> str:
    rows = [
        (
            "answers OK and under 250 ms",
            f"{official.get('ok_in_time', 0):,} of {official.get('total', 0):,} "
            f"= {official['ok_percent']}%",
        ),
        ("fine for that (98% needed)", f"USD {official['sla_fine_usd']}"),
        (
            f"fine for {official.get('consistency', 0)} failed consistency checks",
            f"USD {official['consistency_fine_usd']}",
        ),
        ("<b>paid</b>", f"<b>USD {official['paid_usd']}</b>"),
        ("answers the judge calls wrong (KO)", f"{official.get('ko', 0):,}"),
    ]
    if "overlapped" in official:
        overlapped = f"{official['overlapped']:,}"
        rows.append(("of these only by overlap of step 3 and load", overlapped))
    rows += [
        (escape(one["what"]), f"{one['count']:,}") for one in official.get("failed_checks", [])
    ]
    return _card("Official verdict", _table(("", ""), rows, {1}))


def _load_cards(report: Report) -> list[str]:
    cards = []
    if report["totals"]["answers"]:
        cards += [
            _card("Latency by percentile", percentile_chart(report)),
            _card("Latency over time", latency_chart(report)),
            _card("Rate over time", rate_chart(report)),
            _card("Latency in ms", _latency_table(report)),
        ]
    if report["target_usage"]["samples"]:
        cards.append(_card("Target CPU, in cores", usage_chart(report, "cpu")))
        cards.append(_card("Target memory, in MB", usage_chart(report, "memory_bytes")))
        if any(_throttled(sample) for sample in report["target_usage"]["samples"]):
            chart = usage_chart(report, "throttled_s")
            cards.append(_card("Target throttled, seconds in each second", chart))
    cards.append(_card("Outcomes", _outcome_table(report)))
    if "clients" in report:
        cards.append(_card("Balances and histories", _client_table(report["clients"])))
    return cards


def _throttled(sample: dict[str, Any]) -> bool:
    return any(part["throttled_s"] > 0 for part in sample["parts"].values())


def _latency_table(report: Report) -> str:
    chosen = {"response, all": histogram_of(report, "response")}
    if is_own_run(report):
        chosen["service, all"] = histogram_of(report, "service")
    for kind, count in report["mix"].items():
        if count:
            chosen[kind] = histogram_of(report, "response", kind)
    figures = [(name, latency_figures(histogram)) for name, histogram in chosen.items()]
    names = ["", *figures[0][1]]
    rows = [[name, *(f"{us / 1000:.3f}" for us in row.values())] for name, row in figures]
    clocks = f"<p>{escape(CLOCKS_LINE)}</p>" if is_own_run(report) else ""
    return _table(names, rows, set(range(1, len(names)))) + clocks


def _outcome_table(report: Report) -> str:
    rows = []
    for times in report["times"]:
        p50_us, p99_us = Histogram.from_pairs(times["response"]).percentiles((50.0, 99.0))
        good = times["fine"] or times["kind"] == "checks"
        numbers = [f"{times['count']:,}", f"{p50_us / 1000:.3f}", f"{p99_us / 1000:.3f}"]
        rows.append([times["kind"], _mark(good, times["outcome"]), *numbers])
    return _table(("type", "outcome", "count", "p50 ms", "p99 ms"), rows, {2, 3, 4})


def _client_table(clients: list[dict[str, Any]]) -> str:
    rows = [
        [
            str(client["cliente"]),
            str(client["saldo"]),
            str(client["expected"]),
            f"{client['operations']:,}",
            str(client["unknown"]),
            _mark(
                not client["broken"],
                "; ".join(f"{b['name']} x{b['count']}" for b in client["breaks"])
                or client["order"],
            ),
        ]
        for client in clients
    ]
    names = ("cliente", "balance", "answers add up to", "operations", "unanswered", "an order")
    return _table(names, rows, {1, 2, 3, 4})


def _generator_table(generator: dict[str, Any]) -> str:
    wanted = generator["wanted_rate"]
    rows = [
        ("CPU per request", f"{generator['cpu_us_per_request']:.1f} us"),
        ("busy, of one core per worker", f"{generator['busy']:.1%}"),
        ("watching the clock, of one core", f"{generator['spun']:.1%}"),
        ("sent late, p50 / p99", f"{generator['late_p50_us']} / {generator['late_p99_us']} us"),
        ("rate achieved", f"{generator['achieved_rate']:,.1f}/s"),
        ("rate wanted", f"{wanted:,.1f}/s" if wanted else "none: closed loop"),
        ("workers", str(generator["workers"])),
    ]
    return _table(("", ""), rows, {1})


def _conformance_card(rows: list[dict[str, Any]]) -> str:
    ordered = sorted(rows, key=lambda row: bool(row["passed"]))
    cells = [
        [
            _mark(row["passed"], "ok" if row["passed"] else "NO"),
            *(escape(row[name]) for name in ("group", "rule", "expected", "answer")),
        ]
        for row in ordered
    ]
    names = ("", "group", "rule", "expected", "answer")
    held = sum(row["passed"] for row in rows)
    return _card(
        f"Rules of the contract: {held} of {len(rows)} hold", _table(names, cells, set()), wide=True
    )


def _example_cards(report: Report) -> list[str]:
    examples = [*report.get("official", {}).get("broken_checks", []), *report.get("examples", [])]
    if not examples:
        return []
    inner = "".join(
        f"<details{' open' if not number else ''}><summary>{escape(example['what'])}</summary>"
        f"<pre>{escape(example['request'].strip())}</pre>"
        f"<pre>{escape(example['answer'].strip() or '(nothing)')}</pre></details>"
        for number, example in enumerate(examples)
    )
    return [_card("What failed, with the request and the answer", inner, wide=True)]
