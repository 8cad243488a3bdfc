"""The command line: run, official, gatling, score, check, compare, report."""

import argparse
import resource
import sys
from random import SystemRandom

from rich.console import Console

from loadtest import arguments, commands
from loadtest.arguments import DEFAULT_CONNECTIONS, DEFAULT_DURATION_S
from loadtest.crebitos.official.plan import OfficialPlan, expected_counts
from loadtest.crebitos.official.score import score
from loadtest.drive.plan import Plan
from loadtest.gatling.run import GatlingError, require_maven, run_gatling
from loadtest.limits import (
    CONNECTIONS_MAX,
    FILES_BESIDE_CONNECTIONS,
    OFFICIAL_TIMEOUT_S,
    REQUEST_TIMEOUT_S,
)
from loadtest.report.baselines import find_report, save_baseline
from loadtest.report.compare import compare
from loadtest.report.compare_text import print_comparison
from loadtest.report.data import Report
from loadtest.report.html import write_html
from loadtest.report.json import BadReportError, write_json
from loadtest.report.judgement import (
    EXIT_BAD,
    EXIT_FINE,
    EXIT_INVALID,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
)
from loadtest.report.progress import PlainLines, View
from loadtest.report.screen import Screen
from loadtest.report.text import print_report

FOR_EVER_S = 1e9
PIPED_WIDTH = 140  # a log has no width; this one keeps the tables whole


class UsageError(Exception):
    """A wish that cannot be met here; the text says why."""


def main(words: list[str] | None = None) -> int:
    """Runs one command; the exit code is part of its answer."""
    asked = arguments.parser().parse_args(words)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return COMMANDS[asked.command](asked)
    except commands.UnreachableError as error:
        errors.print(f"target unreachable: {error}", markup=False)
        return EXIT_UNREACHABLE
    except commands.NotReadyError as error:
        errors.print(f"not ready: {error}", markup=False)
        return EXIT_INVALID
    except (UsageError, BadReportError, GatlingError) as error:
        errors.print(f"loadtest: {error}", markup=False)
        return EXIT_USAGE
    except KeyboardInterrupt:
        errors.print("stopped before the load began")
        return EXIT_INVALID


def _run(asked: argparse.Namespace) -> int:
    plan = _plan(asked)
    size = plan.size
    view = _view(asked, plan.way, None if plan.duration_s == FOR_EVER_S else plan.duration_s, size)
    return _finish(asked, commands.run_load(plan, asked.threshold, view, strict=asked.strict))


def _plan(asked: argparse.Namespace) -> Plan:
    host, port = asked.url
    duration_s = asked.duration or (FOR_EVER_S if asked.requests else DEFAULT_DURATION_S)
    if asked.ramp and duration_s == FOR_EVER_S:
        raise UsageError("a ramp needs a duration: add -d")
    if asked.poisson and not asked.rate:
        raise UsageError("--poisson needs a --rate")
    open_loop = bool(asked.rate or asked.ramp)
    connections = asked.connections or (None if open_loop else DEFAULT_CONNECTIONS)
    return Plan(
        host=host,
        port=port,
        mode="rate" if asked.rate else "ramp" if asked.ramp else "closed",
        connections=_files_for(connections),
        duration_s=duration_s,
        size=asked.requests,
        seed=_seed(asked),
        workers=asked.workers,
        timeout_s=REQUEST_TIMEOUT_S,
        rate=asked.ramp[1] if asked.ramp else asked.rate or 0.0,
        from_rate=asked.ramp[0] if asked.ramp else 0.0,
        poisson=asked.poisson,
        keep_alive=not asked.new_connections,
        checked=asked.checked,
    )


