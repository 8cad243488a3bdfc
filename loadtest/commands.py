"""What each command does, from the first question to the report."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep

from loadtest.crebitos.contract import Extrato
from loadtest.crebitos.history.aftermath import Statements, examine
from loadtest.crebitos.official import plan as official_plan
from loadtest.crebitos.official import run as official
from loadtest.crebitos.official.plan import OfficialPlan
from loadtest.crebitos.official.verdict import Verdict
from loadtest.crebitos.rules.conformance import check
from loadtest.drive import worker
from loadtest.drive.conduct import Conducted, conduct
from loadtest.drive.crew import Desk
from loadtest.drive.plan import Plan
from loadtest.limits import READY_PAUSE_S, READY_WAIT_S
from loadtest.measure.health import generator_health
from loadtest.report import judgement
from loadtest.report.data import SCHEMA_VERSION, Report, load_report
from loadtest.report.progress import View
from loadtest.report.thresholds import Threshold
from loadtest.wire.outcome import KIND_NAMES, Kind
from loadtest.wire.probe import Probe


class UnreachableError(Exception):
    """Nobody answers at the target; the text says how that showed."""


class NotReadyError(Exception):
    """The target is not in the state a run must begin with; the text says what to do."""


def run_load(plan: Plan, thresholds: list[Threshold], view: View, *, strict: bool) -> Report:
    """`loadtest run`: the mix, driven as asked."""
    probe = _reach(plan.host, plan.port)
    before = probe.statements() if plan.checked else {}
    work: Callable[[Desk], None] = partial(
        worker.work, plan, [worker.requests_of(plan, number) for number in range(plan.workers)]
    )
    done = conduct(work, plan.workers, plan.host, plan.port, view)
    report = load_report("run", plan.way, plan.name, done.tally) | {"seed": plan.seed}
    wanted = None if plan.mode == "closed" else sum(1 for _ in worker.due_times_of(plan))
    _add_generator(report, done, plan.workers, wanted)
    if plan.checked:
        clients = examine(done.operations, before, probe.statements())
        report["clients"] = [client.as_data() for client in clients]
    if strict:
        report["conformance"] = [asdict(row) for row in check(probe, strict=True)]
    probe.close()
    judgement.judge_load(report, thresholds)
    return report


def _add_generator(report: Report, done: Conducted, workers: int, wanted: int | None) -> None:
    open_ended = None if done.interrupted else wanted
    report["generator"] = generator_health(done.tally, workers, open_ended)
    report["target_usage"] = done.usage
    report["interrupted"] = done.interrupted
    if done.interrupted:
        report["notes"].append("stopped early: the figures are of the part that was driven")


def require_ready(host: str, port: int) -> None:
    """Where somebody else drives the official run: it answers, and every balance is 0."""
    probe = _wait_ready(host, port)
    _require_fresh(probe.statements())
    probe.close()


def run_official(plan: OfficialPlan, view: View, *, reset: bool, strict: bool) -> Report:
    """`loadtest official`: the whole official run and its verdict."""
    probe = _wait_ready(plan.host, plan.port)
    if reset:
        _reset(probe)
    before = probe.statements()
    _require_fresh(before)
    load = official_plan.build_load(plan)
    done = conduct(partial(official.work, plan, load), 1, plan.host, plan.port, view)
    report = load_report("official", plan.way, plan.name, done.tally) | {"seed": plan.seed}
    _add_generator(report, done, 1, sum(official_plan.expected_counts(plan).values()))
    report["clients"] = [
        client.as_data() for client in examine(done.operations, before, probe.statements())
    ]
    if strict:
        report["conformance"] = [asdict(row) for row in check(probe, strict=True)]
    probe.close()
    _judge_official(plan, done, report)
    return report


def _judge_official(plan: OfficialPlan, done: Conducted, report: Report) -> None:
    counts = {"total": 0, "ok_in_time": 0, "consistency": 0, "left_out": 0} | done.official
    verdict = Verdict(counts["total"], counts["ok_in_time"], counts["consistency"])
    expected = {KIND_NAMES[kind]: n for kind, n in official_plan.expected_counts(plan).items()}
    expected[KIND_NAMES[Kind.CHECK]] -= counts["left_out"]
    report["official"] = {
        **done.official,
        "rehearsal": plan.is_rehearsal,
        "expected": expected,
        "complete": report["mix"] == expected,
        **verdict.as_data(),
        "failed_checks": [
            {"what": what, "count": count} for what, count in done.failed_checks.most_common()
        ],
        "broken_checks": done.broken_checks,
    }
    if report["mix"] != expected:
        report["generator"]["invalid"].append(
            f"the run is not complete: {report['mix']} of {expected} requests"
        )
    report["notes"] += judgement.tail_notes(report)
    wrong, fined = judgement.wrong_answers(report), judgement.fined(report)
    proved = report["official"]["complete"] and judgement.slowness_is_proved(report)
    if verdict.consistency_failures or proved:
        wrong, fined = wrong + fined, []
    judgement.write_verdict(report, wrong, fined)


def run_check(host: str, port: int, *, strict: bool) -> Report:
    """`loadtest check`: the contract, rule by rule, without load."""
    probe = _reach(host, port)
    rows = check(probe, strict=strict)
    probe.close()
    report: Report = {
        "schema": SCHEMA_VERSION,
        "command": "check",
        "way": "every rule of the contract" if strict else "the rules of the official run",
        "target": f"{host}:{port}",
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "findings": [],
        "notes": [],
        "conformance": [asdict(row) for row in rows],
    }
    judgement.write_verdict(report, judgement.wrong_answers(report), [])
    return report


def _reach(host: str, port: int, *, until_ready: bool = False) -> Probe:
    try:
        probe = Probe(host, port)
    except OSError as error:
        raise UnreachableError(f"{host} has no address: {error.strerror or error}") from error
    trouble = probe.unreachable(until_ready=until_ready)
    if trouble is not None:
        probe.close()
        raise UnreachableError(f"{host}:{port}: {trouble}")
    return probe


def _wait_ready(host: str, port: int) -> Probe:
    """As the judge does: asks every two seconds, for forty."""
    ends_s = monotonic() + READY_WAIT_S
    while True:
        try:
            return _reach(host, port, until_ready=True)
        except UnreachableError as error:
            if monotonic() >= ends_s:
                text = f"{error} (asked for {READY_WAIT_S:.0f} s)"
                raise UnreachableError(text) from error
            sleep(READY_PAUSE_S)


def _reset(probe: Probe) -> None:
    answer = probe.reset()
    if answer.code not in {200, 204}:
        raise NotReadyError(
            f"POST /reset was answered with {answer}. Switch the reset route on, empty the "
            f"ledger yourself (`make reset`), or restart the stack with a fresh volume."
        )


def _require_fresh(before: Statements) -> None:
    for client, extrato in before.items():
        if isinstance(extrato, Extrato) and extrato.total != 0:
            raise NotReadyError(
                f"client {client} has the balance {extrato.total}; the official run begins at 0. "
                f"Use --reset if the service has POST /reset, else `make reset`, or restart the "
                f"stack with a fresh volume."
            )
