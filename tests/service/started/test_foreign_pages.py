"""Foreign web pages cannot read the operator's numbers, and cannot empty the ledger.

Such a page runs in the browser of a person who can reach the service.
"""

from collections.abc import Iterator

import pytest

from rinha.settings import EDITIONS
from tests.help.running import Client, Stack

OURS = ["localhost", "LOCALHOST", "127.0.0.1", "10.1.2.3", "[::1]", "[fe80::1]"]
FOREIGN = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3.4.com", "a"]
PATHS = ["/", "/state", "/metrics", "/health/api01", "/uplot.js"]
PAGES = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9990"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    # DNS rebinding: the page's own name leads to this machine.
    {"Host": "evil.example:9999", "Origin": "http://evil.example:9999"},
    {"Host": "evil.example:9999", "Sec-Fetch-Site": "same-origin"},
]


@pytest.fixture(scope="module", params=EDITIONS)
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("pages")
    with Stack(folder, ops=True, RINHA_EDITION=request.param) as stack:
        yield stack


def statuses(stack: Stack, host: str) -> set[int]:
    """Returns the statuses of all operator paths under this Host, with and without a port."""
    assert stack.ops_port
    client = Client(stack.ops_port)
    hosts = (host, f"{host}:9990")
    return {client("GET", path, headers={"Host": one}).status for path in PATHS for one in hosts}


@pytest.mark.parametrize("host", OURS)
def test_operators_come_by_localhost_or_a_number(watched: Stack, host: str) -> None:
    """A Host of localhost or an IP address is answered: DNS rebinding cannot forge it."""
    assert statuses(watched, host) == {200}


@pytest.mark.parametrize("host", FOREIGN)
def test_no_other_name_is_answered(watched: Stack, host: str) -> None:
    """Any other Host gets 403, so that a rebound DNS name reads nothing."""
    assert statuses(watched, host) == {403}


@pytest.mark.parametrize("headers", PAGES, ids=str)
def test_no_page_empties_the_ledger(watched: Stack, headers: dict[str, str]) -> None:
    """A reset from a web page is refused and changes nothing; the service goes on."""
    client = watched.client()
    if watched.edition == "pessoas":
        assert client.add(str(len(headers)) + str(headers)[:20]).status in (201, 422)
    else:
        assert client.transact(1, 1, "c").status == 200
    before = watched.state()
    for path in ("/reset", "/reset?x=1", "//reset", "/%72eset"):
        answer = client("POST", path, headers=headers)
        assert answer.status in (403, 404)
        assert "error" in answer.json
    assert client("POST", "/reset", headers=headers).status == 403
    assert watched.state() == before
    assert client("GET", "/health", headers=headers).status == 200


def test_a_client_that_is_no_page_empties_it(watched: Stack) -> None:
    """A reset from a program that is no browser works, under any Host."""
    for headers in ({}, {"Host": "rinha.example"}, {"Referer": "http://rinha.example/"}):
        assert watched.client()("POST", "/reset", headers=headers).status == 200
