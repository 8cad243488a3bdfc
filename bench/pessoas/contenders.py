"""The contenders of pessoas. Each has 1.5 CPU and 3 GB."""

import sys
from pathlib import Path

from bench.contender import Contender
from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import on_postgres
from bench.pessoas.growth import MANY, make_registry
from bench.pessoas.plan import GROWTH
from stack.part import Part, Share

# As in stack/compose/pessoas.yml.
SHARES = (Share(0.54, 600), Share(0.48, 1200))
SETTINGS = {"RINHA_EDITION": "pessoas"}
MANY_FILE = "rinha_2m_pessoas.db"
# One statement a line: `postgres --single` takes each line as a command.
SCHEMA = """\
CREATE EXTENSION pg_trgm;
CREATE TABLE pessoas (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), apelido varchar(32) NOT NULL UNIQUE, nome varchar(100) NOT NULL, nascimento date NOT NULL, stack varchar(32)[], busca text NOT NULL);
CREATE INDEX ON pessoas USING gin (busca gin_trgm_ops);
"""  # noqa: E501
DATABASE = {"shared_buffers": "512MB", "work_mem": "16MB"}


def service(folder: Path, port: int, **environment: str) -> list[Part]:
    return behind_nginx(folder, port, environment={**SETTINGS, **environment}, shares=SHARES)


def two_million_people(folder: Path, port: int) -> list[Part]:
    # Outside the folder, so that it is made once for all rounds.
    file = folder.parent / MANY_FILE
    make_registry(file, MANY)
    return service(folder, port, RINHA_LEDGER=str(file))


CONTENDERS = {
    "rinha_pessoas": Contender("rinha", service, quick=True),
    "fastapi_pg_trgm": Contender(
        "FastAPI, asyncpg, PostgreSQL with pg_trgm",
        on_postgres(
            Share(0.5, 1900),
            (Share(0.2, 300), Share(0.4, 400)),
            [sys.executable, "-m", "bench.pessoas.programs.fastapi_pg_trgm"],
            schema=SCHEMA,
            settings=DATABASE,
            environment=SETTINGS,
        ),
        quick=True,
    ),
    "rinha_2m_pessoas": Contender(
        "rinha, 2 million people", two_million_people, GROWTH, f"../{MANY_FILE}*", judged=False
    ),
}
