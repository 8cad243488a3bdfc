"""Failures of a cluster of three nodes under load, each once or FAILOVERS times.

`make failover` does each 20 times, and also checks the time without writes that is promised.
"""

import contextlib
import itertools
import json
import os
import shutil
import ssl
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import pytest

from stack.cluster.certificates import CERTIFICATE, KEY, Authority
from stack.cluster.nodes import COUNT, SCOPE, Node
from stack.machines import Machine, Machines, can_be_made
from tests.help import failover
from tests.help.answer_check import READ_LIVRO, contradictions
from tests.help.checked_load import CheckedLoad
from tests.help.cluster import Cluster
from tests.help.commands import assert_sound
from tests.help.effort import drawn_seed
from tests.help.failover import Break, Round
from tests.help.keyed_load import KeyedLoad
from tests.help.ledgers import query
from tests.help.running import Stack

ROUNDS = int(os.environ.get("FAILOVERS") or 0)
WHOLE = ROUNDS > 0
RATE = 150
QUIET_S = 1.0
# Patroni from 3.2 on takes 20 s to replace a lost primary, although 7 s are configured.
SLOWER_S = 13.0 if shutil.which("patroni") and failover.patroni_version() >= (3, 2) else 0.0
# Long enough for a failover; full runs use the times that the documentation names.
FROZEN_S = 40.0 if WHOLE else 14.0 + SLOWER_S
CUT_S = 30.0 if WHOLE else 14.0 + SLOWER_S
ETCD_AWAY_S = 30.0 if WHOLE else 12.0
pytestmark = pytest.mark.xdist_group("cluster")


class Kind(NamedTuple):
    """A fault, and the longest time without writes that is allowed: the median of all rounds."""

    name: str
    act: Break
    gap_max_s: float


