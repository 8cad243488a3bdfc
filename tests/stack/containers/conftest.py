"""The composed stack in place of `Stack`, as its own project and on its own port."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.help.ports import free_port
from tests.help.running import ANSWER_MAX_S, ROOT, Client
from tests.help.transaction_load import CLIENTES

BUILD_MAX_S = 600.0


def engine_answers() -> bool:
    try:
        return all(
            subprocess.run(["docker", *words], capture_output=True, check=False).returncode == 0
            for words in (["info"], ["compose", "version"])
        )
    except OSError:
        return False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if "tests/stack/containers" in str(item.path)]
    if mine and not engine_answers():
        for item in mine:
            item.add_marker(pytest.mark.skip(reason="no Docker engine answers"))


class Containers:
    """Has the methods of Stack that the contract's tests need."""

    def __init__(self, name: str, folder: Path = ROOT) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            "COMPOSE_PROJECT_NAME": name,
            "PORT": str(self.port),
            "OPS_PORT": str(free_port()),
        }
        self.name = name

    def run(self, *words: str, check: bool = True, **environment: str) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=BUILD_MAX_S,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def make(self, target: str, check: bool = True, **environment: str) -> str:
        return self.run("stack/containers.sh", *target.split(), check=check, **environment)

    def compose(self, *words: str, check: bool = True) -> str:
        return self.run("docker", "compose", *words, check=check)

    def container(self, service: str) -> str:
        return f"{self.name}-{service}-1"

    def inspect(self, service: str) -> Any:
        return json.loads(self.run("docker", "inspect", self.container(service)))[0]

    def shell(self, service: str, script: str) -> str:
        return self.compose("exec", "-T", service, "sh", "-c", script)

    def client(self) -> Client:
        return Client(self.port)

    def reset(self) -> None:
        assert self.client()("POST", "/reset").status == 200

    def state(self) -> list[Any]:
        """Returns all state that a request could have changed, without the time of the request."""
        client = self.client()
        extratos = [client.extrato(cliente) for cliente in CLIENTES]
        return [(each["saldo"]["total"], each["ultimas_transacoes"]) for each in extratos]

    def seconds_until_it_answers(self) -> float:
        started = time.monotonic()
        while True:
            try:
                if self.client()("GET", "/health").status == 200:
                    return time.monotonic() - started
            except OSError:
                pass
            assert time.monotonic() - started < ANSWER_MAX_S
            time.sleep(0.05)


@pytest.fixture(scope="session")
def stack() -> Iterator[Containers]:
    """The stack of docker-compose.yml, freshly built, on an empty volume."""
    containers = Containers("rinha-test")
    containers.compose("down", "--volumes")
    containers.make("up")
    yield containers
    containers.compose("down", "--volumes")
