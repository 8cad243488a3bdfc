"""An edition of the contest, and its commands, from the first request to the report.

An edition supplies requests, checks and a score; the steps of a command are the same for all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from loadtest.drive import worker
from loadtest.drive.loops import OfficialLoop, Watch
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.drive.pool import Job
from loadtest.drive.run import Run, View, run_workers
from loadtest.gatling.log import LOG_NAME, GatlingRun, read_log
from loadtest.gatling.results import CLOCK_NOTE, gatling_load
from loadtest.gatling.run import run_gatling
from loadtest.judging.terms import Terms
from loadtest.measure.health import generator_health, rate_of, why_unfit
from loadtest.measure.machine import this_machine
from loadtest.measure.recorder import Recorder
from loadtest.measure.tally import Tally
from loadtest.report.data import Load, Report, Rule, Verdict, load_of, moment_text
from loadtest.report.judgement import Line, judge_load, load_notes, verdict, wrong_answers
from loadtest.report.rule_progress import RuleLines, RuleView
from loadtest.report.thresholds import Threshold
from loadtest.wire.probe import Probe, reach, wait_ready
from loadtest.wire.request import Address, Kind, Request

ReportT = TypeVar("ReportT", bound=Report)
ExaminedT_contra = TypeVar("ExaminedT_contra", bound=Report, contravariant=True)


class LoadChecks(Protocol[ExaminedT_contra]):
    """An edition's part in one load: its requests, its watches and its checks afterwards."""

    @property
    def mixes(self) -> Sequence[Iterable[Request]]:
        """An endless stream of requests for each worker."""

    def watch(self, worker: int, recorder: Recorder) -> Watch | None: ...

    def examine(self, report: ExaminedT_contra, load: Load) -> None:
        """Adds the findings to the report."""


class OfficialChecks(Protocol[ExaminedT_contra]):
    """An edition's part in one official run: its loop, its size and its checks afterwards."""

    def loop(self, job: Job) -> OfficialLoop: ...

    def size(self, tally: Tally) -> int:
        """Returns the number of requests that the run had to send."""

    def examine(self, report: ExaminedT_contra, load: Load) -> None:
        """Adds the score and the findings to the report."""


class KeyRules(NamedTuple):
    """An edition's rules of Idempotency-Key."""

    size: int
    # Checks them, and returns them after the rules that were asked before.
    check: Callable[[Probe, int, RuleView, Sequence[Rule]], list[Rule]]


