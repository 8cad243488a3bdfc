"""A cluster for the tests: its nodes are processes that can be killed, frozen and cut off."""

import contextlib
import json
import os
import shutil
import signal
import ssl
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from stack.cluster import status
from stack.cluster.certificates import CA, CERTIFICATE, KEY, Authority
from stack.cluster.limits import UP_MAX_S
from stack.cluster.nodes import (
    COUNT,
    ROLE,
    SCOPE,
    Node,
    address_of,
    make_nodes,
    new_passwords,
    parts_of,
    write_secret,
)
from stack.machines import Machine
from stack.run.processes import Processes
from stack.usage import children_of
from tests.help.ports import free_ports

TIMEOUT_S = 60.0
T = TypeVar("T")


class Cluster(Processes):
    """`with Cluster() as cluster: ...` starts a healthy cluster, and kills it at the end."""

    def __init__(self, machines: Sequence[Machine] = (Machine(),)) -> None:
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else "/var/tmp"
        top = Path(tempfile.mkdtemp(prefix="rinha-cluster-", dir=memory))
        top.chmod(0o755)
        self.nodes = make_nodes(free_ports(COUNT * 4), top, machines)
        super().__init__(parts_of(self.nodes, self.nodes), top)
        self._passwords = new_passwords()
        self._authority = Authority(top / "authority")
        self._authority.make()
        self.ask_etcd = self._client()
        write_secret(top / "passfile", f"*:*:*:{ROLE}:{self._passwords[ROLE]}\n")
        self.ledger = address_of(self.nodes, top / "passfile")

    def start(self) -> None:
        for node in self.nodes:
            certificates = self._authority.issue(node.name, node.machine.address)
            node.write(self.nodes, self._passwords, certificates)
        super().start()
        try:
            self.wait_until_healthy(UP_MAX_S)
            status.make_database(self.primary(), self._passwords[ROLE])
        except BaseException:
            self.stop()
            raise

    def _client(self) -> Callable[..., Any]:
        """Returns an opener for etcd whose client certificate is valid from any address."""
        for name, text in self._authority.issue("test").items():
            write_secret(self.folder / name, text)
        context = ssl.create_default_context(cafile=self.folder / CA)
        context.load_cert_chain(self.folder / CERTIFICATE, self.folder / KEY)
        return build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open

    def primary(self) -> Node:
        return wait(lambda: status.primary(self.nodes))

    def standbys(self) -> list[Node]:
        """Returns the nodes other than the leader, the synchronous standby first."""
        roles = {each["name"]: each["role"] for each in status.members(self.nodes)}
        found = [node for node in self.nodes if roles.get(node.name) != "leader"]
        return sorted(found, key=lambda node: roles.get(node.name) != "sync_standby")

    def wait_until_healthy(self, timeout_s: float = TIMEOUT_S) -> None:
        wait(lambda: status.is_healthy(self.nodes), timeout_s)

    def etcd_leader(self) -> Node:
        """Returns the node whose etcd member says that it is the leader."""

        def leader() -> Node | None:
            for node in self.nodes:
                with contextlib.suppress(OSError, KeyError):
                    request = f"{node.client_url}/v3/maintenance/status"
                    with self.ask_etcd(request, data=b"{}", timeout=1) as answer:
                        said = json.load(answer)
                    if said["header"]["member_id"] == said["leader"]:
                        return node
            return None

        return wait(leader)

    def postgres_of(self, node: Node) -> list[int]:
        """Returns the pids of the postmaster and its children, one for each connection."""
        data = node.folder / "data"
        try:
            pid = int((data / "postmaster.pid").read_text().split()[0])
            if Path(f"/proc/{pid}/cwd").readlink() != data:
                return []  # the postmaster has ended, and another process has its pid
            return [pid, *children_of(pid)]
        except (OSError, IndexError, ValueError):
            return []

    def patroni_of(self, node: Node) -> list[int]:
        return self._alive(f"patroni-{node.name}")

    def etcd_of(self, node: Node) -> list[int]:
        return self._alive(f"etcd-{node.name}")

    def all_of(self, node: Node) -> list[int]:
        """Returns all pids of a node, Patroni's first: it would restart the others."""
        return [*self.patroni_of(node), *self.postgres_of(node), *self.etcd_of(node)]

    def _alive(self, name: str) -> list[int]:
        process = self._running.get(name)
        return [process.pid] if process and process.poll() is None else []

    def restart_postgres(self, node: Node) -> None:
        """Restarts PostgreSQL by Patroni's API, as an operator does for some settings."""
        login = b64encode(f"{SCOPE}:{self._passwords['api']}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        request = Request(f"{node.api}/restart", b"{}", headers)  # noqa: S310 - always our own http
        with status.OPEN(request, timeout=TIMEOUT_S):
            pass

    def heal(self, node: Node) -> None:
        """Starts the node's etcd and Patroni if they do not run."""
        for program in ("etcd", "patroni"):
            if not self._alive(f"{program}-{node.name}"):
                self.start_part(f"{program}-{node.name}")

    def logs(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> list[str]:
        for node in self.nodes:
            # Kills Patroni first: it would start PostgreSQL again.
            send([*self.patroni_of(node), *self.postgres_of(node)], signal.SIGKILL)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        return []


def send(pids: Sequence[int], what: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)


def wait(act: Callable[[], T | None], timeout_s: float = TIMEOUT_S) -> T:
    """Calls `act` until its result is true, and returns that result."""
    deadline = time.monotonic() + timeout_s
    while not (found := act()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
    return found
