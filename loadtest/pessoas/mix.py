"""The requests, and the mix of the official run at its peak."""

from collections.abc import Iterator, Sequence
from random import Random
from urllib.parse import quote

from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.payloads import Payload, payloads, termos
from loadtest.wire.request import CHECK, Address, Kind, Request, get, post

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


def post_of(target: Address, payload: Payload, place: int, *, reuse: bool = True) -> PessoaRequest:
    data = post(target, "/pessoas", payload.body)
    return PessoaRequest(POST, data, reuse=reuse, place=place)


def detail(target: Address, path: str, place: int, *, reuse: bool = True) -> PessoaRequest:
    return PessoaRequest(DETAIL, get(target, path), reuse=reuse, place=place)


def search(target: Address, termo: str, *, reuse: bool = True) -> PessoaRequest:
    data = get(target, f"/pessoas?t={quote(termo, safe='')}")
    return PessoaRequest(SEARCH, data, reuse=reuse, termo=termo)


def bare_search(target: Address, *, reuse: bool = True) -> PessoaRequest:
    return PessoaRequest(BARE, get(target, "/pessoas"), reuse=reuse)


def count(target: Address) -> Request:
    return Request(CHECK, get(target, "/contagem-pessoas"))


def mixed(
    target: Address, seed: int, crowd: Crowd, cycle: Sequence[Kind], *, reuse: bool
) -> Iterator[PessoaRequest]:
    """Yields cycles without end: posts of new people, details of added ones, searches."""
    random, people, terms = Random(seed), payloads(seed), termos(seed)
    while True:
        kinds = list(cycle)
        random.shuffle(kinds)
        for kind in kinds:
            if kind == DETAIL and crowd.added:
                place = random.choice(crowd.added)
                yield detail(target, crowd.paths[place], place, reuse=reuse)
            elif kind == SEARCH:
                yield search(target, next(terms), reuse=reuse)
            elif kind == BARE:
                yield bare_search(target, reuse=reuse)
            else:
                # A post replaces a detail while no person has been added.
                payload = next(people)
                yield post_of(target, payload, crowd.join(payload), reuse=reuse)
