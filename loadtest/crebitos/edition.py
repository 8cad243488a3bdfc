"""The edition crebitos, the contest of 2024/Q1: a ledger with debits, credits and statements."""

from decimal import Decimal
from itertools import cycle as repeat

from loadtest.crebitos import state
from loadtest.crebitos.contract import CLIENTES
from loadtest.crebitos.history.after_load import Oracle
from loadtest.crebitos.history.watch import Watch
from loadtest.crebitos.mix import CYCLE, KINDS, build_requests
from loadtest.crebitos.official import plan as official_plan
from loadtest.crebitos.official.judge import Judge
from loadtest.crebitos.official.run import Official
from loadtest.crebitos.official.score import NAMES, add_score
from loadtest.crebitos.official.verdict import LINE, judge_official, official_part
from loadtest.crebitos.report import CrebitosReport, undecided
from loadtest.crebitos.rules.check import RULES, check
from loadtest.crebitos.rules.idempotency import SIZE, check_keys
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.drive.pool import Job
from loadtest.judging.edition import Edition, KeyRules
from loadtest.judging.terms import Terms
from loadtest.measure.recorder import Recorder
from loadtest.measure.tally import Tally
from loadtest.report.data import Load
from loadtest.report.judgement import not_complete
from loadtest.wire.probe import Probe
from loadtest.wire.request import CHECK


class LedgerLoad:
    """A load of the mix; with checks, an oracle looks for an order that explains the answers."""

    def __init__(self, plan: Plan, probe: Probe) -> None:
        self._oracle = Oracle(probe, plan.workers) if plan.checked else None
        kinds = plan.chosen(CYCLE)
        clientes = plan.subset.numbers if plan.subset is not None else CLIENTES
        self.mixes = [
            repeat(
                build_requests(
                    plan.address, seed, reuse=plan.keep_alive, cycle=kinds, clientes=clientes
                )
            )
            for seed in plan.worker_seeds
        ]

    def watch(self, worker: int, recorder: Recorder) -> Watch | None:
        return self._oracle.watch(worker, recorder) if self._oracle is not None else None

    def examine(self, report: CrebitosReport, load: Load) -> None:
        if self._oracle is not None:
            report.clientes = self._oracle.examine()
            load.invalid += undecided(report.clientes)


class LedgerOfficial:
    """An official run with its oracle and the official judge."""

    def __init__(self, plan: OfficialPlan, probe: Probe) -> None:
        self._plan, self._oracle, self._judge = (
            plan,
            Oracle(probe, 1),
            Judge(Recorder(plan.address)),
        )
        self._arrivals = official_plan.build_load(plan)

    def loop(self, job: Job) -> Official:
        watch = self._oracle.watch(0, self._judge.recorder)
        return Official(self._plan, self._arrivals, self._judge, watch, job)

    def size(self, _tally: Tally) -> int:
        return official_plan.size(self._plan)

    def examine(self, report: CrebitosReport, load: Load) -> None:
        judged, expected = self._judge.read(), official_plan.expected_counts(self._plan)
        expected[CHECK] -= judged.counts.left_out
        report.official = official_part(
            judged.counts, judged.failed, load.mix, expected, rehearsal=self._plan.is_rehearsal
        )
        if not report.official.complete:
            load.invalid.append(not_complete(load.mix, report.official.expected))
        if not load.crashes:
            report.clientes = self._oracle.examine()
            load.invalid += undecided(report.clientes)


CREBITOS = Edition(
    report_type=CrebitosReport,
    terms=Terms(cpus=Decimal("1.5"), memory="550MB"),
    kinds=KINDS,
    cycle=CYCLE,
    numbers=CLIENTES,
    line=LINE,
    hello=state.hello,
    require_fresh=state.require_fresh,
    begin_load=LedgerLoad,
    begin_official=LedgerOfficial,
    official_duration_s=official_plan.duration_s,
    official_size=official_plan.size,
    judge_official=judge_official,
    check=check,
    rules=RULES,
    key_rules=KeyRules(SIZE, check_keys),
    simulation=official_plan.SIMULATION,
    warm_up=f"/clientes/{CLIENTES[0]}/extrato",
    gatling_names=NAMES,
    add_score=add_score,
)
