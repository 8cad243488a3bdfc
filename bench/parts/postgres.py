"""Debian's PostgreSQL as a part of a stack, tuned for it.

As the contest's entries have it: fsync and synchronous_commit off, so a power cut may take the
database, where this project's NORMAL takes the newest moments only. Or as a bank would: with both
on, and with a standby that has each transaction before it is answered.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from bench.parts.stack import Part, Share, StackFailedError
from stack import postgres

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Nobody reads along, so the log holds no more than recovery needs.
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
# Its socket is not the one of which it copies the lock file.
STANDBY_PORT = 5433
FOLLOWED = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "synchronous_standby_names": STANDBY,
}
# One statement each: a line is a command to the server that runs alone.
SCHEMA = """\
CREATE TABLE clientes (id integer PRIMARY KEY, limite bigint NOT NULL, saldo bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);
CREATE TABLE transacoes (id bigserial PRIMARY KEY, cliente_id integer NOT NULL, valor bigint NOT NULL, tipo char(1) NOT NULL, descricao varchar(10) NOT NULL, realizada_em timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON transacoes (cliente_id, id DESC);
INSERT INTO clientes (id, limite) VALUES (1, 100000), (2, 80000), (3, 1000000), (4, 10000000), (5, 500000);
"""  # noqa: E501


def database(
    folder: Path,
    share: Share,
    schema: str = SCHEMA,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Part:
    """Made anew in the folder; reached by its unix socket there."""
    data = folder / "postgres"
    here = {"unix_socket_directories": str(data)}
    try:
        postgres.make(data, {**SETTINGS, **settings, **here}, "--no-sync")
        server = postgres.program("postgres")
        postgres.run([server, "--single", "-D", data, "postgres"], schema)
    except (RuntimeError, postgres.MissingError) as error:
        raise StackFailedError(str(error)) from None
    return Part(
        "postgres",
        [server, "-D", data],
        share,
        is_ready=partial(_is_ready, data),
        user=postgres.USER,
    )


def standby(folder: Path, share: Share) -> Part:
    """Copied from the database once that runs, and in step with it before anybody writes."""
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
    is_ready = partial(_is_ready, data)
    return Part(STANDBY, ["sh", "-c", script], share, is_ready=is_ready, user=postgres.USER)


def _is_ready(data: Path) -> bool:
    """It listens before it lets anybody in; this file says when it does."""
    pid_file = data / "postmaster.pid"
    return pid_file.exists() and pid_file.read_text().rstrip().endswith("ready")
