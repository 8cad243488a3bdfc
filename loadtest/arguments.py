"""The commands' options and their help."""

import argparse
from pathlib import Path
from typing import NoReturn

from loadtest.editions import FOLDERS, NAMES
from loadtest.limits import CONNECTIONS_MAX, RATE_MAX, WORKERS_MAX
from loadtest.report.judgement import EXIT_USAGE
from loadtest.report.started import command_line
from loadtest.values import address, duration, number, plain_name, ramp, threshold, whole
from loadtest.wire.outcome import one_line

DEFAULT_URL = "http://localhost:9999"
DEFAULT_CONNECTIONS = 14
DEFAULT_DURATION_S = 10.0
DEFAULT_REGRESSION_PERCENT = 10.0

DESCRIPTION = """\
The judge in a box for the Rinha de Backend: plays the official run against whatever listens on
port 9999, checks the contract rule by rule, and measures load honestly."""

EXAMPLES = """\
examples:
  loadtest official                     the whole official run, four minutes, ends in USD
  loadtest official --scale 0.05        a rehearsal: 12 seconds of the same
  loadtest official --edition 2023q3    the contest of the year before, in three and a half
  loadtest check                        what breaks the contract, with curl lines that repeat it
  loadtest gatling                      the same run by Gatling itself, with its own report
  loadtest score out/gatling/NAME       the verdict on Gatling's results
  loadtest run -c 14 -d 30              as fast as it goes, 14 connections, 30 seconds
  loadtest run -r 340 -d 60             340 requests/s, whatever the target does
  loadtest run --ramp 1:2000 -d 60      from 1 to 2,000 requests/s in a minute
  loadtest run -r 340 --threshold 'p99<5' --html out/run.html
  loadtest compare before.json after.json --fail-on-regression

exit codes: 0 fine, 1 verdict bad, 2 usage, 3 target unreachable, 4 run invalid, 130 Ctrl-C"""


