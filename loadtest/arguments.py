"""The commands' options and their help."""

import argparse
from pathlib import Path
from typing import Any, NoReturn

from loadtest.editions import CONTESTS, EDITIONS
from loadtest.limits import CONNECTIONS_MAX, RATE_MAX, WORKERS_MAX
from loadtest.option_values import (
    address,
    duration,
    edition_name,
    number,
    plain_name,
    ramp,
    threshold,
    whole,
)
from loadtest.report.judgement import EXIT_USAGE
from loadtest.report.started import command_line
from loadtest.wire.outcome import one_line

DEFAULT_URL = "http://localhost:9999"
DEFAULT_CONNECTIONS = 14
DEFAULT_DURATION_S = 10.0
DEFAULT_REGRESSION_PERCENT = 10.0

DESCRIPTION = """\
The judge of the Rinha de Backend as a command: does the official run against the server on
port 9999, checks the contract rule by rule, and measures load."""

EXAMPLES = """\
examples:
  loadtest official                     the whole official run, four minutes, ends in USD
  loadtest official --scale 0.05        a rehearsal: 12 seconds of the same
  loadtest official --edition pessoas   the contest of the year before, in three and a half
  loadtest check                        the broken rules of the contract, with curl lines
  loadtest gatling                      the same run by Gatling itself, with its own report
  loadtest score out/gatling/NAME       the verdict on Gatling's results
  loadtest run -c 14 -d 30              as fast as it goes, 14 connections, 30 seconds
  loadtest run -r 340 -d 60             340 requests/s, however slow the target is
  loadtest run --ramp 1:2000 -d 60      from 1 to 2,000 requests/s in a minute
  loadtest run -r 340 --threshold 'p99<5' --html out/run.html
  loadtest compare before.json after.json --fail-on-regression

exit codes: 0 fine, 1 verdict bad, 2 usage, 3 target unreachable, 4 run invalid, 130 Ctrl-C"""


