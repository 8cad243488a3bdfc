"""A real stack for the tests, with its own folder and port, and a client of it."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

from rinha import settings
from rinha.address import SERVER_SCHEMES
from stack import paths
from stack.parts import Layout, parts_of
from stack.run.processes import Processes
from stack.usage import children_of
from tests.help.ledgers import query
from tests.help.ports import free_port

ROOT = paths.ROOT
START_MAX_S = 20.0
STOP_MAX_S = 5.0
ANSWER_MAX_S = 40.0
# A restore from a replica takes seconds, and on a busy machine most of a minute.
COMMAND_MAX_S = 120.0
# The longest that the setting allows.
LOCK_WAIT_MS = "10000"
STATE_OF = {"crebitos": "SELECT * FROM clientes", "pessoas": "SELECT * FROM pessoas"}


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def rinha(*words: str, **environment: str) -> subprocess.Popen[str]:
    """Starts the command `rinha` with these settings."""
    return started([sys.executable, "-m", "rinha", *words], **environment)


def started(command: Sequence[str], **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=COMMAND_MAX_S)
    return process.returncode, out, err


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_MAX_S)

    def __call__(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            self._connection.request(method, path, raw, headers or {})
            response = self._connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        except Exception:
            self._connection.close()
            raise

    def transact(self, cliente: int, valor: int, tipo: str, descricao: str = "abc") -> Answer:
        body = {"valor": valor, "tipo": tipo, "descricao": descricao}
        return self("POST", f"/clientes/{cliente}/transacoes", body)

    def extrato(self, cliente: int) -> Any:
        answer = self("GET", f"/clientes/{cliente}/extrato")
        assert answer.status == 200, answer
        return answer.json

    def add(self, apelido: str, **changes: object) -> Answer:
        body = {"apelido": apelido, "nome": "Ana", "nascimento": "1985-09-23", "stack": ["C#"]}
        return self("POST", "/pessoas", body | changes)

    def search(self, termo: str) -> list[Any]:
        """Returns the apelidos of the people found, in their order."""
        answer = self("GET", f"/pessoas?t={quote(termo)}")
        assert answer.status == 200, answer
        return [pessoa["apelido"] for pessoa in answer.json]

    def count(self) -> int:
        return int(self("GET", "/contagem-pessoas").body)

    def close(self) -> None:
        self._connection.close()


class Stack(Processes):
    """A stack that is ready, until `stop()` or the end of its `with` block."""

    def __init__(
        self,
        folder: Path,
        instances: int = 2,
        ledger: str | None = None,
        *,
        ops: bool = False,
        patient: bool = False,
        **environment: str,
    ) -> None:
        """With `patient` a request waits long for the write lock. On a busy machine the process
        that has it may not run for seconds."""
        self.file = folder / "rinha.db"
        self.ledger = ledger or str(self.file)
        self.port = free_port()
        self.ops_port = free_port() if ops else None
        self.environment = {"RINHA_RESET": "on", **environment}
        if patient and not self.ledger.startswith(SERVER_SCHEMES):
            self.environment["RINHA_LOCK_WAIT_MS"] = LOCK_WAIT_MS
        asked = {
            **self.environment,
            "RINHA_LEDGER": self.ledger,
            "INSTANCES": str(instances),
            "PORT": str(self.port),
            "OPS_PORT": str(self.ops_port or "off"),
        }
        self.settings = settings.load(asked)
        self.edition = self.settings.edition
        # `Following` runs the replica.
        parts = [part for part in parts_of(Layout(self.settings, folder)) if part.name != "replica"]
        super().__init__(parts, folder, asked)
        self.start()

    def __enter__(self) -> Self:
        return self

    @property
    def instances(self) -> list["subprocess.Popen[bytes]"]:
        return [self[part.name] for part in self.parts.values() if part.kind == "instance"]

    @property
    def nginx(self) -> "subprocess.Popen[bytes]":
        return self["nginx"]

    def nginx_workers(self) -> list[int]:
        """Returns the pids of nginx's workers, which hold the connections."""
        return children_of(self.nginx.pid)

    def logs(self) -> list[dict[str, Any]]:
        paths = sorted(self.folder.glob("api*.log"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    def client(self) -> Client:
        return Client(self.port)

    def reset(self) -> None:
        answer = self.client()("POST", "/reset")
        assert answer.status == 200, answer

    def state(self) -> list[tuple[Any, ...]]:
        """Returns the rows that any accepted write changes."""
        return query(self.ledger, STATE_OF[self.edition])

    def stop(self) -> list[str]:
        late = super().stop()
        assert not [name for name in late if name != "nginx"], late
        return late
