"""The edition pessoas, the contest of 2023/Q3: people, and searches for them."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path

from loadtest.drive.memory import Notes
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.drive.pool import Job
from loadtest.judging.edition import Edition
from loadtest.judging.terms import Terms
from loadtest.limits import PESSOAS_READY_WAIT_S
from loadtest.measure.recorder import Recorder
from loadtest.measure.tally import Tally
from loadtest.pessoas import state
from loadtest.pessoas.after_load import NOT_ADDED, examine, miscount
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import CYCLE, DETAIL, KINDS, POST, mixed
from loadtest.pessoas.notes import Note
from loadtest.pessoas.official import plan as official_plan
from loadtest.pessoas.official import score
from loadtest.pessoas.official.run import Official
from loadtest.pessoas.official.verdict import LINE, judge_official, official_part
from loadtest.pessoas.report import People, PessoasReport
from loadtest.pessoas.rules.check import RULES, check
from loadtest.pessoas.watch import Learner, Watch
from loadtest.report.data import Count, Load
from loadtest.wire.outcome import NEVER_LEFT
from loadtest.wire.probe import Probe, reach
from loadtest.wire.request import Address


class PeopleLoad:
    """A load of random people; the growth of the count must match the acknowledged posts."""

    def __init__(self, plan: Plan, probe: Probe) -> None:
        self._probe, self._is_checked, self._before = probe, plan.checked, state.stored(probe)
        self._crowds = [Crowd() for _ in range(plan.workers)]
        for id_, pessoa in state.known_people(probe).items():
            for crowd in self._crowds:
                crowd.meet(id_, pessoa)
        kinds = plan.chosen(CYCLE)
        self.mixes = [
            mixed(plan.address, seed, crowd, kinds, reuse=plan.keep_alive)
            for seed, crowd in zip(plan.worker_seeds, self._crowds, strict=True)
        ]

    def watch(self, worker: int, recorder: Recorder) -> Watch | Learner:
        crowd = self._crowds[worker]
        if not self._is_checked:
            return Learner(crowd)
        return Watch(recorder, crowd, Notes(Note), alone=False)

    def examine(self, report: PessoasReport, load: Load) -> None:
        if not self._is_checked:
            return
        after = state.stored(self._probe)
        posts = [times for times in load.times if times.kind == POST.name]
        acknowledged = sum(times.count for times in posts if times.code == 201)
        unanswered = sum(
            times.count for times in posts if not times.fine and times.code not in NEVER_LEFT
        )
        grown = None if self._before is None or after is None else after - self._before
        differences = miscount(acknowledged, grown, unanswered)
        if posts and not acknowledged and not state.adds_a_new_person(self._probe):
            # Every post may have repeated an earlier apelido; only a new random one is surely
            # right.
            differences.append(Count(NOT_ADDED, 1))
        report.people = People(acknowledged, grown, unanswered, differences=differences)


class PeopleOfficial:
    """An official run of known people; the count is read right after the load."""

    def __init__(self, plan: OfficialPlan, probe: Probe) -> None:
        self._plan, self._probe, self._crowd = plan, probe, official_plan.crowd_of(plan)
        self._arrivals, self._notes = official_plan.build_load(plan, self._crowd), Notes[Note](Note)

    def loop(self, job: Job) -> Official:
        recorder = Recorder(self._plan.address)
        watch = Watch(recorder, self._crowd, self._notes, alone=True)
        return Official(self._plan, self._arrivals, recorder, watch, job)

    def size(self, tally: Tally) -> int:
        details = tally.count(lambda times: times.kind == DETAIL.name)
        return sum(official_plan.expected_counts(self._plan).values()) + details

    def examine(self, report: PessoasReport, load: Load) -> None:
        count, expected = state.stored(self._probe), official_plan.expected_counts(self._plan)
        report.official = official_part(load, expected, rehearsal=self._plan.is_rehearsal)
        if not load.crashes:
            report.people = examine(self._crowd, self._notes.read(), count, self._probe)


def _save_stored(address: Address, folder: Path) -> None:
    with closing(reach(address, state.hello(address))) as probe:
        score.save_stored(folder, state.stored(probe))


PESSOAS = Edition(
    report_type=PessoasReport,
    terms=Terms(
        cpus=Decimal("1.5"),
        memory="3.0GB",
        balancers=frozenset({"nginx"}),
        databases=frozenset({"mongo", "mongodb", "mysql", "postgres", "postgresql"}),
        ready_wait_s=PESSOAS_READY_WAIT_S,
    ),
    kinds=KINDS,
    cycle=CYCLE,
    line=LINE,
    hello=state.hello,
    require_fresh=state.require_fresh,
    begin_load=PeopleLoad,
    begin_official=PeopleOfficial,
    official_duration_s=official_plan.duration_s,
    official_size=official_plan.size,
    judge_official=judge_official,
    check=check,
    rules=RULES,
    simulation=official_plan.SIMULATION,
    warm_up="/contagem-pessoas",
    gatling_names=score.NAMES,
    add_score=score.add_score,
    feeds=score.feeds,
    save_state=_save_stored,
)
