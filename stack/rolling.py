"""`make up` beside a running stack: applies new code and other settings while the stack serves."""

import os
import subprocess
import sys

from rinha.errors import RinhaError
from rinha.settings import Settings, value_of
from rinha.terminal import printable
from stack import (
    effective_settings,
    fingerprint,
    log_files,
    nginx_master,
    paths,
    ports,
    replica_place,
    roll_plan,
    running,
)
from stack.interrupts import run_in_own_session
from stack.messages import message, show
from stack.part import Part
from stack.paths import VAR
from stack.run.service import Overrides
from stack.running import RUNIT

PORTS = ("PORT", "OPS_PORT")


class RollError(RinhaError):
    """The running stack cannot be changed as asked, or one of its parts does not come up."""


def up_again(settings: Settings) -> int:
    """Compares what is asked with what runs, and applies each difference or refuses it."""
    runs = RUNIT.environ() or {}
    names = effective_settings.differences(runs, os.environ)
    if "RINHA_LEDGER" not in names and running.uses_another_ledger(settings):
        names.append("RINHA_LEDGER")
    code = fingerprint.of_code()
    changes = [*(() if fingerprint.read(fingerprint.CODE) == code else ("the code",)), *names]
    if not changes:
        return show("UP_ALREADY", running.url(settings))
    if refused := roll_plan.refusal(names):
        raise RollError(message("UP_NEEDS_STOP", running.url(settings), *refused))
    if problem := ports.problem(settings, ours=[value_of(name, runs) for name in PORTS]):
        raise RollError(problem)
    # Nothing has changed yet. This reports an error of the new code or of the ledger, which it
    # upgrades.
    init()
    nginx_master.assert_usable(settings)
    replica_place.is_fine(settings.replica)
    _roll(settings)
    # Completes the upgrade of the ledger, which programs of an older version used until now.
    init()
    fingerprint.write(fingerprint.CODE, code)
    return show("ROLLED", running.url(settings), ", ".join(changes))


def init() -> None:
    """Opens the ledger once with the present code, which reports an error once and at once."""
    run_in_own_session([*paths.RINHA, "init"], stdout=subprocess.DEVNULL).check_returncode()


def _roll(settings: Settings) -> None:
    parts = running.parts(settings)
    overrides = effective_settings.overrides(RUNIT.supervisor_environ() or {}, os.environ)
    steps = roll_plan.steps(parts, [service.name for service in RUNIT.services()])
    if roll_plan.leaves_a_gap(steps):
        print(f"rinha: {message('ONLY_INSTANCE')}", file=sys.stderr)
    # Until the end the stack counts as one with other code. So the next `make up` continues one
    # that was interrupted, or leads back.
    fingerprint.forget(fingerprint.CODE)
    RUNIT.write_common(parts)
    by_name = {part.name: part for part in parts}
    for step in steps:
        if step.action == "end":
            RUNIT.end_part(step.name)
            # An instance that has ended for good is not one that is down.
            (VAR / f"{step.name}.counts").unlink(missing_ok=True)
        elif step.action == "reload":
            _reload(by_name[step.name], overrides)
        else:
            RUNIT.write_part(by_name[step.name], overrides)
            replace(by_name[step.name], is_new=step.action == "start")
    if not running.wait_until_ready(parts):
        raise RollError(message("NOT_REPLACED", "nginx"))
    if problem := running.problem_of_ports(settings):
        raise RollError(problem)


def _reload(nginx: Part, overrides: Overrides) -> None:
    if not nginx_master.renew(nginx, overrides):
        raise RollError(message("NGINX_STAYS"))
    # The other commands ask nginx, so they use the settings that it has.
    RUNIT.write_overrides(overrides)


def replace(part: Part, *, is_new: bool = False) -> None:
    """Replaces a part, or waits for a new one; raises if it does not come up."""
    log = RUNIT.logs / part.name / "current"
    sizes = log_files.sizes([log] if log.exists() else [])
    if not (running.comes_up(part) if is_new else running.replace(part)):
        lines = log_files.lines_since(log, sizes)[-3:] if log.exists() else []
        print(f"{log}:", *map(printable, lines), sep="\n  ", file=sys.stderr)
        raise RollError(message("NOT_REPLACED", part.name))
