"""Makes the parser of the command line from the tables of commands and options."""

import argparse
from typing import NoReturn

from loadtest.commands.options import OPTIONS, SHORT
from loadtest.commands.table import COMMANDS, DESCRIPTION, EXAMPLES
from loadtest.report.judgement import EXIT_USAGE
from loadtest.report.started import command_line
from loadtest.wire.outcome import one_line

# The load's pace is one of these.
PACES = {"--rate", "--ramp", "--stages"}


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
        # A group without options cannot be shown.
        either = command.add_mutually_exclusive_group() if PACES.intersection(options) else command
        for option in ("--plain", *options):
            group = either if option in PACES else command
            names = [SHORT[option], option] if option in SHORT else [option]
            group.add_argument(*names, **OPTIONS[option])
        command.set_defaults(strict=name == "check")
    return top
