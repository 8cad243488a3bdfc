"""The commands that send requests: run, official, check, gatling; and the score of the last."""

import argparse
import resource
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtest.commands.load_shape import refuse_contradictions, refuse_unknown, refuse_unknown_types
from loadtest.commands.options import DEFAULT_CONNECTIONS, DEFAULT_DURATION_S
from loadtest.commands.output import UsageError, finish
from loadtest.commands.rounds import in_rounds, seed_of
from loadtest.drive.plan import FOR_EVER_S, Mode, OfficialPlan, Plan, Subset
from loadtest.drive.run import View
from loadtest.editions import edition
from loadtest.gatling.run import require_maven
from loadtest.judging.edition import Edition
from loadtest.limits import (
    CHECK_CONNECTIONS,
    CONNECTIONS_MAX,
    FILES_BESIDE_CONNECTIONS,
    OFFICIAL_TIMEOUT_S,
    REQUEST_TIMEOUT_S,
    ROUNDS_S_MAX,
)
from loadtest.report.data import Report
from loadtest.report.json import bytes_of
from loadtest.report.judgement import judge_thresholds
from loadtest.report.progress import PlainLines
from loadtest.report.rule_progress import RuleBar, RuleLines, RuleView
from loadtest.report.screen import Screen
from loadtest.wire.request import Address


def run(asked: argparse.Namespace) -> int:
    stages_s = sum(stage.duration_s for stage in asked.stages or ())
    duration_s = stages_s or asked.duration or DEFAULT_DURATION_S
    if duration_s * (asked.rounds or 1) > ROUNDS_S_MAX:
        raise UsageError(f"{asked.rounds} rounds of {duration_s:g} s take more than a day")
    return in_rounds(asked, _run_once)


def _run_once(asked: argparse.Namespace) -> tuple[Report, View]:
    plan, chosen = _plan(asked), edition(asked.edition)
    refuse_unknown(asked, chosen)
    view = _view_of(asked, plan.way, plan.planned_s, plan.size)
    report = chosen.run_load(plan, asked.threshold, view, reset=asked.reset, strict=asked.strict)
    return report, view


def official(asked: argparse.Namespace) -> int:
    if asked.rounds and asked.rounds > 1 and not asked.reset:
        raise UsageError(
            "each round of an official run begins with an empty target: add --reset, or for a "
            "target without POST /reset restart it before each run, with --json, and give the "
            "folder of the reports to `compare` or `report`"
        )
    return in_rounds(asked, _official_once)


def _official_once(asked: argparse.Namespace) -> tuple[Report, View]:
    chosen = edition(asked.edition)
    refuse_unknown_types(chosen, asked.threshold)
    plan, view = official_plan(asked, chosen, asked.url)
    report = chosen.run_official(plan, view, reset=asked.reset, strict=asked.strict)
    judge_thresholds(report, asked.threshold)
    return report, view


def official_plan(
    asked: argparse.Namespace, chosen: Edition[Any], target: Address
) -> tuple[OfficialPlan, View]:
    """Returns the plan of an official run and its view."""
    plan = OfficialPlan(target, seed_of(asked), OFFICIAL_TIMEOUT_S, asked.speed, asked.scale)
    files_for(None, strict=True)
    duration_s, size = chosen.official_duration_s(plan), chosen.official_size(plan)
    return plan, _view_of(asked, plan.way, duration_s, size)


def check(asked: argparse.Namespace) -> int:
    files_for(None, strict=True)
    seed, chosen = seed_of(asked), edition(asked.edition)
    keys = chosen.key_rules if asked.idempotency else None
    if asked.idempotency and keys is None:
        raise UsageError(f"edition {asked.edition} has no rules of Idempotency-Key")
    view = _rule_view(asked, chosen.rules[asked.strict] + (keys.size if keys else 0))
    report = chosen.run_check(
        asked.url, seed, view, reset=asked.reset, strict=asked.strict, keys=keys
    )
    return finish(asked, report)


