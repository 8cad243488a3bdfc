"""The history check finds no fault in a correct ledger, and names each fault of others."""

import sys
from collections import Counter
from functools import partial
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.crebitos.history.operation import REFUSED, Operation, refused, unknown
from loadtest.crebitos.history.search import explain
from loadtest.crebitos.history.sums import ReachableSums
from tests.loadtest.simulated_history import World, simulate

FAULTS = {
    "lost": "lost update",
    "twice": "applied twice",
    "torn": "torn statement",
    "nine": "statement with too few rows",
    "order": "statement rows in the wrong order",
    "refused_shown": "refused debit shown in the statement",
    "stale": "stale statement",
    "foreign": "statement shows a row that was never sent",
    "refused": "debit refused though it fits",
    "late": "balance no order explains",
    "total": "torn statement",
}


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    together=st.integers(1, 60),
    valor_max=st.sampled_from([5, 100, 10_000]),
    lost_share=st.sampled_from([0.0, 0.0, 0.003, 0.05]),
)
def test_a_correct_ledger_is_never_blamed(
    seed: int, together: int, valor_max: int, lost_share: float
) -> None:
    """A history with a valid order has no breaks, for any concurrency, amounts and lost answers."""
    world = World(seed, 250, together, 50 * valor_max, valor_max, lost_share=lost_share)
    operations, _ = simulate(world)
    print(f"seed {seed}")
    assert explain(operations, 0, (), world.limite).breaks == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_for_what_it_is(fault: str) -> None:
    """The planted fault's name is found in each faulty history, and is the most frequent name."""
    names: Counter[str] = Counter()
    share = 0.01 if fault in {"lost", "twice", "late"} else 0.3
    for seed in range(8):
        world = World(seed, 2_000, fault=fault, fault_share=share)
        operations, faults = simulate(world)
        explanation = explain(operations, 0, (), world.limite)
        found = Counter(broken.name for broken in explanation.breaks)
        assert faults == 0 or found[FAULTS[fault]] > 0, f"seed {seed}: {found}"
        names += found
    assert names.most_common(1)[0][0] == FAULTS[fault]


@pytest.mark.repeats
def test_a_correct_ledger_is_never_blamed_in_500_long_histories() -> None:
    """500 long histories of a correct ledger have no breaks."""
    for seed in range(500):
        world = World(seed, 4_000, together=14 + seed % 50, lost_share=0.001 * (seed % 3))
        explanation = explain(simulate(world)[0], 0, (), world.limite)
        assert explanation.breaks == [], f"seed {seed}"
        assert not explanation.undecided or world.lost_share, f"seed {seed}"


def test_the_search_is_cheap() -> None:
    """The cost is near linear: ten times the history takes about ten times the steps."""
    steps_each = []
    for size in (2_000, 20_000):
        operations, _ = simulate(World(7, size))
        steps: Counter[str] = Counter()
        sys.setprofile(partial(_count, steps))
        explain(operations, 0, (), 100_000)
        sys.setprofile(None)
        steps_each.append(steps.total() / size)
    assert steps_each[1] < 100
    assert steps_each[1] < 1.5 * steps_each[0]


def _count(steps: Counter[str], _frame: object, event: str, _argument: object) -> None:
    steps[event] += 1


def brute_force(operations: list[Operation], saldo: int, limite: int) -> bool:
    """Returns True if any order explains the answers; tries every order."""
    return any(_explains(order, saldo, limite) for order in permutations(operations))


def _explains(order: tuple[Operation, ...], saldo: int, limite: int) -> bool:
    latest_sent_ns = 0
    for operation in order:
        if operation.answered_ns < latest_sent_ns:
            return False
        latest_sent_ns = max(latest_sent_ns, operation.sent_ns)
        if operation.rows is not None:
            if operation.saldo != saldo:
                return False
        elif operation.outcome == REFUSED:
            if saldo + operation.delta >= -limite:
                return False
        elif operation.before != saldo:
            return False
        else:
            saldo = operation.saldo
    return True


SMALL = st.lists(
    st.tuples(
        st.integers(0, 12), st.integers(1, 8), st.sampled_from([-2, -1, 1, 2]), st.integers(-3, 3),
        st.sampled_from(["moved", "moved", "moved", "refused"]),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=400)
@given(SMALL)
def test_the_search_agrees_with_trying_every_order(
    drawn: list[tuple[int, int, int, int, str]],
) -> None:
    """On small histories the verdict equals that of brute force."""
    operations = [
        refused(sent, sent + took, delta, index)
        if what == "refused"
        else Operation(sent, sent + took, delta, saldo, index)
        for index, (sent, took, delta, saldo, what) in enumerate(drawn)
    ]
    expected = brute_force(operations, 0, 2)
    explanation = explain(operations, 0, (), 2)
    assert not explanation.undecided
    assert (not explanation.breaks) == expected


def test_an_unanswered_transaction_may_have_happened_or_not() -> None:
    """An unanswered transaction may explain a jump of the balance, and may have had no effect."""
    lost = unknown(0, -7, 1)
    with_it = Operation(10, 20, -1, -8, 2)
    without_it = Operation(10, 20, -1, -1, 2)
    for answered in (with_it, without_it):
        assert explain([lost, answered], 0, (), 100).breaks == []


def test_an_unanswered_transaction_explains_nothing_before_it_was_sent() -> None:
    """A transaction cannot explain a balance that was answered before it was sent."""
    early = Operation(0, 5, -1, -8, 1)
    lost = unknown(10, -7, 2)
    assert explain([early, lost], 0, (), 100).breaks != []


@given(st.lists(st.integers(-50, 50).filter(bool), max_size=8), st.integers(-400, 400))
def test_reachable_sums_are_the_sums_of_all_subsets(deltas: list[int], gap: int) -> None:
    """A jump is reachable exactly when a subset of the unanswered transactions adds up to it."""
    lost = [unknown(1, delta) for delta in deltas]
    sums = {0}
    for delta in deltas:
        sums |= {one + delta for one in sums}
    assert ReachableSums(lost).reachable(gap, 1) == (gap in sums)