@dataclass(frozen=True, slots=True)
class Edition(Generic[ReportT]):
    """An edition: constants, requests, rules and score, and the commands made of them."""

    report_type: type[ReportT]
    terms: Terms
    kinds: Sequence[Kind]
    cycle: Sequence[Kind]  # the request types that a load repeats, shuffled each time
    line: Line
    # A request that a ready service of the edition answers with 200.
    hello: Callable[[Address], Request]
    # Raises NotReadyError unless the service is in the state of a fresh one.
    require_fresh: Callable[[Probe], None]
    begin_load: Callable[[Plan, Probe], LoadChecks[ReportT]]
    begin_official: Callable[[OfficialPlan, Probe], OfficialChecks[ReportT]]
    # The seconds of an official run, and its number of requests without failures.
    official_duration_s: Callable[[OfficialPlan], float]
    official_size: Callable[[OfficialPlan], int]
    # The verdict on an official run, of our own generator or of Gatling.
    judge_official: Callable[[ReportT, Load], Verdict]
    # Checks the contract rule by rule: all rules, or only those of the official run.
    check: Callable[[Probe, int, bool, RuleView], list[Rule]]
    # The number of these rules: of all, and of those of the official run.
    rules: Mapping[bool, int]
    # Gatling's own official run: its source, the path of its first request, its names of requests.
    simulation: Traversable
    warm_up: str
    gatling_names: Mapping[str, Kind]
    # Adds the official score of Gatling's results in a folder.
    add_score: Callable[[ReportT, Load, GatlingRun, Path], None]
    # None where the edition has no request that a key could protect.
    key_rules: KeyRules | None = None
    # The numbers to which a load can be limited; none where requests are about nothing numbered.
    numbers: Sequence[int] = ()
    # The files that the simulation reads, and the state that is saved beside its results.
    feeds: Callable[[], Mapping[str, str]] = dict
    save_state: Callable[[Address, Path], None] = lambda _address, _folder: None

    def run_load(
        self, plan: Plan, thresholds: list[Threshold], view: View, *, reset: bool, strict: bool
    ) -> ReportT:
        """`loadtest run`: sends the mix as the plan says."""
        with self._probe(plan.address, reset=reset) as probe:
            checks = self.begin_load(plan, probe)
            unit = len(plan.chosen(self.cycle))
            work = partial(worker.work, plan, checks.mixes, unit, checks.watch)
            done = run_workers(work, plan.workers, plan.address, self.kinds, view)
            load = _load_of(done, plan.wanted, plan.planned_s)
            report = self._report("run", plan, probe, load)
            # What a failed worker has sent is not all noted: it proves nothing about the data.
            if not load.crashes:
                checks.examine(report, load)
            report.rules = self._all_rules(probe, plan.seed) if strict else []
        report.verdict = judge_load(report, load, self.line, thresholds)
        return report

    def run_official(
        self,
        plan: OfficialPlan,
        view: View,
        *,
        reset: bool,
        strict: bool,
        checked: Sequence[Rule] = (),
    ) -> ReportT:
        """`loadtest official`: does the whole official run and judges it.

        Rules that were checked before count too.
        """
        with self._probe(plan.address, reset=reset, wait=True) as probe:
            self.require_fresh(probe)
            checks = self.begin_official(plan, probe)
            work = partial(worker.work_official, checks.loop)
            done = run_workers(work, 1, plan.address, self.kinds, view)
            load = _load_of(done, partial(checks.size, done.tally), self.official_duration_s(plan))
            report = self._report("official", plan, probe, load)
            checks.examine(report, load)
            report.rules = self._all_rules(probe, plan.seed) if strict else [*checked]
        report.verdict = self.judge_official(report, load)
        return report

    def run_check(  # noqa: PLR0913 - the options of a check
        self,
        address: Address,
        seed: int,
        view: RuleView | None = None,
        *,
        reset: bool,
        strict: bool,
        keys: KeyRules | None = None,
    ) -> ReportT:
        """`loadtest check`: checks the contract, rule by rule, without load."""
        shown = view or RuleLines(self.rules[strict])
        way = "every rule of the contract" if strict else "the rules of the official run"
        with self._probe(address, reset=reset) as probe, shown:
            rules = self.check(probe, seed, strict, shown)
            if keys is not None:
                way, rules = f"{way}, and Idempotency-Key", keys.check(probe, seed, shown, rules)
            report = self.report_type(
                command="check",
                way=way,
                target=probe.host,
                seed=seed,
                rules=rules,
                machine=this_machine(),
            )
        report.verdict = verdict(wrong_answers(report), [], [])
        return report

    def gatling(
        self, address: Address, simulation: Traversable | None, scale: float, *, reset: bool
    ) -> tuple[ReportT, Path]:
        """`loadtest gatling`: Gatling does the official run; returns report and results folder."""
        with self._probe(address, reset=reset, wait=True) as probe:
            self.require_fresh(probe)
        source, url = simulation or self.simulation, address.url
        folder = run_gatling(source, url, self.warm_up, scale, self.feeds())
        self.save_state(address, folder)
        return self.score(folder), folder

    def score(self, folder: Path) -> ReportT:
        """`loadtest score`: judges a folder of Gatling's results."""
        run = read_log(folder / LOG_NAME)
        load = gatling_load(run, self.kinds, self.gatling_names)
        report = self.report_type(
            command="score",
            way=f"Gatling {run.version}, {run.simulation}",
            target=folder.name,
            ended_at=moment_text(datetime.fromtimestamp(run.ended_ms / 1000, UTC)),
            load=load,
            notes=[CLOCK_NOTE, *load_notes(load)],
        )
        self.add_score(report, load, run, folder)
        report.verdict = self.judge_official(report, load)
        return report

    def _all_rules(self, probe: Probe, seed: int) -> list[Rule]:
        return self.check(probe, seed, True, RuleLines(self.rules[True]))

    @property
    def types(self) -> list[str]:
        """The names of the types of request that a load has, in the order of the mix."""
        return list(dict.fromkeys(kind.name for kind in self.cycle))

    @contextmanager
    def _probe(self, address: Address, *, reset: bool, wait: bool = False) -> Iterator[Probe]:
        """Opens a probe of the target and empties it first if asked; `wait` lets it start up."""
        with closing((wait_ready if wait else reach)(address, self.hello(address))) as probe:
            if reset:
                probe.reset()
            yield probe

    def _report(self, command: str, plan: Plan | OfficialPlan, probe: Probe, load: Load) -> ReportT:
        return self.report_type(
            command=command,
            way=plan.way,
            target=probe.host,
            seed=plan.seed,
            load=load,
            notes=load_notes(load),
            machine=this_machine(),
        )


def _load_of(done: Run, count: Callable[[], int | None], planned_s: float | None) -> Load:
    """Returns a finished run as report data; `count` gives the request count of an open loop."""
    # Counting the schedule of a day takes minutes, and one that was stopped needs no count.
    wanted = None if done.interrupted else count()
    rate = rate_of(done.tally, wanted, planned_s)
    generator = generator_health(done.tally, done.workers)
    invalid = why_unfit(done.tally, generator, rate, open_loop=wanted is not None)
    load = load_of(done.tally, rate, invalid, generator)
    load.target_usage, load.interrupted = done.usage, done.interrupted
    load.planned_s = planned_s
    return load
