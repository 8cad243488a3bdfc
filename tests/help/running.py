"""A real stack for the tests: nginx and instances as processes, with their own folder and port."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from rinha.settings import EDITIONS
from stack import launch
from tests.help.ledgers import query
from tests.help.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START_MAX_S = 20.0
STOP_MAX_S = 5.0
ANSWER_MAX_S = 40.0
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
    return subprocess.Popen(
        [sys.executable, "-m", "rinha", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=ANSWER_MAX_S)
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


class Stack:
    def __init__(
        self,
        folder: Path,
        instances: int = 2,
        ledger: str | None = None,
        *,
        ops: bool = False,
        **environment: str,
    ) -> None:
        self.folder = folder
        self.file = folder / "rinha.db"
        self.ledger = ledger or str(self.file)
        self.port = free_port()
        self.ops_port = free_port() if ops else None
        metrics = {"RINHA_METRICS": "on"} if ops else {}
        self.environment = {"RINHA_RESET": "on", **metrics, **environment}
        self.instances: list[subprocess.Popen[bytes]] = []
        self.edition = self.environment.get("RINHA_EDITION", EDITIONS[0])
        self.start_nginx_with = launch.nginx(
            folder,
            port=self.port,
            instances=instances,
            edition=self.edition,
            ops_port=self.ops_port,
        )
        self.nginx = self.start_nginx()
        for number in range(1, instances + 1):
            self.instances.append(self.start(number))
        self.wait_until_healthy()

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start_nginx(self) -> "subprocess.Popen[bytes]":
        # A process group of its own, which a test can kill as one.
        return subprocess.Popen(self.start_nginx_with, cwd=self.folder, process_group=0)

    def nginx_workers(self) -> list[int]:
        """Returns the pids of nginx's workers, which hold the connections."""
        children = Path(f"/proc/{self.nginx.pid}/task/{self.nginx.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def start(self, number: int) -> subprocess.Popen[bytes]:
        """Starts an instance. Its socket's path is relative, as an absolute one may be too long."""
        with (self.folder / f"api{number:02d}.log").open("ab") as log:
            return subprocess.Popen(
                launch.INSTANCE,
                cwd=self.folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "RINHA_LEDGER": self.ledger,
                    "RINHA_LISTEN": f"unix:api{number:02d}.sock",
                    **self.environment,
                },
                stderr=log,
            )

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_MAX_S
        names = launch.instance_names(len(self.instances))
        sockets = [self.folder / f"{name}.sock" for name in names]
        while time.monotonic() < deadline:
            if all(path.exists() for path in sockets):
                try:
                    if Client(self.port)("GET", "/health").status == 200:
                        return
                except OSError:
                    pass
            time.sleep(0.02)
        raise AssertionError(f"the stack did not start: {self.logs()}")

    def logs(self) -> list[dict[str, Any]]:
        paths = sorted(self.folder.glob("api*.log"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    def client(self) -> Client:
        return Client(self.port)

    def reset(self) -> None:
        assert self.client()("POST", "/reset").status == 200

    def state(self) -> list[tuple[Any, ...]]:
        """Returns the rows that any accepted write changes."""
        return query(self.ledger, STATE_OF[self.edition])

    def stop(self) -> None:
        for process in self.instances:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in [*self.instances, self.nginx]:
            if process is self.nginx:
                process.terminate()
            process.wait(STOP_MAX_S)
