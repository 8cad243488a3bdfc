"""Every state of the model of the protocol, for a few requests and faults."""

from collections import deque
from collections.abc import Sequence

import pytest

from tests.help.effort import effort
from tests.help.protocol import MISTAKES, Protocol, State, broken_rule

# The first has a refusal, the second a WAL that is restarted. All debits and a statement, or two
# faults, take half a minute.
STARTS = effort(
    [State(unsent=(0, 1, 3), limit=1), State(unsent=(0, 1, 2), limit=3)],
    [State(limit=2), State(limit=3)],
    [State(limit=2, faults_left=2), State(limit=3)],
)


def shortest_trace(protocol: Protocol, *, full: bool, starts: Sequence[State]) -> list[str]:
    """Returns the steps to the nearest state that breaks a rule; none if no state does."""
    before: dict[State, tuple[State, str] | None] = dict.fromkeys(starts)
    queue = deque(starts)
    while queue:
        state = queue.popleft()
        steps = list(protocol.steps(state))
        rule = broken_rule(state, full=full)
        is_unfinished = state.unsent or not state.lock_is_free
        if is_unfinished and not any(": " in name for name, _ in steps):
            rule = "nobody can go on"
        if rule:
            trace = [rule]
            while came := before[state]:
                state, name = came
                trace.insert(0, name)
            return trace
        for name, after in steps:
            if after not in before:
                before[after] = (state, name)
                queue.append(after)
    print(f"{len(before)} states")
    return []


@pytest.mark.parametrize("mode", ["FULL", "NORMAL"])
def test_no_reachable_state_breaks_a_promise(mode: str) -> None:
    """No state loses an acknowledged transaction, has answers without an order, or locks for ever.

    A power cut may come in every state. With NORMAL it may take the newest transactions.
    """
    trace = shortest_trace(Protocol(mode), full=mode == "FULL", starts=STARTS)
    assert not trace, "\n".join(trace)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_planted_mistake_is_found(mistake: str) -> None:
    """The model would show each of these mistakes, with the shortest way to it."""
    trace = shortest_trace(Protocol("FULL", mistake), full=True, starts=STARTS)
    print(*trace, sep="\n")
    assert trace
