"""The other edition in containers: its arena's limits, a rehearsal, and nothing left behind."""

import json
from pathlib import Path

from tests.help.ports import free_port
from tests.help.running import Client
from tests.loadtest.command import loadtest
from tests.stack.containers.conftest import Containers

MEGABYTE = 1024 * 1024


def test_people_in_containers(tmp_path: Path) -> None:
    """The kernel holds 1.5 CPU and 3,000 MB; who is sent is stored, audited and shown."""
    people = Containers("rinha-test-people")
    ops_port = free_port()
    # Nobody else's 9999 is taken: the host's network is for the whole rate.
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