KINDS = (
    Kind("kill -9 of the primary's PostgreSQL", failover.kill_postgres, 10.0),
    Kind("kill -9 of the primary and its Patroni", failover.kill_node, 13.0),
    Kind("the primary cut off from the others", failover.cut_off(CUT_S), 25.0),
    Kind("the leader of etcd lost", failover.kill_etcd_leader, 1.0),
    Kind("all of etcd away", failover.lose_etcd(ETCD_AWAY_S), 1.0),
    Kind("the standby lost", failover.kill_standby, 8.0),
    Kind("PostgreSQL restarted", failover.restart_postgres, 5.0),
    Kind("waits for the standby cancelled", failover.cancel_waits, 25.0),
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster, with one machine for each node if machines can be made."""
    with contextlib.ExitStack() as ending:
        nodes = [Machine()]
        if can_be_made():
            machines = Machines(os.getpid(), [f"n{number}" for number in range(COUNT)])
            ending.callback(machines.unmake)
            nodes = machines.make()
        yield ending.enter_context(Cluster(nodes))


def run(
    cluster: Cluster, folder: Path, name: str, act_with: Callable[[CheckedLoad], Break]
) -> list[float]:
    """Runs rounds of a fault, checks all answers, and returns the times without writes."""
    folder.mkdir(exist_ok=True)
    with Stack(folder, ledger=cluster.ledger) as stack:
        stack.reset()
        done: list[Round] = []
        with CheckedLoad(stack.port, RATE, drawn_seed()) as load:
            act = act_with(load)
            for _ in range(ROUNDS or 1):
                time.sleep(QUIET_S)
                done.append(failover.run_round(cluster, act))
            time.sleep(QUIET_S)
        assert_sound(cluster.ledger)
        assert contradictions(load.outcomes, query(cluster.ledger, READ_LIVRO)) == []
        assert load.odd == []
    gaps_s = [load.gap_s(each.began_s, each.ended_s) for each in done]
    tell(name, load, gaps_s, sum(each.primary != each.primary_after for each in done))
    return gaps_s


def tell(name: str, load: CheckedLoad, gaps_s: list[float], taken_over: int) -> None:
    unknown = sum(each.status == 503 for each in load.outcomes)
    print(
        f"{name}: {len(gaps_s)} rounds, {taken_over} with another primary; without writes "
        f"{statistics.median(gaps_s):.1f} s (p50), {max(gaps_s):.1f} s (max); "
        f"{len(load.acknowledged)} acknowledged, {unknown} of unknown outcome"
    )


def ways_in(node: Node) -> Iterator[Request]:
    """Yields requests that read, write and add a member: by both versions of etcd's interface, and
    as a member."""
    keys = f"/v2/keys/service/{SCOPE}/config"
    new_member = json.dumps({"peerURLs": [node.peer_url]}).encode()
    key = json.dumps({"key": "Lw==", "value": "MQ=="}).encode()
    asked = [
        ("GET", keys, None),
        ("PUT", keys, b"value={}"),
        ("POST", "/v2/members", new_member),
        ("POST", "/v3/kv/range", key),
        ("POST", "/v3/kv/put", key),
        ("POST", "/v3/cluster/member/list", b"{}"),
        ("GET", "/members", None),
        ("POST", "/raft", b"x"),
    ]
    for url in (node.client_url, node.peer_url):
        for scheme in ("http:", "https:"):
            place = url.replace("https:", scheme)
            for method, path, body in asked:
                yield Request(f"{place}{path}", body, method=method)  # noqa: S310 - our own


def test_etcd_answers_nobody_without_a_certificate(cluster: Cluster, tmp_path: Path) -> None:
    """etcd refuses clients without a certificate or with one of another authority before the first
    byte. Its data decides what Patroni runs."""
    stranger, impostor = ssl.create_default_context(), ssl.create_default_context()
    authority = Authority(tmp_path / "authority")
    authority.make()
    for name, text in authority.issue("node1", cluster.nodes[0].machine.address).items():
        (tmp_path / name).write_text(text)
    impostor.load_cert_chain(tmp_path / CERTIFICATE, tmp_path / KEY)
    for context in (stranger, impostor):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        ask = build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open
        for node in cluster.nodes:
            for request in ways_in(node):
                try:
                    with ask(request, timeout=5) as answer:
                        pytest.fail(f"{request.full_url}: {answer.status}")
                except HTTPError as error:
                    pytest.fail(f"{request.full_url}: {error.status}")
                except OSError:
                    continue
    with cluster.ask_etcd(f"{cluster.nodes[0].client_url}/v2/keys/service/{SCOPE}/config") as known:
        assert known.status == 200


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_acknowledged_is_lost(cluster: Cluster, tmp_path: Path, kind: Kind) -> None:
    """A failure loses, doubles and reorders nothing, and writes resume by themselves."""
    if kind.act is KINDS[2].act and not cluster.nodes[0].machine.enter:
        pytest.skip("only root can cut a machine off")
    gaps_s = run(cluster, tmp_path, kind.name, lambda _load: kind.act)
    # One round beside other tests says nothing about time.
    assert not WHOLE or statistics.median(gaps_s) < kind.gap_max_s + SLOWER_S


def test_with_keys_no_outcome_is_unknown(cluster: Cluster, tmp_path: Path) -> None:
    """In a failover each request is sent again with its key until it is answered: each transaction
    that was sent is there exactly once, and each answer is repeated byte for byte."""
    with Stack(tmp_path, ledger=cluster.ledger) as stack:
        stack.reset()
        with KeyedLoad(stack.port, RATE, drawn_seed()) as load:
            rounds = []
            for _ in range(ROUNDS or 1):
                time.sleep(QUIET_S)
                rounds.append(failover.run_round(cluster, failover.kill_node))
            time.sleep(QUIET_S)
        assert_sound(cluster.ledger)
        load.assert_explains_every_row(cluster.ledger)
    taken_over = sum(each.primary != each.primary_after for each in rounds)
    retries = load.attempts - load.once_more - len(load.outcomes)
    print(f"{taken_over} failovers, {len(load.outcomes)} transactions, {retries} retries")
    assert taken_over == len(rounds)
    assert retries > 0


def test_a_node_that_was_frozen_and_wakes_says_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """A primary that wakes after a failover confirms nothing and answers with no old data, even on
    connections that stayed open. Then it becomes a standby by itself."""
    names = (f"w{number}" for number in itertools.count())
    with Stack(tmp_path, ledger=cluster.ledger) as idle:

        def act_with(load: CheckedLoad) -> Break:
            def ask() -> None:
                client = idle.client()
                for cliente in (1, 2):
                    load.send(client, (cliente, 0, next(names)))
                    load.send(client, (cliente, 1, next(names)))
                client.close()

            def act(cluster: Cluster) -> None:
                # The instances' connections are good before the fault.
                for _ in idle.instances:
                    assert idle.client()("GET", "/health").status == 200
                failover.freeze(FROZEN_S, ask)(cluster)

            return act

        gaps_s = run(cluster, tmp_path / "busy", f"frozen for {FROZEN_S:g} s", act_with)
    assert not WHOLE or statistics.median(gaps_s) < 13.0 + SLOWER_S
