"""The collection of requests in docs/ is true."""

import contextlib
from pathlib import Path

from tests.help.requests_file import requests_of
from tests.help.running import ROOT, Stack


def test_each_request_is_answered_as_the_file_says(tmp_path: Path) -> None:
    """Each request of docs/requests.http has the expected status, twice on one ledger."""
    requests = requests_of(ROOT / "docs/requests.http")
    assert len(requests) > 10
    with Stack(tmp_path, RINHA_RESET="off") as stack, contextlib.closing(stack.client()) as client:
        for _ in range(2):
            for each in requests:
                answer = client(each.method, each.path, each.body, each.headers)
                assert answer.status == each.expected, (each.name, answer)
