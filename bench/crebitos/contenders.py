"""The contenders of crebitos. Each has 1.5 CPU and 550 MB; a replica has its share on top."""

import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.contender import Contender
from bench.crebitos.growth import CLIENTES, FIRST_CLIENTES, TRANSACOES, make_ledger
from bench.crebitos.plan import CAPACITY_14, CAPACITY_64, EVERYTHING, SHORT
from bench.parts.behind_nginx import behind_nginx
from bench.parts.pgbouncer import behind_pgbouncer
from bench.parts.postgres import DURABLE, SCHEMA, on_postgres
from bench.parts.redis import ALWAYS, on_redis
from stack.part import Part, Share
from stack.parts import INSTANCE
from stack.paths import RINHA, ROOT
from stack.run.processes import StackFailedError

Parts = Callable[[Path, int], list[Part]]

# The share of a database, and those of nginx and of each instance.
DATABASE = Share(0.62, 300), (Share(0.24, 50), Share(0.32, 100))
WITH_FASTAPI = Share(0.5, 250), (Share(0.16, 50), Share(0.42, 125))
WITH_DJANGO = Share(0.4, 250), (Share(0.14, 50), Share(0.48, 125))
# PgBouncer has one thread, and moves bytes only.
WITH_PGBOUNCER = Share(0.54, 280), (Share(0.20, 50), Share(0.30, 100))
PGBOUNCER = Share(0.16, 20)
# Redis works in memory, so the instances need most of the CPU.
WITH_REDIS = Share(0.3, 200), (Share(0.2, 50), Share(0.5, 150))
# Both database servers write the same data.
WITH_STANDBY = Share(0.46, 190), (Share(0.20, 40), Share(0.28, 75))
CAPACITY = (CAPACITY_14, CAPACITY_64)
# Variants of this service are compared in this mode: the disk adds no noise.
NORMAL = {"RINHA_SYNCHRONOUS": "NORMAL"}
# Makes the tables of this service in a database.
INIT = " ".join([*RINHA, "init"])


def program(name: str) -> list[str]:
    return [sys.executable, "-m", f"bench.crebitos.programs.{name}"]


def service(command: Sequence[str] = INSTANCE, **environment: str) -> Parts:
    """Returns the parts of this service with another program for its instances, or settings."""
    return lambda folder, port: behind_nginx(folder, port, command, {**NORMAL, **environment})


def in_shell(command: str) -> list[str]:
    """Returns a command that reads the address of its instance from the environment."""
    return ["sh", "-c", f"exec {sys.executable} -m {command}"]


# gunicorn's threads keep nginx's connections open; each has a connection to the database.
DJANGO = in_shell(
    'gunicorn --bind "$RINHA_LISTEN" --workers 1 --threads 4 --backlog 4096 '
    "--log-level warning bench.crebitos.programs.django_psycopg:application"
)
GRANIAN = in_shell(
    'granian --interface wsgi --http 1 --uds "${RINHA_LISTEN#unix:}" --workers 1 '
    "--blocking-threads 1 --log-level warning bench.crebitos.programs.falcon_granian:app"
)


def with_replica(folder: Path, port: int) -> list[Part]:
    replica = {"RINHA_REPLICA": f"file://{folder}/replica"}
    return behind_nginx(folder, port, environment={**NORMAL, **replica})


def ten_million_transactions(folder: Path, port: int) -> list[Part]:
    # Outside the folder, so that it is made once for all rounds.
    file = folder.parent / "rinha_10m.db"
    make_ledger(file, transacoes=TRANSACOES, clientes=FIRST_CLIENTES)
    return behind_nginx(folder, port, environment={**NORMAL, "RINHA_LEDGER": str(file)})


def million_clients(folder: Path, port: int) -> list[Part]:
    file = folder.parent / "rinha_1m_clients.db"
    make_ledger(file, transacoes=0, clientes=CLIENTES)
    command = program("million_clients")
    return behind_nginx(folder, port, command, {**NORMAL, "RINHA_LEDGER": str(file)})


def one_file(folder: Path, port: int) -> list[Part]:
    built = sorted((ROOT / "dist").glob(f"rinha-*-linux-{platform.machine()}"))
    if not built:
        raise StackFailedError("there is no executable in dist/: `make dist` builds one")
    # Called by this name, the executable runs the nginx that it carries.
    link = folder / "nginx"
    link.symlink_to(built[-1])
    *others, nginx = behind_nginx(folder, port, [built[-1], "-m", "rinha", "serve"], NORMAL)
    return [*others, replace(nginx, command=[link, *nginx.command[1:]])]


