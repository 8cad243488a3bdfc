"""How many people there are, asked while nobody else adds any."""

from collections.abc import Iterator
from contextlib import suppress
from random import SystemRandom
from string import ascii_lowercase

from loadtest.pessoas.contract import (
    APELIDO_MAX,
    ContractBrokenError,
    Pessoa,
    read_count,
    read_pessoas,
)
from loadtest.pessoas.mix import count, post_of, search
from loadtest.pessoas.payloads import payload_of
from loadtest.wire.outcome import Failure
from loadtest.wire.probe import NotReadyError, Probe, how_to_empty
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


def acquaintances(probe: Probe) -> Iterator[tuple[str, Pessoa]]:
    """Some of those who are there: whom searches for a letter show."""
    answers = probe.ask_together([search(probe.host, letter) for letter in ascii_lowercase])
    known: dict[str, Pessoa] = {}
    for answer in answers:
        with suppress(ContractBrokenError):
            known |= read_pessoas(answer.body) if answer.code == 200 else ()
    yield from known.items()


def takes_a_newcomer(probe: Probe) -> bool:
    """Whether a right person is added whom nobody can have sent before."""
    letters = SystemRandom().choices(ascii_lowercase, k=APELIDO_MAX)
    newcomer = {"apelido": "".join(letters), "nome": "Nova", "nascimento": "2000-01-01"}
    return probe.ask(post_of(probe.host, payload_of(newcomer), -1)).code == 201


def require_fresh(people: int | None, host: str) -> None:
    """The official run begins with nobody."""
    if people:
        raise NotReadyError(
            f"there are {people:,} people; the official run begins with nobody. "
            f"{how_to_empty(host)}"
        )
