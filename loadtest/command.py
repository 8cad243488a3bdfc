"""The commands: run, official, gatling, score, check, compare, report."""

import argparse
import resource
import signal
import sys
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path
from random import SystemRandom

try:
    from rich.console import Console
    from rich.text import Text
except ModuleNotFoundError:
    sys.exit("loadtest: the judge needs rich for its screen: pip install 'rinha[loadtest]'")

from loadtest import arguments
from loadtest.arguments import DEFAULT_CONNECTIONS, DEFAULT_DURATION_S
from loadtest.drive.plan import FOR_EVER_S, OfficialPlan, Plan
from loadtest.drive.run import View
from loadtest.editions import EDITIONS, any_report, edition
from loadtest.gatling.run import GatlingError, require_maven
from loadtest.limits import (
    CONNECTIONS_MAX,
    FILES_BESIDE_CONNECTIONS,
    OFFICIAL_TIMEOUT_S,
    REQUEST_TIMEOUT_S,
)
from loadtest.report.compare import compare, comparison_table, other_loads, remarks, unfit
from loadtest.report.data import Report
from loadtest.report.html import write_html
from loadtest.report.json import BadReportError, baseline_path, bytes_of, find_report, write_json
from loadtest.report.judgement import (
    EXIT_BAD,
    EXIT_FINE,
    EXIT_INVALID,
    EXIT_STOPPED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
)
from loadtest.report.progress import PlainLines
from loadtest.report.screen import Screen
from loadtest.report.text import print_report, print_table
from loadtest.wire.outcome import one_line
from loadtest.wire.probe import NotReadyError, UnreachableError, reach

PIPED_WIDTH = 140  # a pipe has no width; this one keeps the tables whole


class UsageError(Exception):
    """A command that cannot run as asked; the text says why."""


