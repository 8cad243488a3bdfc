"""The people in the service, read while no load runs."""

from contextlib import suppress
from random import SystemRandom
from string import ascii_lowercase

from loadtest.pessoas.contract import APELIDO_MAX, Pessoa, read_count, read_pessoas
from loadtest.pessoas.mix import count, post_of, search
from loadtest.pessoas.payloads import payload_of
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.probe import NotReadyError, Probe, how_to_empty
from loadtest.wire.request import Address, Request


def hello(address: Address) -> Request:
    """Returns a request that a ready service answers with 200."""
    return count(address)


def stored(probe: Probe) -> int | None:
    """Returns the service's own count, or None if it cannot be read."""
    answer = probe.read(count(probe.target))
    try:
        return read_count(answer.body) if answer.code == 200 else None
    except ContractBrokenError:
        return None


def known_people(probe: Probe) -> dict[str, Pessoa]:
    """Returns some of the stored people: those shown by searches for a single letter."""
    answers = probe.ask_together([search(probe.target, letter) for letter in ascii_lowercase])
    known: dict[str, Pessoa] = {}
    for answer in answers:
        with suppress(ContractBrokenError):
            known |= read_pessoas(answer.body) if answer.code == 200 else ()
    return known


def adds_a_new_person(probe: Probe) -> bool:
    """Returns whether the service adds a right person with a new random apelido."""
    letters = SystemRandom().choices(ascii_lowercase, k=APELIDO_MAX)
    newcomer = {"apelido": "".join(letters), "nome": "Nova", "nascimento": "2000-01-01"}
    return probe.ask(post_of(probe.target, payload_of(newcomer), -1)).code == 201


def require_fresh(probe: Probe) -> None:
    """Requires a service without people: the official run begins with none."""
    people = stored(probe)
    if people:
        raise NotReadyError(
            f"there are {people:,} people; the official run begins with none. "
            f"{how_to_empty(probe.host)}"
        )
