"""Asks single questions, or several at the same moment, and waits for the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter_ns as clock_ns

from loadtest.crebitos.contract import CLIENTES, ContractBrokenError, Extrato, read_extrato
from loadtest.crebitos.mix import Request, post, statement
from loadtest.limits import EXPIRE_EVERY_S, PROBE_TIMEOUT_S
from loadtest.measure.recorder import shown
from loadtest.wire.engine import Engine
from loadtest.wire.outcome import Failure, Kind, outcome_name


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, or why there is none, and the body."""

    code: int
    body: bytes
    sent_ns: int
    answered_ns: int

    def __str__(self) -> str:
        return f"{outcome_name(self.code)} {shown(self.body)}".rstrip()


class Probe:
    """Each question goes over a kept connection when one is free, else over a new one."""

    def __init__(self, host: str, port: int, timeout_s: float = PROBE_TIMEOUT_S) -> None:
        self.name = f"{host}:{port}"
        self._engine = Engine(host, port, self._answered, self._lost, timeout_s)
        self._answers: dict[int, Answer] = {}

    def ask(self, request: Request) -> Answer:
        return self.ask_together([request])[0]

    def ask_together(self, requests: Sequence[Request]) -> list[Answer]:
        """All of them on the wire before the first answer is read."""
        # Connections that the peer closed while nobody asked must go before they are used.
        self._engine.turn(0)
        self._answers.clear()
        for request in requests:
            self._engine.start(request, clock_ns())
        while len(self._answers) < len(requests):
            self._engine.turn(EXPIRE_EVERY_S)
            self._engine.expire()
        return [self._answers[id(request)] for request in requests]

    def statements(self) -> dict[int, Extrato | Answer]:
        """The statement of every client, or the answer that is none."""
        found: dict[int, Extrato | Answer] = {}
        for client in CLIENTES:
            answer = self.ask(statement(self.name, client))
            if answer.code in {Failure.CLOSED, Failure.RESET}:
                # An idle connection may end at the very moment of the question: once is chance.
                answer = self.ask(statement(self.name, client))
            try:
                found[client] = read_extrato(answer.body) if answer.code == 200 else answer
            except ContractBrokenError:
                found[client] = answer
        return found

    def reset(self) -> Answer:
        return self.ask(Request(Kind.CHECK, post(self.name, "/reset", b"")))

    def unreachable(self, *, until_ready: bool = False) -> str | None:
        """Why nothing can be asked, in words; None when somebody answers in HTTP.

        With `until_ready` only a statement will do, not a proxy that waits for its service.
        """
        code = self.ask(statement(self.name, CLIENTES[0])).code
        silent = code in tuple(Failure)
        return outcome_name(code) if silent or (until_ready and code != 200) else None

    def close(self) -> None:
        self._engine.close()

    def _answered(
        self, request: Request, status: int, body: bytes, _due_ns: int, sent_ns: int
    ) -> None:
        self._answers[id(request)] = Answer(status, body, sent_ns, clock_ns())

    def _lost(
        self, request: Request, failure: Failure, seen: bytes, _due_ns: int, sent_ns: int
    ) -> None:
        self._answers[id(request)] = Answer(failure, seen, sent_ns, clock_ns())
