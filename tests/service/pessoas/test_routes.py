"""Answers of the routes of pessoas, without a server."""

import http
from typing import Any

import falcon.testing
import pytest

from rinha.errors import StoreBusyError
from rinha.http import create_app
from rinha.pessoas.routes import add_routes


class LockedRegistry:
    """A registry of which only the search is ready: all else is refused."""

    def get_ready(self) -> None:
        pass

    def count(self, *_: object) -> Any:
        raise StoreBusyError("the registry is locked")

    add = find = search = reset = assert_readable = count


@pytest.mark.parametrize("path", ["/contagem-pessoas", "/pessoas?t=a", "/pessoas/1", "/health"])
def test_each_refusal_is_json(path: str) -> None:
    """A refusal is JSON and says so, also where the path answers plain text otherwise."""
    api = falcon.testing.TestClient(create_app(LockedRegistry(), add_routes, reset=True))
    answer = api.simulate_get(path)
    assert answer.status_code == http.HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {"error": "the registry is locked"}
