"""Debian's PostgreSQL as a part of a stack.

By default fsync and synchronous_commit are off, as in the contest's entries: a power cut may
destroy the database, where this project's NORMAL loses the newest commits only. DURABLE has both
on, and a standby has each transaction before it is answered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from bench.parts.behind_nginx import behind_nginx
from stack import postgres
from stack.part import Part, Share
from stack.parts import INSTANCE

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Without a replica the WAL holds no more than recovery needs.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "40",
    "shared_buffers": "128MB",
    # No checkpoint during a measurement.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    # Point queries: compiling them costs more than they do.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
STANDBY = "standby"
# Not the primary's: the standby copies the lock file of that socket.
STANDBY_PORT = 5433
REPLICATED = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "synchronous_standby_names": STANDBY,
}
# One statement a line: `postgres --single` takes each line as a command.
SCHEMA = """\
CREATE TABLE clientes (id integer PRIMARY KEY, limite bigint NOT NULL, saldo bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);
CREATE TABLE transacoes (id bigserial PRIMARY KEY, cliente_id integer NOT NULL, valor bigint NOT NULL, tipo char(1) NOT NULL, descricao varchar(10) NOT NULL, realizada_em timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON transacoes (cliente_id, id DESC);
INSERT INTO clientes (id, limite) VALUES (1, 100000), (2, 80000), (3, 1000000), (4, 10000000), (5, 500000);
"""  # noqa: E501


def database(folder: Path, share: Share, schema: str, settings: Mapping[str, str]) -> Part:
    """Makes a database in the folder; it listens on a unix socket there."""
    data = folder / "postgres"
    socket = {"unix_socket_directories": str(data)}
    postgres.make(data, {**SETTINGS, **settings, **socket}, "--no-sync")
    postgres.run([postgres.program("postgres"), "--single", "-D", data, "postgres"], schema)
    return replace(postgres.server(data), share=share)


def on_postgres(  # noqa: PLR0913 - each of them differs between contenders
    share: Share,
    shares: tuple[Share, Share],
    command: Sequence[str] = INSTANCE,
    *,
    schema: str = "",
    settings: Mapping[str, str] = MappingProxyType({}),
    environment: Mapping[str, str] = MappingProxyType({}),
    standby_share: Share | None = None,
) -> Callable[[Path, int], list[Part]]:
    """A database, and two instances behind nginx that find it in their environment."""

    def parts(folder: Path, port: int) -> list[Part]:
        socket = str(folder / "postgres")
        found = {"PGHOST": socket, "PGUSER": "postgres", "PGDATABASE": "postgres"}
        found["RINHA_LEDGER"] = f"postgresql://postgres@/postgres?host={socket}"
        replicated = REPLICATED if standby_share else {}
        return [
            database(folder, share, schema, {**settings, **replicated}),
            *([standby(folder, standby_share)] if standby_share else []),
            *behind_nginx(folder, port, command, {**found, **environment}, shares),
        ]

    return parts


def standby(folder: Path, share: Share) -> Part:
    """A synchronous standby, copied from the running database before the first write."""
    data = folder / STANDBY
    copy, server = postgres.program("pg_basebackup"), postgres.program("postgres")
    source = f"host={folder / 'postgres'} application_name={STANDBY}"
    script = f"""
        {copy} -D {data} -d '{source}' -R -c fast -N &&
        exec {server} -D {data} -c unix_socket_directories={data} -c port={STANDBY_PORT} \\
            -c synchronous_standby_names=
    """
    data.mkdir(mode=0o700)
    postgres.give(data)
    return replace(postgres.server(data), name=STANDBY, command=["sh", "-c", script], share=share)
