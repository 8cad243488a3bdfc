"""The command arena: an entry from its compose file to its verdict."""

import argparse
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from loadtest.arena.check import judge_rules
from loadtest.arena.compose import load_project
from loadtest.arena.deployment import EntryError
from loadtest.arena.docker import EngineError
from loadtest.arena.run import judge_entry
from loadtest.commands.load import official_plan
from loadtest.commands.load_shape import refuse_unknown_types
from loadtest.commands.options import DEFAULT_URL
from loadtest.commands.output import UsageError, finish
from loadtest.commands.rounds import in_rounds
from loadtest.commands.values import address
from loadtest.drive.run import View
from loadtest.editions import edition
from loadtest.report.data import Report
from loadtest.report.judgement import judge_thresholds


def arena(asked: argparse.Namespace) -> int:
    # Variables such as COMPOSE_PROFILES belong to this shell, and not to the entry.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COMPOSE_")}
    chosen = edition(asked.edition)
    project = load_project(asked.entry, environ)
    rules = judge_rules(chosen.report_type, asked.entry, project, chosen.terms)
    refuse_unknown_types(chosen, asked.threshold)
    if asked.rules_only:
        return finish(asked, rules)
    return in_rounds(asked, partial(_run_once, rules, project.files))


def _run_once(
    rules: Report, files: Sequence[Path], asked: argparse.Namespace
) -> tuple[Report, View]:
    chosen = edition(asked.edition)
    plan, view = official_plan(asked, chosen, address(DEFAULT_URL))
    try:
        report = judge_entry(files, rules.rules, chosen, plan, view)
    except (EngineError, EntryError) as error:
        raise UsageError(str(error)) from error
    judge_thresholds(report, asked.threshold)
    report.notes[:0] = rules.notes
    return report, view
