"""How many people there are, asked while nobody else adds any."""

from loadtest.pessoas.contract import ContractBrokenError, read_count
from loadtest.pessoas.mix import count
from loadtest.wire.outcome import Failure
from loadtest.wire.probe import NotReadyError, Probe
from loadtest.wire.request import Address, Request


def hello(address: Address) -> Request:
    """What a service that is ready answers with 200."""
    return count(str(address))


def stored(probe: Probe) -> int | None:
    """The service's own count, if it can be read."""
    answer = probe.ask(count(probe.host))
    if answer.code in {Failure.CLOSED, Failure.RESET}:
        # An idle connection may end at the very moment of the question: once is chance.
        answer = probe.ask(count(probe.host))
    try:
        return read_count(answer.body) if answer.code == 200 else None
    except ContractBrokenError:
        return None


def require_fresh(people: int | None) -> None:
    """The official run begins with nobody."""
    if people:
        raise NotReadyError(
            f"there are {people:,} people; the official run begins with nobody. Use --reset if the "
            f"service has POST /reset, else `make reset`, or restart the stack with a fresh volume."
        )
