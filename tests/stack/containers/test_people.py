"""The edition pessoas in containers: the limits of its arena, and a rehearsal."""

import json
from pathlib import Path

from tests.help.ports import free_port
from tests.help.running import Client
from tests.loadtest.command import loadtest
from tests.stack.containers.conftest import Containers

MEGABYTE = 1024 * 1024


def test_people_in_containers(tmp_path: Path) -> None:
    """The limits are 1.5 CPU and at most 3,000 MB; people are stored, audited and shown."""
    people = Containers("rinha-test-people")
    ops_port = free_port()
    # A bridge takes no port 9999 of the host; the host's network is only for the full rate.
    people.environment |= {"RINHA_EDITION": "pessoas", "NETWORK": "bridge"}
    people.environment |= {"OPS_PORT": str(ops_port)}
    people.compose("down", "--volumes")
    try:
        assert f"localhost:{people.port}/pessoas" in people.make("up")
        limits = [people.inspect(name)["HostConfig"] for name in ("api01", "api02", "nginx")]
        assert round(sum(each["NanoCpus"] for each in limits) / 1e9, 6) == 1.5
        assert sum(each["Memory"] for each in limits) <= 3_000 * MEGABYTE
        played = loadtest(
            *("official", f"127.0.0.1:{people.port}", "--edition", "2023q3", "--scale", "0.03"),
            folder=tmp_path,
        )
        # A busy machine may make a run invalid; it must never make it wrong.
        assert played.code in {0, 4}, played.out
        told = json.loads(played.path.read_text())["people"]
        assert told["expected"] == told["acknowledged"] == told["stored"] > 1_000
        assert f": {told['stored']} pessoas, every promise holds" in people.make("check")
        metrics = Client(ops_port)("GET", "/metrics").body.decode()
        assert f"rinha_rows {float(told['stored'])}" in metrics
        refused = people.make("up", check=False, RINHA_EDITION="crebitos")
        assert "`make down` first" in refused
    finally:
        people.compose("down", "--volumes")