def gatling(asked: argparse.Namespace) -> int:
    if asked.simulation:
        _require_text(asked.simulation)
    require_maven()
    report, folder = edition(asked.edition).gatling(
        asked.url, asked.simulation, asked.scale, reset=asked.reset
    )
    code = finish(asked, report)
    print(f"Gatling's report: {folder / 'index.html'}")
    return code


def score(asked: argparse.Namespace) -> int:
    return finish(asked, edition(asked.edition).score(asked.folder))


def _require_text(simulation: Path) -> None:
    """Refuses a simulation that is not text at once; Maven would do so a minute later."""
    try:
        bytes_of(simulation).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{simulation} is no Scala source: it is not text") from error


def _plan(asked: argparse.Namespace) -> Plan:
    duration_s = asked.duration or (FOR_EVER_S if asked.requests else DEFAULT_DURATION_S)
    refuse_contradictions(asked, duration_s)
    if asked.stages:
        duration_s = sum(stage.duration_s for stage in asked.stages)
    open_loop = bool(asked.rate or asked.ramp or asked.stages)
    connections = files_for(
        asked.connections or (None if open_loop else DEFAULT_CONNECTIONS), strict=asked.strict
    )
    if connections < asked.workers:
        raise UsageError(
            f"{asked.workers} workers need as many connections, and there may be {connections}: "
            "use fewer --workers"
        )
    return Plan(
        address=asked.url,
        mode=_mode(asked),
        connections=connections,
        duration_s=duration_s,
        size=asked.requests,
        seed=seed_of(asked),
        workers=asked.workers,
        timeout_s=REQUEST_TIMEOUT_S,
        rate=asked.ramp[1] if asked.ramp else asked.rate or 0.0,
        from_rate=asked.ramp[0] if asked.ramp else 0.0,
        poisson=asked.poisson,
        keep_alive=not asked.new_connections,
        checked=asked.checked,
        only=asked.only,
        stages=asked.stages or (),
        mix=asked.mix or (),
        subset=Subset("clients", asked.clientes) if asked.clientes else None,
    )


def _mode(asked: argparse.Namespace) -> Mode:
    if asked.stages:
        return "stages"
    if asked.ramp:
        return "ramp"
    return "rate" if asked.rate else "closed"


def files_for(connections: int | None, *, strict: bool = False) -> int:
    """Raises the limit of open files as needed, and returns the number of connections.

    Without a number it is as many as the system allows. A check has its own besides the load's.
    """
    least = max(connections or 1, CHECK_CONNECTIONS if strict else 1)
    wanted = connections or CONNECTIONS_MAX
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = max(wanted, least) + FILES_BESIDE_CONNECTIONS
    if hard != resource.RLIM_INFINITY and needed > hard:
        if least + FILES_BESIDE_CONNECTIONS > hard:
            fewer = "" if strict else ", or use fewer connections"
            raise UsageError(
                f"{least} connection{'s need' if least > 1 else ' needs'} "
                f"{least + FILES_BESIDE_CONNECTIONS} file descriptors, this system allows {hard}: "
                f"raise `ulimit -Hn`{fewer}"
            )
        wanted, needed = min(wanted, hard - FILES_BESIDE_CONNECTIONS), hard
    if soft != resource.RLIM_INFINITY and needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return wanted


def _view_of(
    asked: argparse.Namespace, title: str, duration_s: float | None, size: int | None
) -> View:
    """Returns a live screen on a terminal, else plain lines; both go to standard error."""
    console = Console(stderr=True, highlight=False)
    if _is_plain(asked, console):
        return PlainLines(duration_s, size)
    return Screen(title, duration_s, size, getattr(asked, "rate", None), console)


def _rule_view(asked: argparse.Namespace, size: int) -> RuleView:
    """Returns a bar on a terminal, else plain lines; both go to standard error."""
    console = Console(stderr=True, highlight=False)
    return RuleLines(size) if _is_plain(asked, console) else RuleBar(size, console)


def _is_plain(asked: argparse.Namespace, console: Console) -> bool:
    return asked.plain or not console.is_terminal or console.is_dumb_terminal
