"""Simulated runs: random latencies with a heavy tail, and the noise of a shared machine.

Neighbouring seconds are alike, some answers wait for others, and now and then all answers stall. A
shared machine does this to a service that is the same in each run.
"""

import math
from random import Random
from typing import Any

from loadtest.crebitos.mix import CREDIT, CYCLE, DEBIT, EXTRATO, KINDS
from loadtest.crebitos.report import CrebitosReport
from loadtest.measure.health import generator_health, rate_of
from loadtest.measure.histogram import Histogram
from loadtest.measure.recorder import Counts, Times
from loadtest.measure.tally import Tally, WorkerSecond
from loadtest.measure.target.usage import Sample, Usage, Used
from loadtest.report.data import Load, load_of
from loadtest.wire.request import Kind

NOISE = 0.04  # standard deviation of the noise in each second's speed
STALLS_A_SECOND = 0.15
STALL_S = (0.01, 0.4)
SHORT_STALL_S = (0.01, 0.2)
TAIL = 0.02  # share of the answers that take several times as long
CPU_GRAIN_S = 0.01  # resolution of the kernel's CPU times


def simulated_run(
    seed: int, *, rate: float = 340, seconds: int = 10, slower: float = 1.0, dearer: float = 1.0
) -> Load:
    """Returns an open-loop run: `slower` multiplies latencies, `dearer` the CPU time of answers."""
    random, tally, noise = Random(seed), Tally(KINDS), 0.0
    start = random.gauss(0, 0.015)
    usage, spent_s = Usage(), 0.0
    for second in range(seconds):
        noise = 0.6 * noise + random.gauss(0, NOISE)
        speed = math.exp(start + noise)
        answers = round(rate)
        waits_us = _stalled(random, answers)
        times: dict[Kind, Histogram] = {kind: Histogram() for kind in (DEBIT, CREDIT, EXTRATO)}
        for at in range(answers):
            us = random.lognormvariate(6, 0.35) * speed * slower
            if random.random() < TAIL:
                us *= random.paretovariate(1.3) + 2
            times[random.choice(CYCLE)].add(int(us + waits_us[at]))
        outcomes = [Times.of(kind, 200, one, one) for kind, one in times.items()]
        counts = Counts(times=outcomes, late=Histogram({5: answers}), sent=answers)
        tally.add(WorkerSecond(second, second + 1.0, 0.1, 0.05, counts))
        spent_s += answers * 500e-6 * speed * dearer
        cpu = spent_s // CPU_GRAIN_S * CPU_GRAIN_S
        spent_s -= cpu
        usage.samples.append(Sample(second + 1.0, {"service": Used(cpu, 50_000_000, 0.0, 0)}))
    load = load_of(tally, rate_of(tally, None), [], generator_health(tally, 1))
    load.target_usage = usage
    return load


def _stalled(random: Random, answers: int) -> list[float]:
    """Returns the time in microseconds that each request of a second waits in a stall."""
    waits_us = [0.0] * answers
    if random.random() < STALLS_A_SECOND:
        left_us, first = random.uniform(*STALL_S) * 1e6, random.randrange(answers)
        for at in range(first, answers):
            waits_us[at] = max(left_us - (at - first) * 1e6 / answers, 0.0)
    return waits_us


def closed_run(seed: int, slower: float = 1.0) -> Load:
    """Returns a closed-loop run on the same machine: a slower service answers fewer requests."""
    random = Random(seed)
    noise, tally, start = 0.0, Tally(KINDS), random.gauss(0, 0.015)
    for second in range(10):
        noise = 0.6 * noise + random.gauss(0, NOISE)
        lost = random.uniform(*SHORT_STALL_S) if random.random() < STALLS_A_SECOND else 0.0
        answers = int(2_000 * (1 - lost) / math.exp(start + noise) / slower)
        us = 14e6 * (1 - lost) / answers
        times = Histogram({int(lost * 1e6): 14} if lost else {})
        for _ in range(answers):
            times.add(int(us * random.lognormvariate(0, 0.2)))
        debits = Times.of(DEBIT, 200, times, times)
        counts = Counts(times=[debits], late=Histogram({1: answers}), sent=answers)
        tally.add(WorkerSecond(second, second + 1.0, 0.1, 0.0, counts))
    return load_of(tally, rate_of(tally, None), [], generator_health(tally, 1))


def simulated_report(**changed: Any) -> CrebitosReport:
    """Returns the report of a simulated run, with these fields in place of its own."""
    fields: dict[str, Any] = {
        "command": "run",
        "way": "open loop",
        "target": "here:1",
        "load": simulated_run(1),
    }
    return CrebitosReport(**(fields | changed))
