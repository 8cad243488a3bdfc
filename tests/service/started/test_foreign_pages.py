"""Web pages of strangers, in the browser of somebody who can reach the service: they neither read
the operator's numbers nor empty the ledger."""

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
    # Under a name that was pointed to this machine a page is at home.
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
    """Of all that the operator's port has, asked by this name, with and without a port."""
    assert stack.ops_port
    client = Client(stack.ops_port)
    hosts = (host, f"{host}:9990")
    return {client("GET", path, headers={"Host": one}).status for path in PATHS for one in hosts}


@pytest.mark.parametrize("host", OURS)
def test_operators_come_by_localhost_or_a_number(watched: Stack, host: str) -> None:
    """Whatever address it is: no page can be at home at a number that is not its own."""
    assert statuses(watched, host) == {200}


@pytest.mark.parametrize("host", FOREIGN)
def test_no_other_name_is_answered(watched: Stack, host: str) -> None:
    """A name that was pointed to this machine reads neither the page nor a number."""
    assert statuses(watched, host) == {403}


@pytest.mark.parametrize("headers", PAGES, ids=str)
def test_no_page_empties_the_ledger(watched: Stack, headers: dict[str, str]) -> None:
    """The reset of any web page is refused, and all else goes on as it did."""
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


def test_whoever_is_no_page_empties_it(watched: Stack) -> None:
    """As curl, a load generator and the judge do, by whichever name."""
    for headers in ({}, {"Host": "rinha.example"}, {"Referer": "http://rinha.example/"}):
        assert watched.client()("POST", "/reset", headers=headers).status == 200
