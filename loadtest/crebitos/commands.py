"""The commands of this edition, from the first request to the report."""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from importlib.resources.abc import Traversable
from itertools import cycle as repeat
from pathlib import Path

from loadtest.crebitos import state
from loadtest.crebitos.contract import CLIENTES
from loadtest.crebitos.history.aftermath import Oracle
from loadtest.crebitos.mix import CYCLE, KINDS, build_requests
from loadtest.crebitos.official import plan as official_plan
from loadtest.crebitos.official import run as official_run
from loadtest.crebitos.official import score as official_score
from loadtest.crebitos.official.judge import Judge
from loadtest.crebitos.official.verdict import LINE, judge_official, official_part
from loadtest.crebitos.report import CrebitosReport, undecided
from loadtest.crebitos.rules.check import check
from loadtest.crebitos.state import require_fresh, state_of
from loadtest.drive import worker
from loadtest.drive.conduct import View, conduct
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.gatling.run import run_gatling
from loadtest.measure.recorder import Recorder
from loadtest.play.before_and_after import load_after, probe_of, ready_probe
from loadtest.report.judgement import (
    judge_load,
    load_notes,
    not_complete,
    verdict,
    wrong_answers,
)
from loadtest.report.thresholds import Threshold
from loadtest.wire.request import CHECK, Address, Kind

REPORT = CrebitosReport
MIX: Sequence[Kind] = CYCLE
hello = state.hello


def run_load(
    plan: Plan, thresholds: list[Threshold], view: View, *, reset: bool, strict: bool
) -> CrebitosReport:
    """`loadtest run`: sends the mix as the plan says."""
    with closing(probe_of(plan.address, hello(plan.address), reset=reset)) as probe:
        oracle = Oracle(probe, plan.workers) if plan.checked else None
        kinds = plan.chosen(CYCLE)
        mixes = [
            repeat(build_requests(probe.host, seed, reuse=plan.keep_alive, cycle=kinds))
            for seed in plan.worker_seeds
        ]
        watch_of = oracle.watch if oracle is not None else None
        work = partial(worker.work, plan, mixes, len(kinds), watch_of)
        done = conduct(work, plan.workers, plan.address, KINDS, view)
        load = load_after(done, plan.wanted())
        clientes = oracle.examine() if oracle is not None else []
        load.invalid += undecided(clientes)
        report = CrebitosReport(
            command="run",
            way=plan.way,
            target=probe.host,
            seed=plan.seed,
            load=load,
            clientes=clientes,
            rules=check(probe, plan.seed, strict=True) if strict else [],
            notes=load_notes(load),
        )
    report.verdict = judge_load(report, load, LINE, thresholds)
    return report


def official_length(plan: OfficialPlan) -> tuple[float, int]:
    """Returns the seconds and the number of requests of an official run."""
    return official_plan.duration_s(plan), sum(official_plan.expected_counts(plan).values())


def run_official(plan: OfficialPlan, view: View, *, reset: bool, strict: bool) -> CrebitosReport:
    """`loadtest official`: plays the whole official run and judges it."""
    with closing(ready_probe(plan.address, hello(plan.address), reset=reset)) as probe:
        oracle, judge = Oracle(probe, 1), Judge(Recorder())
        require_fresh(oracle.before, probe.host)
        watch = oracle.watch(0, judge.recorder)
        arrivals = official_plan.build_load(plan)
        work = partial(official_run.work, plan, arrivals, judge, watch)
        done = conduct(work, 1, plan.address, KINDS, view)
        expected = official_plan.expected_counts(plan)
        load = load_after(done, sum(expected.values()))
        judged = judge.read()
        expected[CHECK] -= judged.counts.left_out
        official = official_part(
            judged.counts, judged.failed, load.mix, expected, rehearsal=plan.is_rehearsal
        )
        if not official.complete:
            load.invalid.append(not_complete(load.mix, official.expected))
        clientes = oracle.examine()
        load.invalid += undecided(clientes)
        report = CrebitosReport(
            command="official",
            way=plan.way,
            target=probe.host,
            seed=plan.seed,
            load=load,
            official=official,
            clientes=clientes,
            rules=check(probe, plan.seed, strict=True) if strict else [],
            notes=load_notes(load),
        )
    report.verdict = judge_official(report, official, load)
    return report


def run_check(address: Address, seed: int, *, reset: bool, strict: bool) -> CrebitosReport:
    """`loadtest check`: checks the contract, rule by rule, without load."""
    with closing(probe_of(address, hello(address), reset=reset)) as probe:
        report = CrebitosReport(
            command="check",
            way="every rule of the contract" if strict else "the rules of the official run",
            target=probe.host,
            seed=seed,
            rules=check(probe, seed, strict=strict),
        )
    report.verdict = verdict(wrong_answers(report), [], [])
    return report


def gatling(
    address: Address, simulation: Traversable | None, scale: float, *, reset: bool
) -> tuple[CrebitosReport, Path]:
    """`loadtest gatling`: Gatling plays the official run; returns report and results folder."""
    with closing(ready_probe(address, hello(address), reset=reset)) as probe:
        require_fresh(state_of(probe), probe.host)
    warm_up = f"/clientes/{CLIENTES[0]}/extrato"
    simulation = simulation or official_plan.SIMULATION
    folder = run_gatling(simulation, f"http://{address}", warm_up, scale, {})
    return score(folder), folder


def score(folder: Path) -> CrebitosReport:
    """`loadtest score`: judges a folder of Gatling's results."""
    return official_score.score(folder)
