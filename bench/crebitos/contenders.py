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
from bench.parts.postgres import DURABLE, SCHEMA, on_postgres
from stack.part import Part, Share
from stack.parts import INSTANCE
from stack.paths import RINHA, ROOT
from stack.run.processes import StackFailedError

Parts = Callable[[Path, int], list[Part]]

# The share of a database, and those of nginx and of each instance.
DATABASE = Share(0.62, 300), (Share(0.24, 50), Share(0.32, 100))
WITH_FASTAPI = Share(0.5, 250), (Share(0.16, 50), Share(0.42, 125))
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
    "constant": Contender("constant answer", service(program("constant")), EVERYTHING, quick=True),
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
        "rinha, 10 million transactions", ten_million_transactions, SHORT, "../rinha_10m.db*"
    ),
    "rinha_1m_clients": Contender(
        "rinha, 1 million clients", million_clients, SHORT, "../rinha_1m_clients.db*"
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
}
