"""The standard library alone: http.server with a thread for each connection, and sqlite3."""

import json
import os
import re
import socket
import socketserver
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from bench.crebitos.programs.sqlite3_tables import ADD, EXTRATO, FIND, MOVE, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = re.compile(r"/clientes/(\d{1,9})/(transacoes|extrato)")
BACKLOG = 4096
found = threading.local()


def connection() -> sqlite3.Connection:
    """Returns the connection of this thread: a thread serves one connection of nginx."""
    if not hasattr(found, "connection"):
        found.connection = connect(os.environ["RINHA_LEDGER"])
    one: sqlite3.Connection = found.connection
    return one


@contextmanager
def transaction() -> "Iterator[sqlite3.Connection]":
    """Commits what is done in it; an exception undoes it."""
    db = connection()
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


class RefusedError(Exception):
    """A request that is refused with the status in its argument."""


class Handler(BaseHTTPRequestHandler):
    # Connections stay open.
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("extrato", self._extrato)

    def do_POST(self) -> None:
        self._answer("transacoes", self._transact)

    def _answer(self, what: str, answer: Any) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match = PATH.fullmatch(self.path)
        status, content = 200, b""
        try:
            if match is None or match[2] != what:
                raise RefusedError(404)
            content = json.dumps(answer(int(match[1]), body)).encode()
        except RefusedError as refused:
            status = refused.args[0]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _transact(self, cliente: int, body: bytes) -> dict[str, int]:
        valor, tipo, descricao = fields_of(body)
        with transaction() as db:
            row = db.execute(FIND, (cliente,)).fetchone()
            if row is None:
                raise RefusedError(404)
            limite, saldo = row[0], row[1] + (valor if tipo == "c" else -valor)
            if saldo < -limite:
                raise RefusedError(422)
            db.execute(MOVE, (saldo, cliente))
            now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
            db.execute(ADD, (cliente, valor, tipo, descricao, now_us))
        return {"limite": limite, "saldo": saldo}

    def _extrato(self, cliente: int, _body: bytes) -> dict[str, Any]:
        rows = connection().execute(EXTRATO, (cliente,)).fetchall()
        if not rows:
            raise RefusedError(404)
        limite, total = rows[0][:2]
        ultimas = [
            {"valor": valor, "tipo": tipo, "descricao": descricao, "realizada_em": _utc(at_us)}
            for _, _, valor, tipo, descricao, at_us in rows
            if valor is not None
        ]
        now = _utc(int(datetime.now(UTC).timestamp() * 1_000_000))
        saldo = {"total": total, "data_extrato": now, "limite": limite}
        return {"saldo": saldo, "ultimas_transacoes": ultimas}

    def log_message(self, *_: Any) -> None:
        """Writes no access log, as the other contenders."""


def fields_of(body: bytes) -> tuple[int, str, str]:
    try:
        content = json.loads(body)
        valor, tipo, descricao = content["valor"], content["tipo"], content["descricao"]
    except (ValueError, TypeError, KeyError):
        raise RefusedError(422) from None
    holds = type(valor) is int and 0 < valor < 2**53 and tipo in ("c", "d")
    if not holds or not isinstance(descricao, str) or not 1 <= len(descricao) <= 10:
        raise RefusedError(422)
    return valor, tipo, descricao


def _utc(time_us: int) -> str:
    return f"{datetime.fromtimestamp(time_us / 1_000_000, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


class Server(ThreadingHTTPServer):
    """It listens on the unix socket that nginx.conf expects."""

    address_family = socket.AF_UNIX
    daemon_threads = True
    request_queue_size = BACKLOG

    def server_bind(self) -> None:
        # HTTPServer looks up a host name, which a unix socket has not.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", 0


if __name__ == "__main__":
    connection()
    path: Any = os.environ["RINHA_LISTEN"].removeprefix("unix:")
    Server(path, Handler).serve_forever()
