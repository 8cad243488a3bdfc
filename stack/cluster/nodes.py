"""A node of the cluster: an etcd, a Patroni and its PostgreSQL, in a folder on a machine."""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stack import postgres
from stack.cluster.certificates import CA, CERTIFICATE, KEY
from stack.cluster.limits import (
    CONNECTIONS_MAX,
    LOOP_WAIT_S,
    PRIMARY_START_TIMEOUT_S,
    RETRY_TIMEOUT_S,
    STANDBY_RETRY_MS,
    STANDBY_SILENT_S,
    TTL_S,
)
from stack.machines import Machine
from stack.part import Part

SCOPE = "rinha"
ROLE = DATABASE = "rinha"
COUNT = 3
# The roles of PostgreSQL that Patroni uses, each with a password.
SUPERUSER, REPLICATION, REWIND = "postgres", "replicator", "rewinder"


class Node:
    """A node, with ports of its own, so that all nodes can share one machine."""

    def __init__(self, number: int, first_port: int, top: Path, machine: Machine) -> None:
        self.name = f"node{number + 1}"
        self.machine = machine
        self.folder = top / self.name
        self.port, self.patroni_port, self.etcd_port, self.peer_port = (
            first_port + kind * COUNT + number for kind in range(4)
        )

    @property
    def api(self) -> str:
        """The URL of Patroni's REST API."""
        return f"http://{self.machine.address}:{self.patroni_port}"

    @property
    def client_url(self) -> str:
        return f"https://{self.machine.address}:{self.etcd_port}"

    @property
    def peer_url(self) -> str:
        return f"https://{self.machine.address}:{self.peer_port}"

    def etcd(self, nodes: Sequence["Node"]) -> Part:
        return self._part(
            "etcd",
            *("--name", self.name, "--data-dir", str(self.folder / "etcd")),
            *("--listen-client-urls", self.client_url),
            *("--advertise-client-urls", self.client_url),
            *("--listen-peer-urls", self.peer_url),
            *("--initial-advertise-peer-urls", self.peer_url),
            *("--initial-cluster", ",".join(f"{each.name}={each.peer_url}" for each in nodes)),
            *("--initial-cluster-token", SCOPE),
            # Every client and member needs a certificate of the cluster's authority.
            *("--client-cert-auth", "--trusted-ca-file", str(self.folder / CA)),
            *("--cert-file", str(self.folder / CERTIFICATE)),
            *("--key-file", str(self.folder / KEY)),
            *("--peer-client-cert-auth", "--peer-trusted-ca-file", str(self.folder / CA)),
            *("--peer-cert-file", str(self.folder / CERTIFICATE)),
            *("--peer-key-file", str(self.folder / KEY)),
            *("--enable-v2", "--logger", "zap", "--log-level", "warn"),
        )

    def patroni(self) -> Part:
        # PostgreSQL takes its time zone and locale from Patroni's environment.
        return self._part("patroni", str(self.folder / "patroni.yml"), TZ="UTC", LC_ALL="C.UTF-8")

    def _part(self, program: str, *args: str, **environment: str) -> Part:
        return Part(
            f"{program}-{self.name}",
            [program, *args],
            environment=environment,
            user=postgres.USER,
            machine=self.machine,
            folder=Path("/"),
            kind=program,
        )

    def write(
        self,
        nodes: Sequence["Node"],
        passwords: Mapping[str, str],
        certificates: Mapping[str, str],
    ) -> None:
        """Writes the node's private folder: configuration, key and certificates."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        postgres.give(self.folder)
        # JSON is valid YAML.
        settings = json.dumps(self._settings(nodes, passwords), indent=2)
        for name, text in {"patroni.yml": settings, **certificates}.items():
            file = self.folder / name
            write_secret(file, text)
            postgres.give(file)

    def _settings(self, nodes: Sequence["Node"], passwords: Mapping[str, str]) -> dict[str, Any]:
        address = self.machine.address
        own_api = f"{address}:{self.patroni_port}"
        api_login = {"username": SCOPE, "password": passwords["api"]}
        logins = {"superuser": SUPERUSER, "replication": REPLICATION, "rewind": REWIND}
        return {
            "scope": SCOPE,
            "name": self.name,
            # Reads need no password; every request that changes something does.
            "restapi": {
                "listen": own_api,
                "connect_address": own_api,
                "authentication": api_login,
            },
            "ctl": {"authentication": api_login},
            # etcd's API v2, because of Patroni before 3.0.3 (Debian 12 has 3.0.2). Over v3 an old
            # primary that was cut off takes the lock from the new one when it comes back, and the
            # commits that the new one confirmed are lost.
            "etcd": {
                "hosts": [f"{each.machine.address}:{each.etcd_port}" for each in nodes],
                "protocol": "https",
                "cacert": str(self.folder / CA),
                "cert": str(self.folder / CERTIFICATE),
                "key": str(self.folder / KEY),
            },
            "bootstrap": {
                "dcs": dcs_settings(),
                "initdb": ["data-checksums", {"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"{address}:{self.port}",
                "connect_address": f"{address}:{self.port}",
                "use_unix_socket": True,
                "data_dir": str(self.folder / "data"),
                "bin_dir": str(postgres.program("postgres").parent),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {
                    kind: {"username": name, "password": passwords[name]}
                    for kind, name in logins.items()
                },
                "parameters": {"unix_socket_directories": str(self.folder)},
                # The socket is in a private folder, so its only user needs no password.
                "pg_hba": [
                    "local all all trust",
                    "host all all all scram-sha-256",
                    f"host replication {REPLICATION} all scram-sha-256",
                ],
                "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True,
            },
        }


def dcs_settings() -> dict[str, Any]:
    """Returns the settings that all nodes share and that Patroni keeps in etcd."""
    return {
        "ttl": TTL_S,
        "loop_wait": LOOP_WAIT_S,
        "retry_timeout": RETRY_TIMEOUT_S,
        "primary_start_timeout": PRIMARY_START_TIMEOUT_S,
        # A commit is acknowledged only after a standby has it too, and only a standby that has all
        # acknowledged commits may take over.
        "synchronous_mode": True,
        "synchronous_mode_strict": True,
        # Without etcd the primary goes on as long as it reaches every other node.
        "failsafe_mode": True,
        "postgresql": {
            # An old primary drops the commits that no standby confirmed, and returns as a standby.
            "use_pg_rewind": True,
            "use_slots": True,
            "parameters": {
                "max_connections": CONNECTIONS_MAX,
                "wal_retrieve_retry_interval": f"{STANDBY_RETRY_MS}ms",
                "wal_sender_timeout": f"{STANDBY_SILENT_S}s",
                "wal_receiver_timeout": f"{STANDBY_SILENT_S}s",
                # The queries are point queries: compiling one costs more than running it.
                "jit": "off",
            },
        },
    }


def parts_of(nodes: Sequence[Node], all_nodes: Sequence[Node]) -> list[Part]:
    """Returns the parts of some nodes.

    etcd stops last: a Patroni that stops releases its leader lock there.
    """
    return [*(node.etcd(all_nodes) for node in nodes), *(node.patroni() for node in nodes)]


def make_nodes(first_port: int, top: Path, machines: Sequence[Machine]) -> list[Node]:
    """Returns the nodes, spread over the machines: one on each, or all on one."""
    return [
        Node(number, first_port, top, machines[number % len(machines)]) for number in range(COUNT)
    ]


def write_secret(file: Path, text: str) -> None:
    """Replaces the file atomically by one that only its owner may read."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    new.rename(file)


def new_passwords() -> dict[str, str]:
    names = (SUPERUSER, REPLICATION, REWIND, ROLE, "api")
    return {name: secrets.token_urlsafe(24) for name in names}


def address_of(nodes: Sequence[Node], passfile: Path) -> str:
    """Returns the URL for RINHA_LEDGER."""
    hosts = ",".join(f"{node.machine.address}:{node.port}" for node in nodes)
    return f"postgresql://{ROLE}@{hosts}/{DATABASE}?passfile={quote(os.fsencode(passfile))}"
