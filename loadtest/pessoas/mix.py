"""The requests, and the mix of the official run at its peak."""

from collections.abc import Iterator, Sequence
from random import Random
from urllib.parse import quote

from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.payloads import Payload, payloads, termos
from loadtest.wire.request import CHECK, Kind, Request, get, post

# A post may be refused, and a search without a term must be.
POST = Kind(1, "posts", frozenset({201, 422, 400}))
DETAIL = Kind(2, "details")
SEARCH = Kind(3, "searches")
BARE = Kind(4, "searches without t", frozenset({400}))
KINDS = (POST, DETAIL, SEARCH, BARE, CHECK)

# The mix of the last second of the official run.
CYCLE = (POST,) * 30 + (DETAIL,) * 28 + (SEARCH,) * 5 + (BARE,) * 2


class PessoaRequest(Request):
    """A post or a detail with the place of its person in the crowd, a search with its term."""

    __slots__ = ("place", "termo")

    def __init__(
        self, kind: Kind, data: bytes, *, reuse: bool, place: int = -1, termo: str = ""
    ) -> None:
        # The path of an added person is only in the head of the answer.
        super().__init__(kind, data, reuse=reuse, whole=kind == POST)
        self.place = place
        self.termo = termo


def post_of(host: str, payload: Payload, place: int, *, reuse: bool = True) -> PessoaRequest:
    data = post(host, "/pessoas", payload.body)
    return PessoaRequest(POST, data, reuse=reuse, place=place)


def detail(host: str, path: str, place: int, *, reuse: bool = True) -> PessoaRequest:
    return PessoaRequest(DETAIL, get(host, path), reuse=reuse, place=place)


def search(host: str, termo: str, *, reuse: bool = True) -> PessoaRequest:
    data = get(host, f"/pessoas?t={quote(termo, safe='')}")
    return PessoaRequest(SEARCH, data, reuse=reuse, termo=termo)


def bare_search(host: str, *, reuse: bool = True) -> PessoaRequest:
    return PessoaRequest(BARE, get(host, "/pessoas"), reuse=reuse)


def count(host: str) -> Request:
    return Request(CHECK, get(host, "/contagem-pessoas"))


def mixed(
    host: str, seed: int, crowd: Crowd, cycle: Sequence[Kind], *, reuse: bool
) -> Iterator[PessoaRequest]:
    """Yields cycles without end: posts of new people, details of added ones, searches."""
    random, people, terms = Random(seed), payloads(seed), termos(seed)
    while True:
        kinds = list(cycle)
        random.shuffle(kinds)
        for kind in kinds:
            if kind == DETAIL and crowd.added:
                place = random.choice(crowd.added)
                yield detail(host, crowd.paths[place], place, reuse=reuse)
            elif kind == SEARCH:
                yield search(host, next(terms), reuse=reuse)
            elif kind == BARE:
                yield bare_search(host, reuse=reuse)
            else:
                # A post replaces a detail while no person has been added.
                payload = next(people)
                yield post_of(host, payload, crowd.join(payload), reuse=reuse)
