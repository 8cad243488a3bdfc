"""A PostgreSQL server for the tests, in memory if /dev/shm exists, and databases on it."""

import contextlib
import itertools
import os
import shutil
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from stack import postgres
from stack.part import wait_until
from stack.run.processes import Processes
from stack.usage import children_of
from tests.help.ports import free_port

START_MAX_S = 20.0
PASSWORD = "wrong/horse:battery@staple?"
STANDBY = "standby"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "wal_level": "replica",
    "jit": "off",
}


class Server:
    """One server: connections over its socket are trusted, those over TCP need the password."""

    def __init__(self, copied_from: "Server | None" = None) -> None:
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else "/var/tmp"
        self.folder = Path(tempfile.mkdtemp(prefix="rinha-postgres-", dir=memory))
        self.folder.chmod(0o755)
        postgres.give(self.folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self._names = itertools.count(1)
        # It ends at once, with its connections.
        part = replace(postgres.server(self.data), stop_signal=signal.SIGQUIT)
        self._processes = Processes([part], self.folder)
        here = {"unix_socket_directories": str(self.data), "port": str(self.port)}
        if copied_from:
            self._copy(copied_from, {**here, "cluster_name": STANDBY})
            self.start()
            return
        postgres.make(self.data, {**SETTINGS, **here}, "--no-sync")
        (self.data / "pg_hba.conf").write_text(
            "local all all trust\nlocal replication all trust\nhost all all all scram-sha-256\n"
        )
        self.start()
        self.query(f"CREATE ROLE rinha LOGIN PASSWORD '{PASSWORD}'")

    def _copy(self, primary: "Server", settings: dict[str, str]) -> None:
        where = f"host={primary.data} port={primary.port} user={postgres.USER}"
        copy = postgres.program("pg_basebackup")
        postgres.run([copy, "-D", self.data, "-d", where, "-R", "-c", "fast", "-N"])
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def standby(self) -> "Server":
        """Starts and returns a standby that confirms the commits of this server."""
        following = Server(copied_from=self)
        self.set("synchronous_standby_names", STANDBY)
        self.wait_for("SELECT sync_state = 'sync' FROM pg_stat_replication")
        return following

    def set(self, name: str, value: str) -> None:
        self.query(f"ALTER SYSTEM SET {name} = '{value}'")
        self.query("SELECT pg_reload_conf()")
        self.wait_for(f"SELECT current_setting('{name}') = '{value}'")

    def promote(self) -> None:
        self.query("SELECT pg_promote()")

    def wait_for(self, sql: str) -> None:
        assert wait_until(lambda: self.query(sql) == [(True,)], START_MAX_S), sql

    def start(self) -> None:
        self._processes.start()

    def kill(self) -> None:
        """Kills the postmaster and its children, one by one. Each backend is in its own process
        group, and one that survives would answer once more."""
        self._signal(signal.SIGKILL)
        self._processes["postgres"].wait()

    def freeze(self) -> None:
        """Stops all processes, as each connection has its own."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for pid in self.pids():
            # A process that was about to end may be gone.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def pids(self) -> list[int]:
        pid = self._processes["postgres"].pid
        return [pid, *children_of(pid)]

    def new_name(self) -> str:
        """Creates an empty database, and returns its name."""
        name = f"rinha{next(self._names)}"
        self.query(f"CREATE DATABASE {name} OWNER rinha")
        return name

    def new_database(self) -> str:
        """Creates an empty database, and returns its address."""
        return self.address(self.new_name())

    def address(self, name: str, *others: "Server") -> str:
        """Returns the address of a database whose primary is this server or one of the others."""
        both = (self, *others)
        hosts, ports = (",".join(map(str, each)) for each in zip(*map(_place, both), strict=True))
        return f"postgresql://rinha@/{name}?host={hosts}&port={ports}"

    def query(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Runs SQL as the superuser."""
        address = f"postgresql://postgres@/{database}?host={self.data}&port={self.port}"
        return query(address, sql)

    def stop(self) -> None:
        self.thaw()
        self._processes.stop()
        shutil.rmtree(self.folder)


def _place(server: Server) -> tuple[Path, int]:
    return server.data, server.port


def query(address: str, sql: str) -> list[tuple[Any, ...]]:
    # With several hosts, connect to the primary.
    which = "primary" if "," in address else "any"
    with psycopg.connect(address, autocommit=True, target_session_attrs=which) as connection:
        done = connection.execute(sql.encode())
        return done.fetchall() if done.description else []
