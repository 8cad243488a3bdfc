"""The hand-written one beside ours, on a PostgreSQL that waits for the disk as well."""

import sys
from pathlib import Path

from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import DURABLE, SCHEMA, database
from bench.parts.stack import Part, Share, Stack
from bench.plan import CAPACITY_14, CAPACITY_64

SHARES = (Share(0.24, 50), Share(0.32, 100))
MODULE = "bench.stacks.falcon_psycopg"


def parts(folder: Path, port: int) -> list[Part]:
    command = [
        sys.executable,
        "-m",
        MODULE,
        f"host={folder / 'postgres'} user=postgres dbname=postgres",
    ]
    return [
        database(folder, Share(0.62, 300), SCHEMA, DURABLE),
        *behind_nginx(folder, port, command, shares=SHARES),
    ]


STACK = Stack(
    "Falcon, psycopg 3, PostgreSQL, fsync on",
    parts,
    (CAPACITY_14, CAPACITY_64),
    data="postgres/base/*/*",
)
