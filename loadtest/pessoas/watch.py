"""Checks every answer of the load against the rules that hold at any moment."""

from time import perf_counter_ns as clock_ns

from loadtest.drive.memory import Notes
from loadtest.measure.recorder import Recorder
from loadtest.pessoas.contract import ROWS_MAX, Pessoa, location_of, read_pessoa, read_pessoas
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import DETAIL, POST, SEARCH, PessoaRequest
from loadtest.pessoas.notes import Note, Posted, Searched
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.request import Request

NO_LOCATION = "201 without a Location"
BAD_ADDED = "a bad person was added"
NOT_FOUND = "an acknowledged person is not found"
NOT_AS_SENT = "a person is not shown as sent"
NEVER_SENT = "a search shows a person who was never sent like that"
NOT_CONTAINED = "a search shows a person without the term in any text"
TOO_MANY = f"a search shows more than {ROWS_MAX} people"
OTHER_ID = "a search shows a person under another id than its Location"
TWICE = "a search shows one person twice"


class Learner:
    """Only learns the paths of people, so that details can be requested."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def ended(self, request: Request, code: int, body: bytes, _sent_ns: int) -> None:
        if code == 201 and isinstance(request, PessoaRequest):
            path = location_of(body)
            if path:
                self._crowd.add(request.place, path)

    def flush(self) -> None:
        """Does nothing: there are no notes."""


class Watch:
    """Counts wrong answers, and notes posts and searches for the checks after the load.

    Unless `alone`, a search may show people of another crowd.
    """

    def __init__(
        self, recorder: Recorder, crowd: Crowd, notes: Notes[Note], *, alone: bool
    ) -> None:
        self._recorder = recorder
        self._crowd = crowd
        self._notes = notes
        self._alone = alone

    def ended(self, request: Request, code: int, body: bytes, sent_ns: int) -> None:
        if not isinstance(request, PessoaRequest):
            return
        try:
            if request.kind == POST:
                self._posted(request, code, body)
            elif request.kind == DETAIL:
                self._detailed(request, code, body)
            elif request.kind == SEARCH and code == 200:
                self._searched(request, body, sent_ns)
        except ContractBrokenError as broken:
            self._recorder.find(str(broken), request, code, body)

    def flush(self) -> None:
        self._notes.flush()

    def _posted(self, request: PessoaRequest, code: int, body: bytes) -> None:
        # The clock is read after the answer: an earlier time could claim a wrong real-time order.
        answered_ns, path = clock_ns(), ""
        if code == 201:
            path = location_of(body)
            if path:
                self._crowd.add(request.place, path)
            else:
                self._recorder.find(NO_LOCATION, request, code, body)
            broken = self._crowd.payloads[request.place].broken
            if broken:
                self._recorder.find(f"{BAD_ADDED}: {broken}", request, code, body)
        self._notes.add(Posted(request.place, code, answered_ns, path))

    def _detailed(self, request: PessoaRequest, code: int, body: bytes) -> None:
        if code == 404:
            self._recorder.find(NOT_FOUND, request, code, body)
        if code != 200:
            return
        id_, shown = read_pessoa(body)
        sent = self._crowd.payloads[request.place].pessoa
        wrong = "id" if not self._crowd.paths[request.place].endswith(id_) else ""
        if sent is not None and shown != sent:
            wrong = _difference(sent, shown)
        if wrong:
            self._recorder.find(f"{NOT_AS_SENT}: {wrong}", request, code, body)

    def _searched(self, request: PessoaRequest, body: bytes, sent_ns: int) -> None:
        shown, folded = read_pessoas(body), request.termo.casefold()
        places = [self._crowd.place_of(id_, pessoa) for id_, pessoa in shown]
        known = [place for place in places if place is not None]
        if len(shown) > ROWS_MAX:
            self._recorder.find(TOO_MANY, request, 200, body)
        if len({id_ for id_, _ in shown}) != len(shown) or len(set(known)) != len(known):
            self._recorder.find(TWICE, request, 200, body)
        if not all(pessoa.has(folded) for _, pessoa in shown):
            self._recorder.find(NOT_CONTAINED, request, 200, body)
        if any(
            place in self._crowd.paths and not self._crowd.paths[place].endswith(id_)
            for place, (id_, _) in zip(places, shown, strict=True)
        ):
            self._recorder.find(OTHER_ID, request, 200, body)
        if self._alone:
            if len(known) != len(places):
                self._recorder.find(NEVER_SENT, request, 200, body)
            self._notes.add(Searched(request.termo, sent_ns, known))


def _difference(sent: Pessoa, shown: Pessoa) -> str:
    return next(
        name
        for name, before, after in zip(Pessoa._fields, sent, shown, strict=True)
        if before != after
    )