class Parser(argparse.ArgumentParser):
    """Argument parser whose errors are one line: the fault, and the command that prints help."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {one_line(message)}; see {self._help()}\n")

    def _help(self) -> str:
        """Returns the command that prints the help; `self.prog` names the subcommand too."""
        return f"{command_line()}{self.prog.removeprefix('loadtest')} --help"


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the whole command line."""
    top = Parser(
        "loadtest",
        description=DESCRIPTION,
        epilog=EXAMPLES.replace("  loadtest ", f"  {command_line()} "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(every_rule=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(_command(commands, "run", "drive the mix of the official run"))
    _add_official(_command(commands, "official", "play the official run and give the verdict"))
    _add_gatling(_command(commands, "gatling", "let Gatling play the official run, and score it"))
    _add_score(_command(commands, "score", "the official verdict on a folder of Gatling's results"))
    _add_check(_command(commands, "check", "ask every rule of the contract"))
    _add_compare(_command(commands, "compare", "hold two reports or baselines side by side"))
    _add_report(_command(commands, "report", "show a kept report again, or as a page"))
    return top


def _command(
    commands: "argparse._SubParsersAction[Parser]", name: str, what: str
) -> argparse.ArgumentParser:
    description = f"{what[0].upper()}{what[1:]}."
    command = commands.add_parser(name, help=what, description=description)
    command.add_argument(
        "--plain", action="store_true", help="no live screen and no colours, on a terminal too"
    )
    return command


def _add_edition(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--edition", choices=NAMES, default=NAMES[0],
        help=f"of the contest: {' or '.join(FOLDERS)}, also by name (default {NAMES[0]})",
    )  # fmt: skip


def _add_target(command: argparse.ArgumentParser) -> None:
    _add_edition(command)
    command.add_argument(
        "url", nargs="?", type=address, default=address(DEFAULT_URL), metavar="URL",
        help=f"where the target listens (default {DEFAULT_URL})",
    )  # fmt: skip
    command.add_argument(
        "--reset", action="store_true", help="POST /reset first, for a target that has it"
    )


def _add_report_files(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    command.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page")
    command.add_argument(
        "--save-baseline",
        type=plain_name,
        metavar="NAME",
        help="keep the report for `compare NAME …`",
    )


def _add_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seed", type=whole(0, 2**31), metavar="N", help="repeat a run's chance (default: drawn)"
    )


def _add_rules(command: argparse.ArgumentParser, *, strict: bool | None) -> None:
    if strict is not None:
        command.add_argument(
            "--strict", action=argparse.BooleanOptionalAction, default=strict,
            help="every rule of the contract, not only what the official judge asks",
        )  # fmt: skip
    command.add_argument(
        "--all", dest="every_rule", action="store_true",
        help="show the rules that hold one by one too",
    )  # fmt: skip


def _add_run(command: argparse.ArgumentParser) -> None:
    _add_target(command)
    way = command.add_mutually_exclusive_group()
    way.add_argument(
        "-r", "--rate", type=number(RATE_MAX), help="open loop: so many requests a second"
    )
    way.add_argument(
        "--ramp", type=ramp, metavar="FROM:TO", help="open loop: a rate that grows or falls"
    )
    command.add_argument(
        "-c", "--connections", type=whole(1, CONNECTIONS_MAX), metavar="N",
        help=f"closed loop: so many connections (default {DEFAULT_CONNECTIONS}); "
        "with a rate: at most so many (default: as many as it takes)",
    )  # fmt: skip
    command.add_argument(
        "-d", "--duration", type=duration, metavar="S", help="seconds, or 2m (default 10)"
    )
    command.add_argument(
        "-n", "--requests", type=whole(1, 10**9), metavar="N", help="stop after so many requests"
    )
    command.add_argument(
        "--poisson", action="store_true", help="with --rate: chance spacing instead of even"
    )
    command.add_argument(
        "--new-connections", action="store_true",
        help="one new connection per request, as the official judge does",
    )  # fmt: skip
    command.add_argument(
        "--only", metavar="TYPE",
        help="requests of one type of the mix only, as the report names it",
    )  # fmt: skip
    command.add_argument(
        "--workers", type=whole(1, WORKERS_MAX), default=1, metavar="N",
        help="generator processes, when cores allow (default 1)",
    )  # fmt: skip
    command.add_argument(
        "--threshold", type=threshold, action="append", default=[], metavar="'p99<5'",
        help="fail unless it holds: p50…p99.99, max, mean in ms; rate; failures (repeatable)",
    )  # fmt: skip
    command.add_argument(
        "--no-checks", dest="checked", action="store_false",
        help="only measure: do not look into answers, balances and histories",
    )  # fmt: skip
    _add_seed(command)
    _add_rules(command, strict=False)
    _add_report_files(command)


def _add_official(command: argparse.ArgumentParser) -> None:
    _add_target(command)
    command.add_argument(
        "--speed", type=number(1000), default=1.0, metavar="X",
        help="rehearsal: the same requests, X times as fast",
    )  # fmt: skip
    _add_scale(command)
    _add_seed(command)
    _add_rules(command, strict=False)
    _add_report_files(command)


def _add_scale(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--scale", type=number(1), default=1.0, metavar="X",
        help="rehearsal: the share X of the load, at the official rates",
    )  # fmt: skip


def _add_gatling(command: argparse.ArgumentParser) -> None:
    _add_target(command)
    _add_scale(command)
    command.add_argument(
        "--simulation", type=Path, metavar="FILE",
        help="a Scala simulation to run instead of ours, unchanged: it chooses target and load",
    )  # fmt: skip
    _add_report_files(command)


def _add_score(command: argparse.ArgumentParser) -> None:
    _add_edition(command)
    command.add_argument(
        "folder",
        type=Path,
        metavar="RESULTS_DIR",
        help="with simulation.log, and js/ if there is one",
    )
    _add_report_files(command)


def _add_check(command: argparse.ArgumentParser) -> None:
    _add_target(command)
    _add_seed(command)
    _add_rules(command, strict=True)
    _add_report_files(command)


def _add_compare(command: argparse.ArgumentParser) -> None:
    for name in ("before", "after"):
        command.add_argument(name, metavar=name.upper(), help="a JSON report, or a baseline's name")
    command.add_argument(
        "--fail-on-regression", type=number(1000), nargs="?", metavar="PERCENT",
        const=DEFAULT_REGRESSION_PERCENT,
        help="exit 1 when a figure is worse by more than this and than the noise (default 10), "
        "2 when the runs cannot be compared, 4 when one of them is invalid",
    )  # fmt: skip


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="REPORT", help="a JSON report, or a baseline's name")
    _add_rules(command, strict=None)
    _add_report_files(command)
