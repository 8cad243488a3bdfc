"""The collections of requests in docs/ are true."""

import contextlib
from pathlib import Path

import pytest

from tests.help.requests_file import requests_of
from tests.help.running import ROOT, Stack


@pytest.mark.parametrize(
    ("name", "edition"),
    [("requests.http", "crebitos"), ("requests-pessoas.http", "pessoas")],
)
def test_each_request_is_answered_as_the_file_says(tmp_path: Path, name: str, edition: str) -> None:
    """Each request of a .http file has the expected status, the first time and the second."""
    requests = requests_of(ROOT / "docs" / name)
    assert len(requests) > 10
    with (
        Stack(tmp_path, RINHA_RESET="off", RINHA_EDITION=edition) as stack,
        contextlib.closing(stack.client()) as client,
    ):
        for turn in (0, -1):
            for each in requests:
                answer = client(each.method, each.path, each.body, each.headers)
                assert answer.status == each.expected[turn], (each.name, answer)