CONTENDERS = {
    "rinha_normal": Contender("rinha, NORMAL", service(), EVERYTHING, quick=True),
    "rinha_metrics": Contender("rinha, metrics on", service(RINHA_METRICS="on"), SHORT),
    "rinha_replica": Contender("rinha, with a replica", with_replica, SHORT),
    "constant": Contender(
        "constant answer", service(program("constant")), EVERYTHING, quick=True, judged=False
    ),
    "rinha_full": Contender("rinha, FULL", service(RINHA_SYNCHRONOUS="FULL"), quick=True),
    "rinha_postgres": Contender(
        "rinha, PostgreSQL", on_postgres(*DATABASE, settings=DURABLE), CAPACITY
    ),
    "falcon_psycopg_durable": Contender(
        "Falcon, psycopg 3, the same tables",
        on_postgres(
            *DATABASE,
            ["sh", "-c", f"{INIT} && exec {' '.join(program('falcon_psycopg'))} durable"],
            settings=DURABLE,
        ),
        CAPACITY,
    ),
    "rinha_postgres_standby": Contender(
        "rinha, PostgreSQL with a standby",
        on_postgres(*WITH_STANDBY, settings=DURABLE, standby_share=Share(0.28, 170)),
        CAPACITY,
    ),
    "rinha_10m": Contender(
        "rinha, 10 million transactions",
        ten_million_transactions,
        SHORT,
        "../rinha_10m.db*",
        judged=False,
    ),
    "rinha_1m_clients": Contender(
        "rinha, 1 million clients", million_clients, SHORT, "../rinha_1m_clients.db*", judged=False
    ),
    "falcon_psycopg": Contender(
        "Falcon, psycopg 3, PostgreSQL",
        on_postgres(*DATABASE, program("falcon_psycopg"), schema=SCHEMA),
    ),
    "falcon_sqlite3": Contender(
        "Falcon, sqlite3, busy_timeout", service(program("falcon_sqlite3"))
    ),
    "fastapi_asyncpg": Contender(
        "FastAPI, asyncpg, PostgreSQL",
        on_postgres(*WITH_FASTAPI, program("fastapi_asyncpg"), schema=SCHEMA),
    ),
    "rinha_onefile": Contender("rinha, one file", one_file),
    "falcon_pgbouncer": Contender(
        "Falcon, psycopg 3, PgBouncer",
        behind_pgbouncer(
            on_postgres(*WITH_PGBOUNCER, [*program("falcon_psycopg"), "pooled"], schema=SCHEMA),
            PGBOUNCER,
        ),
    ),
    "falcon_granian": Contender("Falcon on Granian, NORMAL", service(GRANIAN)),
    "django_psycopg": Contender(
        "Django, psycopg 3, PostgreSQL", on_postgres(*WITH_DJANGO, DJANGO, schema=SCHEMA)
    ),
    "http_server": Contender("http.server, threads, sqlite3", service(program("http_server"))),
    "fastapi_redis": Contender(
        "FastAPI, Redis, snapshots",
        on_redis(*WITH_REDIS, program("fastapi_redis")),
        data="redis/**/*",
    ),
    "fastapi_redis_always": Contender(
        "FastAPI, Redis, fsync always",
        on_redis(*WITH_REDIS, program("fastapi_redis"), ALWAYS),
        data="redis/**/*",
    ),
}

GROUPS = {
    "This service": (
        *("rinha_full", "rinha_normal", "rinha_metrics", "rinha_replica", "rinha_onefile"),
        *("rinha_10m", "rinha_1m_clients", "rinha_postgres", "rinha_postgres_standby"),
    ),
    "This service with other parts": (
        *("constant", "falcon_granian", "falcon_sqlite3", "falcon_psycopg"),
        *("falcon_psycopg_durable", "falcon_pgbouncer"),
    ),
    "Frameworks that people know": ("fastapi_asyncpg", "django_psycopg", "http_server"),
    "Other stores": ("fastapi_redis", "fastapi_redis_always"),
}
SETS = {
    "yardsticks": (
        *("rinha_full", "rinha_normal", "constant", "falcon_granian", "falcon_sqlite3"),
        *("falcon_psycopg", "falcon_pgbouncer", "fastapi_asyncpg", "django_psycopg"),
        *("http_server", "fastapi_redis", "fastapi_redis_always"),
    )
}
