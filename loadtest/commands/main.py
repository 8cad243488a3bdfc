"""Runs one command: parses the arguments, and turns each error into one line and an exit code."""

import argparse
import signal
import sys
from contextlib import closing, suppress
from http import HTTPStatus

try:
    import rich as _rich  # noqa: F401 - only looked for
except ModuleNotFoundError:
    sys.exit("loadtest: the judge needs rich for its screen: pip install rinha-loadtest")

from loadtest.arena.nodes import ComposeError
from loadtest.commands import comparison, completion, league, load, saved
from loadtest.commands.arena import arena
from loadtest.commands.output import UsageError, drop_output
from loadtest.commands.parser import parser
from loadtest.commands.target import complete_targets
from loadtest.editions import EDITIONS, edition
from loadtest.gatling.run import GatlingError
from loadtest.report.json import BadReportError
from loadtest.report.judgement import (
    EXIT_BAD,
    EXIT_INVALID,
    EXIT_STOPPED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
)
from loadtest.wire.outcome import one_line
from loadtest.wire.probe import NotReadyError, UnreachableError, reach

HANDLERS = {
    "run": load.run,
    "official": load.official,
    "gatling": load.gatling,
    "score": load.score,
    "check": load.check,
    "arena": arena,
    "completion": completion.print_completion,
    "compare": comparison.compare_reports,
    "report": saved.show_report,
    "league": league.make_league,
    "schema": saved.print_schema,
}


def run(args: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked = parser().parse_args(args)
        complete_targets(asked)
        return _run_command(asked)
    except UnreachableError as error:
        return _complain(f"target unreachable: {error}", EXIT_UNREACHABLE)
    except NotReadyError as error:
        return _complain(f"not ready: {error}", EXIT_INVALID)
    except (UsageError, BadReportError, ComposeError, GatlingError) as error:
        return _complain(f"loadtest: {error}", EXIT_USAGE)
    except OSError as error:
        # A full disk behind standard output, no process for a worker: the exit code of a traceback
        # would be a verdict.
        drop_output()
        fault = error.strerror or error
        return _complain(f"loadtest: {error.filename or 'the system'}: {fault}", EXIT_USAGE)
    except KeyboardInterrupt:
        return _complain("loadtest: stopped by Ctrl-C, without a report", EXIT_STOPPED)


def _run_command(asked: argparse.Namespace) -> int:
    """Runs the command; after a failure, prints a hint if the target is of another edition."""
    try:
        code = HANDLERS[asked.command](asked)
    except (UnreachableError, NotReadyError):
        _hint_at_edition(asked)
        raise
    if code == EXIT_BAD:
        _hint_at_edition(asked)
    return code


def _hint_at_edition(asked: argparse.Namespace) -> None:
    if "url" not in asked:
        return
    with suppress(UnreachableError):
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
    with suppress(OSError):
        print(one_line(what), file=sys.stderr, flush=True)
    return code
