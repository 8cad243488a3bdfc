"""A whole run of an entry: start, contract, a fresh start, official run, removal."""

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from loadtest.arena.deployment import Deployment, NoImageError
from loadtest.arena.docker import require_engine
from loadtest.arena.faults import Fault, Scene, lasting_faults, start_faults, unhealthy
from loadtest.arena.figures import all_figures, services
from loadtest.arena.free_port import only_run, require_free_port
from loadtest.arena.interrupts import removed_afterwards
from loadtest.arena.ready import is_hopeless, look, wait_ready
from loadtest.drive.plan import OfficialPlan
from loadtest.drive.run import View
from loadtest.judging.edition import Edition
from loadtest.limits import ARENA_LOGS_SHOWN
from loadtest.report.arena import Arena, ServiceLog
from loadtest.report.data import Report, Rule, Verdict
from loadtest.report.judgement import EXIT_BAD, EXIT_INVALID, wrong_answers
from loadtest.wire.outcome import printable
from loadtest.wire.probe import NotReadyError, UnreachableError


def judge_entry(
    files: Sequence[Path],
    rules: Sequence[Rule],
    chosen: Edition[Any],
    plan: OfficialPlan,
    view: View,
) -> Report:
    """Runs an entry as the arena does; `rules` are those that were checked on its compose file.

    The first file is the entry's own; others override parts of it.
    """
    require_engine()
    deployment = Deployment(files)
    deployment.services()
    run = _Run(deployment, Arena(file=printable(str(files[0]))), rules, chosen, plan)
    with only_run(plan.address.port):
        require_free_port(plan.address.port)
        with removed_afterwards(deployment.remove):
            # An earlier run that was killed may have left its containers and volumes.
            deployment.remove()
            report = run.whole(view)
    report.arena = run.arena
    return report


class _NoResultError(Exception):
    """The entry cannot be judged any further; the text says why."""


class _Run:
    """The steps of one run; what they find is added to its part of the report."""

    def __init__(
        self,
        deployment: Deployment,
        arena: Arena,
        rules: Sequence[Rule],
        chosen: Edition[Any],
        plan: OfficialPlan,
    ) -> None:
        self.arena = arena
        self._deployment, self._chosen, self._plan = deployment, chosen, plan
        self._hello = chosen.hello(plan.address)
        self._rules = [*rules]
        self._notes: list[str] = []
        # Of each container, since its start until the entry was ready.
        self._restarts: dict[str, int] = {}

    def whole(self, view: View) -> Report:
        """Returns the report of the official run, or of the step at which the entry failed."""
        try:
            self._get_images()
            self._start()
            self._check()
            self._deployment.remove()
            self._start()
            report = self._official(view)
        except _NoResultError as error:
            report = self._without_load(Verdict("fail", EXIT_BAD, [str(error)]))
        except NotReadyError as error:
            report = self._without_load(Verdict("invalid", EXIT_INVALID, [self._kept(error)]))
        report.notes += self._notes
        return report

    def _get_images(self) -> None:
        try:
            self._deployment.get_images()
        except NoImageError as error:
            self.arena.faults.append(str(error))
            text = f"it cannot be started, so the arena has no result: {error}"
            raise _NoResultError(text) from error

    def _start(self) -> None:
        """Starts the entry and waits until it is ready."""
        address, wait_s = self._plan.address, self._chosen.terms.ready_wait_s
        _tell(f"starting {self.arena.file}, up to {wait_s:.0f} s")
        with closing(self._deployment.start()) as start:
            hopeless = partial(is_hopeless, self._deployment, start, address.port)
            waited = wait_ready(address, self._hello, wait_s, hopeless)
            self.arena.ready_s = waited.ready_s
            if waited.ready_s is not None:
                _tell(f"ready after {waited.ready_s:.1f} s")
                self._restarts = {one.name: one.restarts for one in self._deployment.containers()}
                return
            answer, error = waited.answer, start.error()
            scene = self._look(answer=answer, start_error=error)
        self.arena.answer = str(answer)
        faults = start_faults(scene)
        self._record(scene, faults)
        cause = faults[0].text if faults else self.arena.answer
        raise _NoResultError(f"never ready, so the arena has no result: {cause}")

    def _check(self) -> None:
        """Checks the contract, every rule of it."""
        _tell("checking the contract")
        address, seed = self._plan.address, self._plan.seed
        try:
            checked = self._chosen.run_check(address, seed, reset=False, strict=True)
        except UnreachableError as error:
            self._look_back("during the contract check")
            raise _NoResultError(f"it no longer answers: {error}") from error
        self._rules += checked.rules
        self._look_back("during the contract check")

    def _official(self, view: View) -> Report:
        _tell(f"{self._plan.way}, {self._chosen.official_duration_s(self._plan):.0f} s")
        before = all_figures(self._deployment.containers())
        try:
            report: Report = self._chosen.run_official(
                self._plan, view, reset=False, strict=False, checked=self._rules
            )
        except UnreachableError as error:
            self._look_back("before the official run")
            raise _NoResultError(f"it no longer answers: {error}") from error
        containers = self._deployment.containers()
        load_s = report.load.rate.elapsed_s if report.load is not None else 0.0
        used = services(containers, before, all_figures(containers), load_s)
        self._look_back("during the official run")
        self.arena.services = used
        report.command, report.target = "arena", self.arena.file
        if self.arena.faults:
            reasons = [*self.arena.faults, *report.verdict.reasons]
            report.verdict = Verdict("fail", EXIT_BAD, reasons)
        return report

    def _look(self, **more: Any) -> Scene:
        return replace(look(self._deployment, self._plan.address.port, self._hello), **more)

    def _look_back(self, when: str) -> None:
        """Records the containers that have died or were killed since the entry was ready."""
        scene = self._look(restarts_before=self._restarts)
        self._record(scene, lasting_faults(scene), f" ({when})")
        self._notes += [text for text in unhealthy(scene) if text not in self._notes]

    def _record(self, scene: Scene, faults: Sequence[Fault], when: str = "") -> None:
        arena, containers = self.arena, scene.containers
        arena.faults += [
            f"{fault.text}{when}"
            for fault in faults
            if not any(known.startswith(fault.text) for known in arena.faults)
        ]
        arena.services = services(containers, {}, all_figures(containers), 0.0)
        arena.left = sorted({f"{path} ({one.name})" for one in containers for path in one.writes})
        if faults:
            blamed = {fault.name for fault in faults if fault.name}
            logs = [ServiceLog(name, list(lines)) for name, lines in scene.logs.items() if lines]
            named = [log for log in logs if log.name in blamed]
            arena.logs = (named if blamed else logs)[:ARENA_LOGS_SHOWN]

    def _kept(self, error: NotReadyError) -> str:
        """Returns why a new start is not a fresh one."""
        where = ", ".join(self.arena.left)
        return f"{error} It keeps data in {where}" if where else str(error)

    def _without_load(self, verdict: Verdict) -> Report:
        report: Report = self._chosen.report_type(
            command="arena",
            way=self._plan.way,
            target=self.arena.file,
            seed=self._plan.seed,
            rules=self._rules,
        )
        more = [*self.arena.faults, *wrong_answers(report)]
        # The cause is in the first reason already.
        verdict.reasons += [one for one in more if one not in verdict.reasons[0]]
        report.verdict = Verdict("fail", EXIT_BAD, verdict.reasons) if more else verdict
        return report


def _tell(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
