"""The commands of this edition, from the first request to the report."""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path

from loadtest.drive import worker
from loadtest.drive.conduct import View, conduct
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.gatling.run import run_gatling
from loadtest.measure.recorder import Recorder
from loadtest.pessoas import state
from loadtest.pessoas.aftermath import NOT_ADDED, examine, miscount
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import CYCLE, DETAIL, KINDS, POST, mixed
from loadtest.pessoas.notes import Notes
from loadtest.pessoas.official import plan as official_plan
from loadtest.pessoas.official import run as official_run
from loadtest.pessoas.official import score as official_score
from loadtest.pessoas.official.verdict import LINE, judge_official, official_part
from loadtest.pessoas.report import People, PessoasReport
from loadtest.pessoas.rules.check import check
from loadtest.pessoas.state import (
    acquaintances,
    require_fresh,
    stored,
    takes_a_newcomer,
)
from loadtest.pessoas.watch import Learner, Watch
from loadtest.play.before_and_after import load_after, probe_of, ready_probe
from loadtest.report.data import Count, Load
from loadtest.report.judgement import judge_load, load_notes, verdict, wrong_answers
from loadtest.report.thresholds import Threshold
from loadtest.wire.outcome import NEVER_LEFT
from loadtest.wire.probe import Probe, reach
from loadtest.wire.request import Address, Kind

REPORT = PessoasReport
MIX: Sequence[Kind] = CYCLE
hello = state.hello


def run_load(
    plan: Plan, thresholds: list[Threshold], view: View, *, reset: bool, strict: bool
) -> PessoasReport:
    """`loadtest run`: sends the mix as the plan says, with random people."""
    with closing(probe_of(plan.address, hello(plan.address), reset=reset)) as probe:
        before = stored(probe)
        crowds = [Crowd() for _ in range(plan.workers)]
        for id_, pessoa in acquaintances(probe):
            for crowd in crowds:
                crowd.meet(id_, pessoa)
        kinds = plan.chosen(CYCLE)
        mixes = [
            mixed(probe.host, seed, crowd, kinds, reuse=plan.keep_alive)
            for seed, crowd in zip(plan.worker_seeds, crowds, strict=True)
        ]

        def watch_of(number: int, recorder: Recorder) -> Watch | Learner:
            crowd = crowds[number]
            if not plan.checked:
                return Learner(crowd)
            return Watch(recorder, crowd, Notes(), alone=False)

        work = partial(worker.work, plan, mixes, len(kinds), watch_of)
        done = conduct(work, plan.workers, plan.address, KINDS, view)
        load = load_after(done, plan.wanted())
        after = stored(probe)
        report = PessoasReport(
            command="run",
            way=plan.way,
            target=probe.host,
            seed=plan.seed,
            load=load,
            people=_people_of(load, before, after, probe) if plan.checked else None,
            rules=check(probe, plan.seed, strict=True) if strict else [],
            notes=load_notes(load),
        )
    report.verdict = judge_load(report, load, LINE, thresholds)
    return report


def _people_of(load: Load, before: int | None, after: int | None, probe: Probe) -> People:
    """Compares the growth of the service's count with the acknowledged posts."""
    posts = [times for times in load.times if times.kind == POST.name]
    acknowledged = sum(times.count for times in posts if times.code == 201)
    unanswered = sum(
        times.count for times in posts if not times.fine and times.code not in NEVER_LEFT
    )
    grown = None if before is None or after is None else after - before
    differences = miscount(acknowledged, grown, unanswered)
    if posts and not acknowledged and not takes_a_newcomer(probe):
        # Every post may have repeated an earlier apelido; only a new random one is surely right.
        differences.append(Count(NOT_ADDED, 1))
    return People(acknowledged, grown, unanswered, differences=differences)


def official_length(plan: OfficialPlan) -> tuple[float, int]:
    """Returns the seconds and the number of requests of an official run without failures."""
    counts = official_plan.expected_counts(plan)
    people = official_plan.right_people(official_plan.crowd_of(plan))
    return official_plan.duration_s(plan), sum(counts.values()) + people


def run_official(plan: OfficialPlan, view: View, *, reset: bool, strict: bool) -> PessoasReport:
    """`loadtest official`: plays the whole official run and judges it."""
    with closing(ready_probe(plan.address, hello(plan.address), reset=reset)) as probe:
        require_fresh(stored(probe), probe.host)
        crowd, notes, recorder = official_plan.crowd_of(plan), Notes(), Recorder()
        watch = Watch(recorder, crowd, notes, alone=True)
        arrivals = official_plan.build_load(plan, crowd)
        work = partial(official_run.work, plan, arrivals, recorder, watch)
        done = conduct(work, 1, plan.address, KINDS, view)
        # The count is read right after the load, as the jury does.
        count = stored(probe)
        expected = official_plan.expected_counts(plan)
        details = done.tally.count(lambda kind, _code: kind == DETAIL)
        load = load_after(done, sum(expected.values()) + details)
        report = PessoasReport(
            command="official",
            way=plan.way,
            target=probe.host,
            seed=plan.seed,
            load=load,
            official=official_part(load, expected, rehearsal=plan.is_rehearsal),
            people=examine(crowd, notes.read(), count, probe),
            rules=check(probe, plan.seed, strict=True) if strict else [],
            notes=load_notes(load),
        )
    assert report.official is not None
    report.verdict = judge_official(report, report.official, load)
    return report


def run_check(address: Address, seed: int, *, reset: bool, strict: bool) -> PessoasReport:
    """`loadtest check`: checks the contract, rule by rule, without load."""
    with closing(probe_of(address, hello(address), reset=reset)) as probe:
        report = PessoasReport(
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
) -> tuple[PessoasReport, Path]:
    """`loadtest gatling`: Gatling plays the official run; returns report and results folder."""
    with closing(ready_probe(address, hello(address), reset=reset)) as probe:
        require_fresh(stored(probe), probe.host)
    simulation = simulation or official_plan.SIMULATION
    feeds = official_score.feeds()
    folder = run_gatling(simulation, f"http://{address}", "/contagem-pessoas", scale, feeds)
    with closing(reach(address, hello(address))) as probe:
        official_score.keep_stored(folder, stored(probe))
    return score(folder), folder


def score(folder: Path) -> PessoasReport:
    """`loadtest score`: judges a folder of Gatling's results, with the count beside them."""
    return official_score.score(folder)