def run(args: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked = arguments.parser().parse_args(args)
        return _run_command(asked)
    except UnreachableError as error:
        return _complain(f"target unreachable: {error}", EXIT_UNREACHABLE)
    except NotReadyError as error:
        return _complain(f"not ready: {error}", EXIT_INVALID)
    except (UsageError, BadReportError, GatlingError) as error:
        return _complain(f"loadtest: {error}", EXIT_USAGE)
    except KeyboardInterrupt:
        return _complain("loadtest: stopped by Ctrl-C, without a report", EXIT_STOPPED)


def _run_command(asked: argparse.Namespace) -> int:
    """Runs the command; after a failure, prints a hint if the target is of another edition."""
    code = EXIT_UNREACHABLE
    try:
        code = COMMANDS[asked.command](asked)
    finally:
        if code in {EXIT_BAD, EXIT_UNREACHABLE} and "url" in asked:
            with suppress(UnreachableError):
                _hint_at_edition(asked)
    return code


def _hint_at_edition(asked: argparse.Namespace) -> None:
    for name in EDITIONS:
        hello = edition(name).hello(asked.url)
        with closing(reach(asked.url, hello)) as probe:
            answers = probe.ask(hello).code == HTTPStatus.OK
        if answers and name != asked.edition:
            line = f"hint: {asked.url} answers as edition {name} does: --edition {name}"
            print(line, file=sys.stderr)
        if answers:
            return


def _complain(what: str, code: int) -> int:
    print(one_line(what), file=sys.stderr)
    return code


def _run(asked: argparse.Namespace) -> int:
    plan, chosen = _plan(asked), edition(asked.edition)
    view = _view(asked, plan.way, plan.planned_s, plan.size)
    if not plan.chosen(chosen.cycle):
        types = ", ".join(dict.fromkeys(kind.name for kind in chosen.cycle))
        raise UsageError(f"there is no type {plan.only!r} in this mix: {types}")
    report = chosen.run_load(plan, asked.threshold, view, reset=asked.reset, strict=asked.strict)
    return _finish(asked, report, view)


def _plan(asked: argparse.Namespace) -> Plan:
    duration_s = asked.duration or (FOR_EVER_S if asked.requests else DEFAULT_DURATION_S)
    if asked.ramp and duration_s == FOR_EVER_S:
        raise UsageError("a ramp needs a duration: add -d")
    if asked.poisson and not asked.rate:
        raise UsageError("--poisson needs a --rate")
    open_loop = bool(asked.rate or asked.ramp)
    connections = asked.connections or (None if open_loop else DEFAULT_CONNECTIONS)
    return Plan(
        address=asked.url,
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
        only=asked.only,
    )


def _files_for(connections: int | None) -> int:
    """Raises the limit of open files as needed, and returns the number of connections."""
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
    """Returns a live screen on a terminal, else plain lines; both go to standard error."""
    console = Console(stderr=True, highlight=False)
    if asked.plain or not console.is_terminal or console.is_dumb_terminal:
        return PlainLines(duration_s, size)
    return Screen(title, duration_s, size, getattr(asked, "rate", None), console)


def _official(asked: argparse.Namespace) -> int:
    plan = OfficialPlan(asked.url, _seed(asked), OFFICIAL_TIMEOUT_S, asked.speed, asked.scale)
    _files_for(None)
    chosen = edition(asked.edition)
    view = _view(asked, plan.way, chosen.official_duration_s(plan), chosen.official_size(plan))
    report = chosen.run_official(plan, view, reset=asked.reset, strict=asked.strict)
    return _finish(asked, report, view)


def _gatling(asked: argparse.Namespace) -> int:
    if asked.simulation:
        _require_text(asked.simulation)
    require_maven()
    report, folder = edition(asked.edition).gatling(
        asked.url, asked.simulation, asked.scale, reset=asked.reset
    )
    code = _finish(asked, report)
    print(f"Gatling's report: {folder / 'index.html'}")
    return code


def _require_text(simulation: Path) -> None:
    """Refuses a simulation that is not text at once; Maven would do so a minute later."""
    try:
        bytes_of(simulation).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{simulation} is no Scala source: it is not text") from error


def _score(asked: argparse.Namespace) -> int:
    return _finish(asked, edition(asked.edition).score(asked.folder))


def _check(asked: argparse.Namespace) -> int:
    _files_for(None)
    seed, chosen = _seed(asked), edition(asked.edition)
    report = chosen.run_check(asked.url, seed, reset=asked.reset, strict=asked.strict)
    return _finish(asked, report)


def _report(asked: argparse.Namespace) -> int:
    """Shows a saved report again; the exit code is 0 for any verdict."""
    _finish(asked, find_report(asked.file, any_report()))
    return EXIT_FINE


def _finish(asked: argparse.Namespace, report: Report, view: View | None = None) -> int:
    """Writes the files, prints the report and returns the exit code.

    The files come first, so that they are complete even if standard output is closed early.
    """
    written, failed = [], []
    baseline = baseline_path(asked.save_baseline) if asked.save_baseline else None
    for name, write, path in (
        ("report", write_json, asked.json),
        ("page", write_html, asked.html),
        (f"baseline {asked.save_baseline}", write_json, baseline),
    ):
        if path is not None:
            try:
                write(report, path)
                written.append(f"{name}: {path}")
            except (OSError, ValueError) as error:
                # ValueError: the text cannot be encoded. The verdict is printed all the same.
                failed.append(f"{path}: {getattr(error, 'strerror', None) or error}")
    console = _console(asked)
    print_report(report, console, every_rule=asked.every_rule)
    for line in written:
        console.print(line, markup=False)
    if failed:
        raise UsageError("; ".join(failed))
    stopped = report.load is not None and report.load.interrupted
    if stopped and view is not None and not view.quit_by_key:
        return EXIT_STOPPED
    return report.verdict.exit_code


def _compare(asked: argparse.Namespace) -> int:
    before, after = (find_report(name, any_report()) for name in (asked.before, asked.after))
    if type(before) is not type(after):
        raise UsageError(f"{asked.before} and {asked.after} are of different editions")
    for name, report in ((asked.before, before), (asked.after, after)):
        if report.load is None:
            raise UsageError(f"{name} is the report of a check: there is no load to compare")
    percent, other = asked.fail_on_regression, other_loads(before, after)
    if percent is not None and other:
        raise UsageError(f"not comparable: {'; '.join(other)}")
    figures, invalid = compare(before.load, after.load), unfit(before, after)
    failing = [] if percent is None else [one for one in figures if one.is_regression(percent)]
    console = _console(asked)
    for line in (*other, *remarks(before, after), *invalid):
        console.print(Text(f"note: {one_line(line)}", style="yellow"))
    print_table(comparison_table(figures, [] if invalid else failing), console)
    if percent is not None and invalid:
        return EXIT_INVALID
    return EXIT_BAD if failing else EXIT_FINE


def _console(asked: argparse.Namespace) -> Console:
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, width=width, color_system=None if asked.plain else "auto")


COMMANDS = {
    "run": _run,
    "official": _official,
    "gatling": _gatling,
    "score": _score,
    "check": _check,
    "compare": _compare,
    "report": _report,
}
