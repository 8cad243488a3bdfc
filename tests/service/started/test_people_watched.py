"""The operator's view of people, while two instances run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.help.running import Client, Stack


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, ops=True, RINHA_EDITION="pessoas") as stack:
        yield stack


def test_rows_inserts_and_searches_are_told_apart(watched: Stack) -> None:
    """Requests are counted by path and status over both instances; the newest people are shown."""
    client = watched.client()
    for number in range(30):
        location = client.add(f"ana {number}").headers["location"]
        assert client("GET", location).status == 200
        assert client("GET", f"/pessoas?t=ana%20{number}").status == 200
        assert client("GET", f"/pessoas?t=ana%20{number}").status == 200
    assert client.add("ana 7").status == 422
    assert client("GET", "/pessoas").status == 400
    assert watched.ops_port
    operator = Client(watched.ops_port)
    said = operator("GET", "/state").json
    counted: dict[str, int] = {}
    for rows in said["counts"].values():
        for family, *labels, count in rows:
            if family == "requests" and labels[0] != "/health":
                counted[" ".join(labels)] = counted.get(" ".join(labels), 0) + count
    assert counted == {
        "/pessoas 201": 30,
        "/pessoas 200": 60,
        "/pessoas 422": 1,
        "/pessoas 400": 1,
        "/pessoas/{id_} 200": 30,
    }
    newest = said["tables"]["pessoas"]
    assert [one["apelido"] for one in newest] == [f"ana {number}" for number in range(29, 9, -1)]
    told = {
        family.name: family.samples
        for family in text_string_to_metric_families(operator("GET", "/metrics").body.decode())
    }
    assert [sample.value for sample in told["rinha_rows"]] == [30]
    assert sum(sample.value for sample in told["rinha_commits"]) == 30
    reasons = {one.labels["reason"] for one in told["rinha_refusals"] if one.value}
    assert reasons == {"ApelidoTakenError", "MalformedQueryError"}
    for path in ("/metrics", "/state", "/ops/metrics", "/ops/state"):
        assert client("GET", path, headers={"X-Operator": "on"}).status == 404
