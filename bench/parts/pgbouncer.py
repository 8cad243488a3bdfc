"""Debian's PgBouncer as a part of a stack, in front of the database of `postgres.py`."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from stack import postgres
from stack.part import Part, Share, listens

PORT = 6432
FOLDER = "pgbouncer"
# A connection to the server is a client's for one transaction: that is what lets many share it.
CONF = """\
[databases]
postgres = host={server}

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 8
log_connections = 0
log_disconnections = 0
"""


def behind_pgbouncer(
    on_postgres: Callable[[Path, int], list[Part]], share: Share
) -> Callable[[Path, int], list[Part]]:
    """The parts of a stack on PostgreSQL, with PgBouncer started behind its database."""

    def parts(folder: Path, port: int) -> list[Part]:
        database, *others = on_postgres(folder, port)
        found = {"PGHOST": str(folder / FOLDER), "PGPORT": str(PORT)}
        return [
            database,
            pgbouncer(folder, share),
            *(
                part
                if part.name == "nginx"
                else replace(part, environment={**part.environment, **found})
                for part in others
            ),
        ]

    return parts


def pgbouncer(folder: Path, share: Share) -> Part:
    own = folder / FOLDER
    return Part(
        "pgbouncer",
        ["pgbouncer", "-q", own / "pgbouncer.ini"],
        share,
        is_ready=partial(listens, own / f".s.PGSQL.{PORT}"),
        # It refuses to run as root.
        user=postgres.USER,
        prepare=partial(_prepare, folder),
    )


def _prepare(folder: Path) -> None:
    own = folder / FOLDER
    own.mkdir()
    postgres.give(own)
    conf = CONF.format(server=folder / "postgres", port=PORT, folder=own)
    (own / "pgbouncer.ini").write_text(conf)
    (own / "users").write_text(f'"{postgres.USER}" ""\n')
