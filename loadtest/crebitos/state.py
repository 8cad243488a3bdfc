"""The clients' statements, read while no load runs."""

from loadtest.crebitos.contract import CLIENTES, Extrato, read_extrato
from loadtest.crebitos.mix import LedgerRequest, extrato
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.probe import Answer, NotReadyError, Probe, how_to_empty
from loadtest.wire.request import Address

# Each client's statement, or the answer that is not a statement.
State = dict[int, Extrato | Answer]


def hello(address: Address) -> LedgerRequest:
    """Returns a request that a ready service answers with 200."""
    return extrato(address, CLIENTES[0])


def state_of(probe: Probe) -> State:
    found: State = {}
    for cliente in CLIENTES:
        answer = probe.read(extrato(probe.target, cliente))
        try:
            found[cliente] = read_extrato(answer.body) if answer.code == 200 else answer
        except ContractBrokenError:
            found[cliente] = answer
    return found


def require_fresh(probe: Probe) -> None:
    """Requires that every balance is 0, as the official run does."""
    for cliente, found in state_of(probe).items():
        if isinstance(found, Extrato) and found.total != 0:
            raise NotReadyError(
                f"client {cliente} has the balance {found.total}; the official run begins at 0. "
                f"{how_to_empty(probe.host)}"
            )
