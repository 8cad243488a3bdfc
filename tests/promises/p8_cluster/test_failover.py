"""A cluster of three nodes loses what it can lose, under load. `make failover` does it 20 times."""

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help import failover
from tests.help.cluster import Cluster
from tests.help.effort import drawn_seed
from tests.help.failover import Break, Round
from tests.help.ledgers import query
from tests.help.running import Stack, finish, rinha
from tests.help.truth import READ_LIVRO, untruths
from tests.help.watched_load import WatchedLoad

ROUNDS = int(os.environ.get("FAILOVERS") or 1)
WHOLE = ROUNDS > 1
RATE = 150
QUIET_S = 1.0
pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


def run(cluster: Cluster, folder: Path, act: Break, rounds: int, name: str) -> list[float]:
    """The gaps. Whatever was answered has to be true, and the ledger sound."""
    query_of = cluster.ledger
    with Stack(folder, ledger=cluster.ledger) as stack:
        stack.reset()
        done: list[Round] = []
        with WatchedLoad(stack.port, RATE, drawn_seed()) as load:
            for _ in range(rounds):
                time.sleep(QUIET_S)
                done.append(failover.play(cluster, act))
            time.sleep(QUIET_S)
        code, out, _ = finish(rinha("check", RINHA_LEDGER=query_of))
        assert code == 0, out
        assert untruths(load.said, query(query_of, READ_LIVRO)) == []
        assert load.odd == []
    gaps_s = [load.gap_s(each.began_s, each.ended_s) for each in done]
    tell(name, load, gaps_s, sum(each.primary != each.primary_after for each in done))
    return gaps_s


def tell(name: str, load: WatchedLoad, gaps_s: list[float], taken_over: int) -> None:
    unknown = sum(each.status == 503 for each in load.said)
    print(
        f"{name}: {len(gaps_s)} rounds, {taken_over} with another primary; without writes "
        f"{statistics.median(gaps_s):.1f} s (p50), {max(gaps_s):.1f} s (max); "
        f"{load.acknowledged()} acknowledged, {unknown} with nobody knowing"
    )


@pytest.mark.parametrize(
    ("act", "max_s"),
    [
        (failover.kill_postgres, 5.0),
        (failover.kill_node, 12.0),
        (failover.kill_standby, 5.0),
        (failover.kill_etcd_leader, 3.0),
    ],
    ids=["the primary's PostgreSQL", "the primary and its Patroni", "the standby", "etcd's leader"],
)
def test_nothing_acknowledged_is_lost_when_a_part_is_killed(
    cluster: Cluster, tmp_path: Path, act: Break, max_s: float, request: pytest.FixtureRequest
) -> None:
    """Nothing lost, doubled or stale, every history in order, and writes go on by themselves."""
    gaps_s = run(cluster, tmp_path, act, ROUNDS, f"kill -9 of {request.node.callspec.id}")
    assert statistics.median(gaps_s) < max_s
