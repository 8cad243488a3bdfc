"""Replaces the instances of a stack of plain processes, one after the other."""

import sys
from dataclasses import replace

from rinha.cores import INSTANCES_MAX
from rinha.settings import Settings
from stack import roll_plan, rolling, running
from stack.messages import fail, message, show
from stack.part import Part
from stack.running import RUNIT


def restart(settings: Settings) -> int:
    """replace the instances one after the other by the present code; no request fails"""
    if not RUNIT.supervisor():
        return fail(message("NOTHING_RUNS"))
    instances = _running_instances(settings)
    if not instances:
        return fail(message("NO_FOLDER"))
    if running.uses_another_ledger(settings):
        refused = roll_plan.refusal(["RINHA_LEDGER"]) or ()
        return fail(message("UP_NEEDS_STOP", running.url(settings), *refused))
    # Reports an error of the present code, or of the ledger, before an instance ends.
    rolling.init()
    if len(instances) == 1:
        print(f"rinha: {message('ONLY_INSTANCE')}", file=sys.stderr)
    for part in instances:
        rolling.replace(part)
    return show("RESTARTED", running.url(settings), len(instances))


def _running_instances(settings: Settings) -> list[Part]:
    """Returns the instances that were started. INSTANCES=auto may mean another number by now."""
    services = {service.name for service in RUNIT.services()}
    possible = running.parts(replace(settings, instances=INSTANCES_MAX))
    return [part for part in possible if part.kind == "instance" and part.name in services]