FILES = ("--json", "--html", "--save-baseline")
TARGET = ("--edition", "url", "--reset")
# Each command with its help and its options; every command has --plain.
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "run": (
        "send the mix of the official run",
        (
            *(*TARGET, "--rate", "--ramp", "--connections", "--duration", "--requests"),
            *("--poisson", "--new-connections", "--only", "--workers", "--threshold"),
            *("--no-checks", "--seed", "--strict", "--all", *FILES),
        ),
    ),
    "official": (
        "do the official run and give the verdict",
        (*TARGET, "--speed", "--scale", "--seed", "--strict", "--all", *FILES),
    ),
    "gatling": (
        "let Gatling do the official run, and score it",
        (*TARGET, "--scale", "--simulation", *FILES),
    ),
    "score": (
        "give the official verdict on a folder of Gatling's results",
        ("--edition", "folder", *FILES),
    ),
    "check": (
        "check every rule of the contract",
        (*TARGET, "--seed", "--strict", "--all", *FILES),
    ),
    "compare": ("compare two reports or baselines", ("before", "after", "--fail-on-regression")),
    "report": ("show a saved report again, or as a page", ("file", "--all", *FILES)),
}
SHORT = {"--rate": "-r", "--connections": "-c", "--duration": "-d", "--requests": "-n"}
CONTEST_OF = {name: contest for contest, name in CONTESTS.items()}
EDITION_HELP = " or ".join(f"{name} ({CONTEST_OF[name]})" for name in EDITIONS)
FLAG: dict[str, Any] = {"action": "store_true"}
REPORT: dict[str, Any] = {"help": "a JSON report, or a baseline's name"}
SHARE: dict[str, Any] = {"default": 1.0, "metavar": "X"}
OPTIONS: dict[str, dict[str, Any]] = {
    "--plain": {**FLAG, "help": "no live screen and no colours, on a terminal too"},
    "--edition": {
        "type": edition_name,
        "default": next(iter(EDITIONS)),
        "metavar": "NAME",
        "help": f"{EDITION_HELP}; default {next(iter(EDITIONS))}",
    },
    "url": {
        "nargs": "?",
        "type": address,
        "default": address(DEFAULT_URL),
        "metavar": "URL",
        "help": f"where the target listens (default {DEFAULT_URL})",
    },
    "--reset": {**FLAG, "help": "POST /reset first, for a target that has it"},
    "--json": {"type": Path, "metavar": "FILE", "help": "write the report as JSON"},
    "--html": {"type": Path, "metavar": "FILE", "help": "write the report as a page"},
    "--save-baseline": {
        "type": plain_name,
        "metavar": "NAME",
        "help": "save the report for `compare NAME …`",
    },
    "--seed": {
        "type": whole(0, 2**31),
        "metavar": "N",
        "help": "repeat the random choices of a run (default: drawn)",
    },
    "--strict": {
        "action": argparse.BooleanOptionalAction,
        "help": "every rule of the contract, not only those of the official judge",
    },
    "--all": {**FLAG, "dest": "every_rule", "help": "show the rules that hold one by one too"},
    "--rate": {"type": number(RATE_MAX), "help": "open loop: so many requests a second"},
    "--ramp": {
        "type": ramp,
        "metavar": "FROM:TO",
        "help": "open loop: a rate that grows or falls",
    },
    "--connections": {
        "type": whole(1, CONNECTIONS_MAX),
        "metavar": "N",
        "help": f"closed loop: so many connections (default {DEFAULT_CONNECTIONS}); "
        "with a rate: at most so many (default: as many as it takes)",
    },
    "--duration": {"type": duration, "metavar": "S", "help": "seconds, or 2m (default 10)"},
    "--requests": {"type": whole(1, 10**9), "metavar": "N", "help": "stop after so many requests"},
    "--poisson": {**FLAG, "help": "with --rate: random spacing instead of even"},
    "--new-connections": {
        **FLAG,
        "help": "one new connection per request, as the official judge does",
    },
    "--only": {
        "metavar": "TYPE",
        "help": "requests of one type of the mix only, by its name in the report",
    },
    "--workers": {
        "type": whole(1, WORKERS_MAX),
        "default": 1,
        "metavar": "N",
        "help": "generator processes, when cores allow (default 1)",
    },
    "--threshold": {
        "type": threshold,
        "action": "append",
        "default": [],
        "metavar": "'p99<5'",
        "help": "fail unless it holds: p50…p99.99, max, mean in ms; rate; failures (repeatable)",
    },
    "--no-checks": {
        "dest": "checked",
        "action": "store_false",
        "help": "only measure: do not check answers, balances and histories",
    },
    "--speed": {
        **SHARE,
        "type": number(1000),
        "help": "rehearsal: the same requests, X times as fast",
    },
    "--scale": {
        **SHARE,
        "type": number(1),
        "help": "rehearsal: the share X of the load, at the official rates",
    },
    "--simulation": {
        "type": Path,
        "metavar": "FILE",
        "help": "a Scala simulation to run instead of ours, unchanged: it chooses target and load",
    },
    "folder": {
        "type": Path,
        "metavar": "RESULTS_DIR",
        "help": "with simulation.log, and js/ if there is one",
    },
    "before": {"metavar": "BEFORE", **REPORT},
    "after": {"metavar": "AFTER", **REPORT},
    "file": {"metavar": "REPORT", **REPORT},
    "--fail-on-regression": {
        "type": number(1000),
        "nargs": "?",
        "metavar": "PERCENT",
        "const": DEFAULT_REGRESSION_PERCENT,
        "help": "exit 1 when a figure is worse by more than this and than the noise (default 10), "
        "2 when the runs cannot be compared, 4 when one of them is invalid",
    },
}


class Parser(argparse.ArgumentParser):
    """Argument parser whose errors are one line: the fault, and the command that prints help."""

    def error(self, message: str) -> NoReturn:
        # `self.prog` names the subcommand too.
        asks_help = f"{command_line()}{self.prog.removeprefix('loadtest')} --help"
        self.exit(EXIT_USAGE, f"{self.prog}: {one_line(message)}; see {asks_help}\n")


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
    for name, (what, options) in COMMANDS.items():
        description = f"{what[0].upper()}{what[1:]}."
        command = commands.add_parser(name, help=what, description=description)
        either = command.add_mutually_exclusive_group()
        for option in ("--plain", *options):
            group = either if option in {"--rate", "--ramp"} else command
            names = [SHORT[option], option] if option in SHORT else [option]
            group.add_argument(*names, **OPTIONS[option])
        command.set_defaults(strict=name == "check")
    return top