def _files_for(connections: int | None) -> int:
    """Raises the limit of open files as far as needed, or says that it cannot be."""
    wanted = connections or CONNECTIONS_MAX
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_BESIDE_CONNECTIONS
    if hard != resource.RLIM_INFINITY and needed > hard:
        if connections is not None:
            raise UsageError(
                f"{connections} connections need {needed} file descriptors, this system allows "
                f"{hard}: raise `ulimit -Hn`, or use fewer connections"
            )
        wanted, needed = hard - FILES_BESIDE_CONNECTIONS, hard
    if soft != resource.RLIM_INFINITY and needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return wanted


def _seed(asked: argparse.Namespace) -> int:
    return SystemRandom().randrange(2**31) if asked.seed is None else int(asked.seed)


def _view(
    asked: argparse.Namespace, title: str, duration_s: float | None, size: int | None
) -> View:
    """A screen on a terminal, plain lines elsewhere; both stay out of the report's way."""
    console = Console(stderr=True, highlight=False)
    if asked.plain or not console.is_terminal or console.is_dumb_terminal:
        return PlainLines(duration_s, size)
    return Screen(title, duration_s, size, getattr(asked, "rate", None), console)


def _official(asked: argparse.Namespace) -> int:
    host, port = asked.url
    plan = OfficialPlan(host, port, _seed(asked), OFFICIAL_TIMEOUT_S, asked.speed, asked.scale)
    _files_for(None)
    view = _view(asked, plan.way, plan.duration_s, sum(expected_counts(plan).values()))
    report = commands.run_official(plan, view, reset=asked.reset, strict=asked.strict)
    return _finish(asked, report)


def _gatling(asked: argparse.Namespace) -> int:
    if asked.simulation and not asked.simulation.is_file():
        raise UsageError(f"there is no simulation {asked.simulation}")
    require_maven()
    host, port = asked.url
    commands.require_ready(host, port)
    folder = run_gatling(f"http://{host}:{port}", asked.simulation, asked.scale)
    code = _finish(asked, score(folder))
    print(f"Gatling's report: {folder / 'index.html'}")
    return code


def _score(asked: argparse.Namespace) -> int:
    return _finish(asked, score(asked.folder))


def _check(asked: argparse.Namespace) -> int:
    _files_for(None)
    host, port = asked.url
    return _finish(asked, commands.run_check(host, port, strict=asked.strict))


def _finish(asked: argparse.Namespace, report: Report) -> int:
    """Files first: a reader who hangs up must not cost them. The verdict is the exit code."""
    written = []
    if asked.json:
        write_json(report, asked.json)
        written.append(f"report: {asked.json}")
    if asked.html:
        write_html(report, asked.html)
        written.append(f"page: {asked.html}")
    if asked.save_baseline:
        path = save_baseline(report, asked.save_baseline)
        written.append(f"baseline {asked.save_baseline}: {path}")
    console = _console()
    print_report(report, console)
    for line in written:
        console.print(line, markup=False)
    return int(report["verdict"]["exit_code"])


def _compare(asked: argparse.Namespace) -> int:
    before, after = find_report(asked.before), find_report(asked.after)
    for name, report in ((asked.before, before), (asked.after, after)):
        if "times" not in report:
            raise UsageError(f"{name} is the report of a check: there is no load to compare")
    figures = compare(before, after)
    percent = asked.fail_on_regression
    failing = [] if percent is None else [one for one in figures if one.is_regression(percent)]
    print_comparison(figures, failing, _console())
    return EXIT_BAD if failing else EXIT_FINE


def _report(asked: argparse.Namespace) -> int:
    """Shows a kept report again; showing it is fine, whatever it says."""
    report, console = find_report(asked.file), _console()
    if asked.html:
        write_html(report, asked.html)
        console.print(f"page: {asked.html}", markup=False)
    else:
        print_report(report, console)
    return EXIT_FINE


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


COMMANDS = {
    "run": _run,
    "official": _official,
    "gatling": _gatling,
    "score": _score,
    "check": _check,
    "compare": _compare,
    "report": _report,
}

if __name__ == "__main__":
    sys.exit(main())
