"""What the clients have, asked while nobody else moves it."""

from loadtest.crebitos.contract import CLIENTES, ContractBrokenError, Extrato, read_extrato
from loadtest.crebitos.mix import LedgerRequest, extrato
from loadtest.wire.outcome import Failure
from loadtest.wire.probe import Answer, NotReadyError, Probe, how_to_empty
from loadtest.wire.request import Address

# The statement of every client, or the answer that is none.
State = dict[int, Extrato | Answer]


def hello(address: Address) -> LedgerRequest:
    """What a service that is ready answers with 200."""
    return extrato(str(address), CLIENTES[0])


def state_of(probe: Probe) -> State:
    found: State = {}
    for cliente in CLIENTES:
        answer = probe.ask(extrato(probe.host, cliente))
        if answer.code in {Failure.CLOSED, Failure.RESET}:
            # An idle connection may end at the very moment of the question: once is chance.
            answer = probe.ask(extrato(probe.host, cliente))
        try:
            found[cliente] = read_extrato(answer.body) if answer.code == 200 else answer
        except ContractBrokenError:
            found[cliente] = answer
    return found


def require_fresh(state: State, host: str) -> None:
    """The official run begins at 0."""
    for cliente, found in state.items():
        if isinstance(found, Extrato) and found.total != 0:
            raise NotReadyError(
                f"client {cliente} has the balance {found.total}; the official run begins at 0. "
                f"{how_to_empty(host)}"
            )
