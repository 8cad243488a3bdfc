"""The report for a terminal or a log: verdict first."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loadtest.measure.histogram import Histogram
from loadtest.report.data import Report, histogram_of, latency_figures

STATE_STYLES = {"pass": "bold green", "fail": "bold red", "invalid": "bold yellow"}
CLOCKS_LINE = (
    "service time runs from sending to the answer; response time from the moment the request was "
    "due,\nso it also holds the wait that a slow target causes: judge a target by response time"
)
REASONS_SHOWN = 12
EXAMPLES_SHOWN = 6


def print_report(report: Report, console: Console) -> None:
    """Everything a person needs, in the order in which one asks for it."""
    console.print(Text(headline(report), style=STATE_STYLES[report["verdict"]["state"]]))
    for reason in report["verdict"]["reasons"][:REASONS_SHOWN]:
        console.print(Text(f"  - {reason}"))
    hidden = len(report["verdict"]["reasons"]) - REASONS_SHOWN
    if hidden > 0:
        console.print(f"  - and {hidden} more")
    seed = f", seed {report['seed']}" if "seed" in report else ""
    console.print(Text(f"{report['target']}: {report['way']}{seed}\n"))
    if "official" in report:
        _print_official(report["official"], console)
    if "times" in report:
        _print_load(report, console)
    if "conformance" in report:
        _print_conformance(report["conformance"], console)
    _print_examples(report, console)
    for note in report["notes"]:
        console.print(Text(f"note: {note}", style="yellow"))


def headline(report: Report) -> str:
    """The verdict in one line."""
    state = report["verdict"]["state"].upper()
    if state == "INVALID":
        return "INVALID: the generator or the run was not fit to judge by"
    if "official" in report:
        official = report["official"]
        rehearsal = " (REHEARSAL, not the official run)" if official["rehearsal"] else ""
        return f"{state}: USD {official['paid_usd']} of 100000.00{rehearsal}"
    if report["command"] == "check":
        rows = report["conformance"]
        return f"{state}: {sum(row['passed'] for row in rows)} of {len(rows)} rules hold"
    if state == "FAIL":
        reasons = report["verdict"]["reasons"]
        more = f", and {len(reasons) - 1} reasons more" if len(reasons) > 1 else ""
        return f"FAIL: {reasons[0].partition(':')[0]}{more}"
    totals = report["totals"]
    return f"{state}: {totals['done']:,} requests, {totals['failures']:,} failed"


def _print_official(official: dict[str, Any], console: Console) -> None:
    table = Table(title="official verdict", title_justify="left", show_header=False)
    counts = f"{official.get('ok_in_time', 0):,} of {official.get('total', 0):,}"
    table.add_row("answers OK and under 250 ms", f"{counts} = {official['ok_percent']}%")
    table.add_row("fine for that (98% needed)", f"USD {official['sla_fine_usd']}")
    failures = f"{official.get('consistency', 0)} failed"
    table.add_row(f"fine for consistency, {failures}", f"USD {official['consistency_fine_usd']}")
    table.add_row("paid", Text(f"USD {official['paid_usd']}", style="bold"))
    table.add_row("answers the judge calls wrong (KO)", f"{official.get('ko', 0):,}")
    if "overlapped" in official:
        table.add_row("of these only by overlap of step 3 and load", f"{official['overlapped']}")
    console.print(table)
    if official.get("failed_checks"):
        _print_failed_checks(official["failed_checks"], console)


def _print_failed_checks(failed: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="failed checks", title_justify="left")
    table.add_column("count", justify="right")
    table.add_column("request and check", overflow="fold")
    for check in failed[:REASONS_SHOWN]:
        table.add_row(f"{check['count']:,}", Text(check["what"]))
    console.print(table)
    if len(failed) > REASONS_SHOWN:
        console.print(f"and {len(failed) - REASONS_SHOWN} kinds more\n")


def is_own_run(report: Report) -> bool:
    """Our generator has two clocks and knows how it did itself; Gatling's log has one clock."""
    return str(report["command"]) != "score"


