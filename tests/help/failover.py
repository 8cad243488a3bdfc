"""Faults of a cluster under load: each round ends when the cluster is healthy again."""

import signal
import subprocess
import time
from collections.abc import Callable
from typing import NamedTuple

from stack.cluster import status
from stack.cluster.nodes import Node
from tests.help.cluster import Cluster, send, wait

# Time for false acknowledgements to be answered before the primary is killed.
CANCEL_TAKES_S = 0.2
Break = Callable[[Cluster], None]


class Round(NamedTuple):
    began_s: float
    ended_s: float
    primary: str
    primary_after: str


def patroni_version() -> tuple[int, ...]:
    said = subprocess.run(["patroni", "--version"], check=True, capture_output=True, text=True)
    return tuple(map(int, said.stdout.split()[-1].split(".")))


def run_round(cluster: Cluster, act: Break) -> Round:
    """Runs one fault, from a healthy cluster to a healthy cluster."""
    cluster.wait_until_healthy()
    before, began_s = cluster.primary(), time.monotonic()
    act(cluster)
    cluster.wait_until_healthy()
    return Round(began_s, time.monotonic(), before.name, cluster.primary().name)


def kill_postgres(cluster: Cluster) -> None:
    """Kills all processes of the primary's PostgreSQL at once."""
    node = cluster.primary()
    killed = cluster.postgres_of(node)
    send(killed, signal.SIGKILL)
    wait(lambda: cluster.postgres_of(node)[:1] not in ([], killed[:1]))


def kill_node(cluster: Cluster) -> None:
    """Kills the primary's PostgreSQL and Patroni, and starts Patroni after the failover."""
    node = cluster.primary()
    kill_and_return(cluster, node, lambda: cluster.primary() is not node)


def kill_standby(cluster: Cluster) -> None:
    """Kills the synchronous standby, and starts it again once another standby is synchronous."""
    node = cluster.standbys()[0]
    kill_and_return(cluster, node, lambda: cluster.standbys()[0] is not node)


def kill_and_return(cluster: Cluster, node: Node, is_replaced: Callable[[], bool]) -> None:
    send([*cluster.patroni_of(node), *cluster.postgres_of(node)], signal.SIGKILL)
    wait(is_replaced)
    cluster.heal(node)


def kill_etcd_leader(cluster: Cluster) -> None:
    node = cluster.etcd_leader()
    send(cluster.etcd_of(node), signal.SIGKILL)
    wait(lambda: cluster.etcd_leader() is not node)
    cluster.heal(node)


def lose_etcd(seconds: float) -> Break:
    """Returns a fault that kills all of etcd, and starts it again after some seconds."""

    def act(cluster: Cluster) -> None:
        for node in cluster.nodes:
            send(cluster.etcd_of(node), signal.SIGKILL)
        time.sleep(seconds)
        for node in cluster.nodes:
            cluster.heal(node)

    return act


def freeze(seconds: float, ask_as_it_wakes: Callable[[], None]) -> Break:
    """Returns a fault that freezes the primary's whole node. The requests are sent as it wakes,
    while it still believes that it is the primary."""

    def act(cluster: Cluster) -> None:
        node = cluster.primary()
        pids = cluster.all_of(node)
        send(pids, signal.SIGSTOP)
        time.sleep(seconds)
        # Patroni wakes last, as it would demote PostgreSQL.
        send(pids[::-1], signal.SIGCONT)
        ask_as_it_wakes()
        wait(lambda: cluster.primary() is not node)

    return act


def cut_off(seconds: float) -> Break:
    """Returns a fault that cuts the primary off from the other nodes, not from the instances."""

    def act(cluster: Cluster) -> None:
        node = cluster.primary()
        routes = [(node, other) for other in cluster.nodes if other is not node]
        routes += [(other, node) for node, other in routes]
        for verb in ("add", "del"):
            for here, there in routes:
                place = f"{there.machine.address}/32"
                words = [*here.machine.enter, "ip", "route", verb, "blackhole", place]
                subprocess.run(words, check=True)
            if verb == "add":
                time.sleep(seconds)
        wait(lambda: cluster.primary() is not node)

    return act


def restart_postgres(cluster: Cluster) -> None:
    """Restarts the primary's PostgreSQL through Patroni."""
    cluster.restart_postgres(cluster.primary())


def cancel_waits(cluster: Cluster) -> None:
    """Cancels the commits that wait for the standby, then kills the only node that has them."""
    node, standby = cluster.primary(), cluster.standbys()[0]
    send(cluster.postgres_of(standby), signal.SIGSTOP)
    waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    wait(lambda: status.ask(node, f"SELECT count(*) > 1 {waiting}") == "t")
    status.ask(node, f"SELECT pg_cancel_backend(pid) {waiting}")
    time.sleep(CANCEL_TAKES_S)
    send([*cluster.patroni_of(node), *cluster.postgres_of(node)], signal.SIGKILL)
    send(cluster.postgres_of(standby), signal.SIGCONT)
    wait(lambda: cluster.primary() is not node)
    cluster.heal(node)
