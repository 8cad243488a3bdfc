"""Debian's PostgreSQL as a part of a stack, tuned for it, with its tables.

As the contest's entries have it: fsync and synchronous_commit off, so a power cut may take the
database, where this project's NORMAL takes the newest moments only.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.parts.stack import Part, Share, StackFailedError

USER = "postgres"
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
# One statement each: a line is a command to the server that runs alone.
SCHEMA = """\
CREATE TABLE clientes (id integer PRIMARY KEY, limite bigint NOT NULL, saldo bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);
CREATE TABLE transacoes (id bigserial PRIMARY KEY, cliente_id integer NOT NULL, valor bigint NOT NULL, tipo char(1) NOT NULL, descricao varchar(10) NOT NULL, realizada_em timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON transacoes (cliente_id, id DESC);
INSERT INTO clientes (id, limite) VALUES (1, 100000), (2, 80000), (3, 1000000), (4, 10000000), (5, 500000);
"""  # noqa: E501


def database(
    folder: Path, share: Share, schema: str = SCHEMA, settings: Mapping[str, str] | None = None
) -> Part:
    """Made anew in the folder; reached by its unix socket there."""
    data = folder / "postgres"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, USER, USER)
    programs = _programs()
    _run([programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"])
    chosen = {**SETTINGS, **(settings or {})}
    lines = [f"{name} = '{value}'\n" for name, value in chosen.items()]
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines([*lines, f"unix_socket_directories = '{data}'\n"])
    _run([programs / "postgres", "--single", "-D", data, "postgres"], schema)
    return Part(
        "postgres",
        [programs / "postgres", "-D", data],
        share,
        is_ready=partial(_is_ready, data),
        user=USER,
    )


def _is_ready(data: Path) -> bool:
    """It listens before it lets anybody in; this file says when it does."""
    pid_file = data / "postmaster.pid"
    return pid_file.exists() and pid_file.read_text().rstrip().endswith("ready")


def _programs() -> Path:
    """Debian keeps them out of the PATH, by version."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found = shutil.which("postgres") or (versions and versions[-1])
    if not found:
        raise StackFailedError("there is no PostgreSQL: apt-get install postgresql")
    return Path(found).resolve().parent


def _run(command: Sequence[str | Path], text: str = "") -> None:
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
    done = subprocess.run(
        [*(become if os.geteuid() == 0 else []), *command],
        input=text,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "ERROR" in done.stderr:
        raise StackFailedError(f"{Path(command[0]).name}: {done.stderr.strip()}")
