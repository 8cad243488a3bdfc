"""Checks after a load of known people: counts, duplicates, lost people and searches."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from loadtest.pessoas.contract import ROWS_MAX, Pessoa
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import detail
from loadtest.pessoas.notes import Note, Posted, Searched
from loadtest.pessoas.report import People
from loadtest.report.data import Count
from loadtest.wire.outcome import NEVER_LEFT
from loadtest.wire.probe import Probe

REFUSED = frozenset({400, 422})
ASKED_TOGETHER = 100
# Bytes that never occur in UTF-8: no term is found across them.
TEXT_END, PESSOA_END = b"\xff", b"\xfe"

TWICE = "one apelido was acknowledged twice"
FOLDED = "refused, as if an apelido in another case were the same"
NOT_ADDED = "a right person was refused"
MISSED_NULL = "a search misses a person whose stack is null, acknowledged before it was sent"
MISSED = "a search misses a person who was acknowledged before it was sent"
LOST = "acknowledged, and not in the count"
GONE = "acknowledged, and not found afterwards"
TOO_MANY = "in the count, and never acknowledged"


def examine(crowd: Crowd, notes: Sequence[Note], stored: int | None, probe: Probe) -> People:
    """Returns the counts of people, and every difference between them and the answers."""
    posted = [note for note in notes if isinstance(note, Posted)]
    searched = [note for note in notes if isinstance(note, Searched)]
    added = sorted((one for one in posted if one.code == 201), key=lambda one: one.answered_ns)
    unanswered = [
        one for one in posted if one.code not in {201, *REFUSED} and one.code not in NEVER_LEFT
    ]
    wrong: Counter[str] = Counter()
    _check_posts(crowd, posted, wrong)
    _check_searches(crowd, added, searched, wrong)
    miscounted = miscount(len(added), stored, len(unanswered))
    if any(one.what == LOST for one in miscounted):
        wrong[GONE] = _gone(added, probe)
    return People(
        acknowledged=len(added),
        stored=stored,
        unanswered=len(unanswered),
        expected=len(_by_apelido(crowd, posted)),
        differences=[*miscounted, *(Count(what, count) for what, count in wrong.items() if count)],
    )


def miscount(acknowledged: int, stored: int | None, unanswered: int) -> list[Count]:
    """Returns the difference between the service's own count and its answers, if readable."""
    if stored is not None and stored < acknowledged:
        return [Count(LOST, acknowledged - stored)]
    if stored is not None and stored > acknowledged + unanswered:
        return [Count(TOO_MANY, stored - acknowledged)]
    return []


def _by_apelido(crowd: Crowd, posted: Sequence[Posted]) -> dict[str, list[Posted]]:
    """Returns the posts of right people, by apelido."""
    found: dict[str, list[Posted]] = defaultdict(list)
    for one in posted:
        pessoa = crowd.payloads[one.place].pessoa
        if pessoa is not None:
            found[pessoa.apelido].append(one)
    return found


def _check_posts(crowd: Crowd, posted: Sequence[Posted], wrong: Counter[str]) -> None:
    """Checks that exactly one post of each apelido is added."""
    by_apelido = _by_apelido(crowd, posted)
    added = {
        apelido: sum(one.code == 201 for one in rivals) for apelido, rivals in by_apelido.items()
    }
    folded = Counter(apelido.casefold() for apelido, times in added.items() if times)
    for apelido, rivals in by_apelido.items():
        wrong[TWICE] += max(0, added[apelido] - 1)
        if all(one.code in REFUSED for one in rivals):
            wrong[FOLDED if folded[apelido.casefold()] else NOT_ADDED] += 1


def _check_searches(
    crowd: Crowd, added: Sequence[Posted], searched: Sequence[Searched], wrong: Counter[str]
) -> None:
    """Checks that a search shows every match acknowledged before it was sent, unless it is full."""
    texts = _Texts(crowd, added)
    for search in searched:
        if len(search.found) >= ROWS_MAX:
            continue
        due = set(texts.having(search.termo, search.sent_ns))
        for place in due - set(search.found):
            pessoa = crowd.payloads[place].pessoa
            hidden = pessoa is not None and pessoa.stack is None
            wrong[MISSED_NULL if hidden else MISSED] += 1


class _Texts:
    """The texts of all added people, in the order of their acknowledgments."""

    def __init__(self, crowd: Crowd, added: Sequence[Posted]) -> None:
        self._moments_ns = [one.answered_ns for one in added]
        self._places = [one.place for one in added]
        parts = [_folded(crowd.payloads[one.place].pessoa) for one in added]
        self._text = b"".join(parts)
        self._ends: list[int] = []
        end = 0
        for part in parts:
            end += len(part)
            self._ends.append(end)

    def having(self, termo: str, before_ns: int) -> Iterator[int]:
        """Yields the places of people whose texts have the term, acknowledged before that time."""
        last = bisect_left(self._moments_ns, before_ns)
        if not last:
            return
        sought, begin, end = termo.casefold().encode(), 0, self._ends[last - 1]
        while (at := self._text.find(sought, begin, end)) >= 0:
            which = bisect_left(self._ends, at + 1)
            yield self._places[which]
            begin = self._ends[which]


def _folded(pessoa: Pessoa | None) -> bytes:
    texts = dict.fromkeys(pessoa.texts) if pessoa is not None else ()
    return TEXT_END.join(text.casefold().encode() for text in texts) + PESSOA_END


def _gone(added: Sequence[Posted], probe: Probe) -> int:
    """Asks for every added person once more, and returns how many are not found."""
    gone = 0
    asked = [detail(probe.target, one.path, one.place) for one in added if one.path]
    for start in range(0, len(asked), ASKED_TOGETHER):
        answers = probe.ask_together(asked[start : start + ASKED_TOGETHER])
        gone += sum(answer.code != 200 for answer in answers)
    return gone