def _print_load(report: Report, console: Console) -> None:
    generator = report["generator"]
    wanted = generator["wanted_rate"]
    rate = f"{generator['achieved_rate']:,.1f}/s"
    if wanted is not None:
        rate += f" of {wanted:,.1f}/s wanted"
    mix = ", ".join(f"{count:,} {kind}" for kind, count in report["mix"].items() if count)
    console.print(
        f"{report['totals']['done']:,} requests in {generator['elapsed_s']:.1f} s, {rate}"
    )
    console.print(f"mix: {mix}\n")
    console.print(_latency_table(report))
    if is_own_run(report):
        console.print(Text(CLOCKS_LINE, style="dim"), "")
    console.print(_outcome_table(report))
    if "clients" in report:
        console.print(_client_table(report["clients"]))
    if is_own_run(report):
        console.print(
            f"generator: {generator['cpu_us_per_request']:.1f} us CPU per request, "
            f"{generator['busy']:.0%} of a core x {generator['workers']} "
            f"(+ {generator['spun']:.0%} watching the clock), sent late by "
            f"{generator['late_p50_us']} us at p50, {generator['late_p99_us']} us at p99"
        )
    _print_usage(report["target_usage"], console)


def _latency_table(report: Report) -> Table:
    table = Table(title="latency in ms", title_justify="left")
    table.add_column("")
    kinds = [kind for kind, count in report["mix"].items() if count]
    rows: list[tuple[str, Histogram]] = [
        ("response, all", histogram_of(report, "response")),
        *[(f"response, {kind}", histogram_of(report, "response", kind)) for kind in kinds],
    ]
    if is_own_run(report):
        rows.insert(1, ("service, all", histogram_of(report, "service")))
    for name in latency_figures(rows[0][1]):
        table.add_column(name, justify="right")
    for name, histogram in rows:
        figures = latency_figures(histogram).values()
        table.add_row(name, *(f"{us / 1000:.3f}" for us in figures))
    return table


def _outcome_table(report: Report) -> Table:
    table = Table(title="outcomes", title_justify="left")
    for name in ("type", "outcome", "count", "p50 ms", "p99 ms", "max ms", ""):
        table.add_column(name, justify="left" if name in {"type", "outcome", ""} else "right")
    for times in report["times"]:
        histogram = Histogram.from_pairs(times["response"])
        p50_us, p99_us = histogram.percentiles((50.0, 99.0))
        numbers = [f"{us / 1000:.3f}" for us in (p50_us, p99_us, histogram.max_us)]
        fine = times["fine"] or times["kind"] == "checks"
        verdict = Text("fine", style="green") if fine else Text("failed", style="red")
        table.add_row(times["kind"], times["outcome"], f"{times['count']:,}", *numbers, verdict)
    return table


def _client_table(clients: list[dict[str, Any]]) -> Table:
    table = Table(title="balances and histories", title_justify="left")
    for name in ("cliente", "balance", "answers add up to", "operations", "unanswered", "order"):
        table.add_column(name, justify="left" if name == "order" else "right")
    for client in clients:
        order = "; ".join(f"{b['name']} x{b['count']}" for b in client["breaks"])
        style = "red" if client["broken"] else "green"
        table.add_row(
            str(client["cliente"]),
            str(client["saldo"]),
            str(client["expected"]),
            f"{client['operations']:,}",
            str(client["unknown"]),
            Text(order or client["order"], style=style),
        )
    return table


def _print_usage(usage: dict[str, Any], console: Console) -> None:
    samples = usage["samples"]
    if not samples:
        return
    table = Table(title="target on this machine", title_justify="left")
    for name in ("part", "CPU mean", "CPU max", "CPU limit", "memory max MB", "throttled s"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for part in dict.fromkeys(name for sample in samples for name in sample["parts"]):
        readings = [sample["parts"][part] for sample in samples if part in sample["parts"]]
        cpus = [reading["cpu"] for reading in readings]
        limit = usage["limits"].get(part, {}).get("cpus")
        table.add_row(
            part,
            f"{sum(cpus) / len(cpus):.2f}",
            f"{max(cpus):.2f}",
            "" if limit is None else f"{limit:.2f}",
            f"{max(reading['memory_bytes'] for reading in readings) / 1e6:.1f}",
            f"{sum(reading['throttled_s'] for reading in readings):.2f}",
        )
    console.print(table)


def _print_conformance(rows: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="rules of the contract", title_justify="left")
    for name in ("", "group", "rule", "expected", "answer"):
        table.add_column(name, overflow="fold")
    for row in rows:
        verdict = Text("ok", style="green") if row["passed"] else Text("NO", style="bold red")
        words = (row["group"], row["rule"], row["expected"], row["answer"])
        table.add_row(verdict, *map(Text, words))
    console.print(table)


def _print_examples(report: Report, console: Console) -> None:
    examples = [*report.get("official", {}).get("broken_checks", []), *report.get("examples", [])]
    for example in examples[:EXAMPLES_SHOWN]:
        console.print(Text(f"\nexample of: {example['what']}", style="bold"))
        console.print(Text(f"> {example['request'].strip()}"))
        console.print(Text(f"< {example['answer'].strip() or '(nothing)'}"))
