"""The command arena: an entry from its compose file to its verdict."""

import argparse
import os

from loadtest.arena.check import judge_rules
from loadtest.commands.output import UsageError, finish
from loadtest.editions import edition


def arena(asked: argparse.Namespace) -> int:
    chosen = edition(asked.edition)
    if not asked.rules_only:
        raise UsageError("only the arena's rules can be checked yet: add --rules-only")
    # Variables such as COMPOSE_PROFILES belong to this shell, and not to the entry.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COMPOSE_")}
    report = judge_rules(chosen.report_type, asked.entry, chosen.terms, environ)
    return finish(asked, report)
