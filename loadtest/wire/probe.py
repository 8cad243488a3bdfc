"""Sends single requests, or several at once, and waits for their answers."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from time import perf_counter_ns as clock_ns

from loadtest.limits import (
    ASKED_MAX_S,
    EXAMPLE_BYTES_MAX,
    EXPIRE_EVERY_S,
    PROBE_TIMEOUT_S,
    READY_PAUSE_S,
    READY_WAIT_S,
    SILENCE_MAX_S,
    SILENT_TIMEOUT_S,
    TOGETHER_BYTES_MAX,
)
from loadtest.wire.engine import Engine
from loadtest.wire.outcome import Failure, outcome_name, shown
from loadtest.wire.request import CHECK, Address, Request, Tls, post
from loadtest.wire.tls import speaks_tls


class UnreachableError(Exception):
    """The target does not answer; the text names the failure."""


class NotReadyError(Exception):
    """The target is not in the state a run must begin with; the text says what to do."""


def how_to_empty(host: str) -> str:
    """Returns advice on emptying the target, which may be any entry of the contest."""
    return (
        f"Empty {host}: with --reset where it has POST /reset, else restart it with a fresh ledger "
        f"(a fresh volume or file)."
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A status or failure, the body, and the times of sending and of the answer."""

    code: int
    body: bytes
    sent_ns: int
    answered_ns: int

    def __str__(self) -> str:
        return f"{outcome_name(self.code)} {shown(self.body)}".rstrip()


class Probe:
    """Sends requests one batch at a time, over idle connections if there are any."""

    def __init__(self, address: Address) -> None:
        self.target, self.host = address, str(address)
        self._engine = Engine(address, self._ended, PROBE_TIMEOUT_S)
        self._answers: dict[int, Answer] = {}
        # Bytes of the answers to the current batch; seconds of all batches so far, and of those
        # with a timeout.
        self._bytes, self._asked_s, self._silence_s = 0, 0.0, 0.0

    def ask(self, request: Request) -> Answer:
        return self.ask_together([request])[0]

    def read(self, request: Request) -> Answer:
        """Asks a request that changes nothing, and may be asked twice.

        The peer may close an idle connection just when the request is sent.
        """
        answer = self.ask(request)
        return self.ask(request) if answer.code in {Failure.CLOSED, Failure.RESET} else answer

    def ask_together(self, requests: Sequence[Request]) -> list[Answer]:
        """Sends all requests before it reads the first answer.

        One that is lost with a kept connection is sent again, as curl, browsers and Gatling do.
        """
        # Drops idle connections that the peer has closed since the last batch.
        self._engine.turn(0)
        self._answers.clear()
        self._bytes, began_s = 0, monotonic()
        self._await_answers(requests)
        lost = [one for one in requests if self._answers[id(one)].code == Failure.KEPT_CLOSED]
        for request in lost:
            request.reuse = False
        self._await_answers(lost)
        answers = [self._answers[id(request)] for request in requests]
        self._be_done_in_time(answers, monotonic() - began_s)
        return answers

    def _await_answers(self, requests: Sequence[Request]) -> None:
        for request in requests:
            self._answers.pop(id(request), None)
        for request in requests:
            self._engine.start(request, clock_ns())
        wanted = len(self._answers) + len(requests)
        while len(self._answers) < wanted:
            self._engine.turn(EXPIRE_EVERY_S)
            self._engine.expire()

    def _be_done_in_time(self, answers: Sequence[Answer], took_s: float) -> None:
        """Shortens the timeout when too much time has passed in waiting.

        Hundreds of requests may still follow, and a silent service must not delay each of them.
        """
        self._asked_s += took_s
        if any(answer.code == Failure.TIMEOUT for answer in answers):
            self._silence_s += took_s
        if self._silence_s > SILENCE_MAX_S or self._asked_s > ASKED_MAX_S:
            self._engine.set_timeout(SILENT_TIMEOUT_S)

    def reset(self) -> None:
        """Empties the target by its own POST /reset."""
        answer = self.ask(Request(CHECK, post(self.target, "/reset", b"")))
        if answer.code not in {200, 204}:
            raise NotReadyError(
                f"POST /reset of {self.host} was answered with {answer}: switch the route on there "
                f"(RINHA_RESET=on, where it is this project's) and restart it, or start it with a "
                f"fresh ledger"
            )

    def close(self) -> None:
        self._engine.close()

    def _ended(self, request: Request, code: int, body: bytes, _due_ns: int, sent_ns: int) -> None:
        self._bytes += len(body)
        if self._bytes > TOGETHER_BYTES_MAX:
            code, body = Failure.TOO_LARGE, body[:EXAMPLE_BYTES_MAX]
        # The clock is read after the answer: an earlier time could claim a wrong real-time order.
        self._answers[id(request)] = Answer(code, body, sent_ns, clock_ns())


def reach(address: Address, hello: Request, *, until_ready: bool = False) -> Probe:
    """Returns a probe of a target that answers in HTTP.

    With `until_ready` the answer must be 200: any other may come from a proxy whose service is
    still starting.
    """
    try:
        probe = Probe(address)
    except OSError as error:
        raise UnreachableError(
            f"{address.host} has no address: {error.strerror or error}"
        ) from error
    code = probe.ask(hello).code
    wrong_scheme = _wants_tls(address, code)
    if code in tuple(Failure) or (until_ready and code != 200) or wrong_scheme:
        probe.close()
        raise UnreachableError(f"{address}: {wrong_scheme or outcome_name(code)}")
    return probe


def _wants_tls(address: Address, code: int) -> str:
    """Returns advice if a plain request was lost on a target that speaks TLS, else nothing.

    Some servers close the connection, some send an alert, and some answer 400 in plain HTTP.
    """
    suspicious = {Failure.CLOSED, Failure.RESET, Failure.RUBBISH, Failure.CUT, 400}
    if address.tls is not None or code not in suspicious or not speaks_tls(address):
        return ""
    return f"it speaks TLS; use {address._replace(tls=Tls()).url}"


def wait_ready(address: Address, hello: Request) -> Probe:
    """Waits until the service is ready: like the official judge, every 2 s for up to 40 s."""
    ends_s, announced = monotonic() + READY_WAIT_S, False
    while True:
        try:
            return reach(address, hello, until_ready=True)
        except UnreachableError as error:
            if monotonic() >= ends_s:
                text = f"{error} (asked for {READY_WAIT_S:.0f} s)"
                raise UnreachableError(text) from error
            if not announced:
                waiting = f"waiting for {address.url}, up to {READY_WAIT_S:.0f} s ({error})"
                print(waiting, file=sys.stderr, flush=True)
                announced = True
            sleep(READY_PAUSE_S)
