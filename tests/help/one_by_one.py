"""An instance without bjoern: its requests are made and its answers are ended one by one."""

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apsw
import falcon.testing
import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.group_commit import GroupCommit
from rinha.http import create_app

TRANSACOES, EXTRATO = "/clientes/1/transacoes", "/clientes/1/extrato"
LIMITE = 100_000


class Service:
    def __init__(self, ledger: SqliteLedger) -> None:
        self.ledger = ledger
        self.app = create_app(ledger, add_routes, reset=True)
        self.statuses: list[str] = []
        self._application = GroupCommit(self.app, ledger.engine)

    def ask(self, path: str, valor: int = 1, tipo: str = "c") -> Iterable[bytes]:
        body = json.dumps({"valor": valor, "tipo": tipo, "descricao": "abc"})
        method = "GET" if path.endswith("extrato") else "POST"
        environ = falcon.testing.create_environ(path, method=method, body=body)

        def start_response(status: str, *_: Any) -> Callable[[bytes], object]:
            self.statuses.append(status)
            return lambda _: None

        return self._application(environ, start_response)

    def begin(self, *paths: str, **words: Any) -> list[tuple[bytes, Iterator[bytes]]]:
        """Returns the part of each answer that bjoern may have before the commit, and the rest."""
        answers = [iter(self.ask(path, **words)) for path in paths]
        return [(next(answer), answer) for answer in answers]

    def answer(self, path: str, **words: Any) -> Any:
        return json.loads(b"".join(self.ask(path, **words)))

    def saldo(self) -> int:
        """Returns what another connection sees: the committed balance."""
        other = apsw.Connection(str(self.ledger.engine.path))
        saldo: int = other.execute("SELECT saldo FROM clientes WHERE cliente = 1").get
        other.close()
        return saldo


def whole(begun: list[tuple[bytes, Iterator[bytes]]]) -> list[Any]:
    return [json.loads(b"".join((first, *rest))) for first, rest in begun]


class Syncs:
    """Counts the syncs by os.fdatasync, and makes them fail on demand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fail = False
        self._sync = os.fdatasync
        patch.setattr(os, "fdatasync", self._count)

    def _count(self, fd: int) -> None:
        self.count += 1
        if self.fail:
            raise OSError(errno.EIO, "Input/output error")
        self._sync(fd)


full_only = pytest.mark.parametrize("service", ["FULL"], indirect=True)
