"""The examples of SECURITY.md work as they are printed."""

import base64
import errno
import http.client
import os
import re
import socket
import ssl
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from stack.part import Part, listens
from stack.paths import NGINX
from stack.run.processes import Processes
from tests.help.checkout import Checkout
from tests.help.ports import free_port
from tests.help.running import ROOT, STOP_MAX_S

EXAMPLES = re.findall(r"```nginx\n(.*?)```", (ROOT / "SECURITY.md").read_text(), re.DOTALL)
(DOTENV,) = re.findall(r"```sh\n(.*?)```", (ROOT / "SECURITY.md").read_text(), re.DOTALL)
PORTS = {name: free_port() for name in ("8443", "8444", "8081")}
CONF = """{user} daemon off; pid {folder}/edge.pid; error_log stderr alert;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {examples}
}}
"""
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, a key and a user, as an operator would have them."""
    made = tmp_path_factory.mktemp("edge")
    names: list[str | Path] = ["-keyout", made / "key.pem", "-out", made / "certificate.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=edge", *names],
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
    )
    (made / "users").write_text(f"maria:{done.stdout}")
    made.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def stack() -> Iterator[Checkout]:
    """A stack with the `.env` of SECURITY.md."""
    with tempfile.TemporaryDirectory() as name:
        started = Checkout(Path(name))
        (started.folder / ".env").write_text(DOTENV)
        code, text = started.stack("up")
        assert code == 0, text
        yield started
        started.stack("down")


@pytest.fixture(scope="module")
def edge(folder: Path, stack: Checkout) -> Iterator[None]:
    """A second nginx with all examples at once, in front of the stack."""
    text = "\n".join(EXAMPLES).replace("/etc/rinha", str(folder))
    for name, port in {**PORTS, "127.0.0.1:9999": stack.port}.items():
        assert name in text
        text = text.replace(name, f"127.0.0.1:{port}" if ":" in name else str(port))
    conf = folder / "edge.conf"
    # If root runs the tests, nginx's worker must be root to read the folder of a test.
    user = "user root;" if os.geteuid() == 0 else ""
    conf.write_text(CONF.format(user=user, folder=folder, examples=text))
    nginx: list[str | Path] = [NGINX, "-p", folder, "-c", conf]
    checked = subprocess.run([*nginx, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    is_ready = partial(listens, ("127.0.0.1", PORTS["8081"]))
    with Processes([Part("edge", nginx, is_ready=is_ready)], folder):
        yield


def ask(
    connection: http.client.HTTPConnection, path: str, user: str = "", method: str = "GET"
) -> int:
    token = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    connection.request(method, path, headers={"Authorization": f"Basic {token}"} if user else {})
    response = connection.getresponse()
    response.read()
    return response.status


def secure(port: int, folder: Path) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    context.check_hostname = False
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=STOP_MAX_S, context=context)


def test_there_is_an_example_for_each() -> None:
    """SECURITY.md has three examples: TLS, authentication and rate limits."""
    assert len(EXAMPLES) == 3


def test_only_this_machine_reaches_the_stack(stack: Checkout) -> None:
    """The stack listens on loopback only, and the reset is off."""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", stack.port)) == errno.ECONNREFUSED
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=STOP_MAX_S)
    assert ask(connection, "/clientes/1/extrato") == 200
    assert ask(connection, "/reset", method="POST") == 403


def test_tls(edge: None, folder: Path) -> None:
    """The ledger answers over TLS, with the operator's certificate."""
    assert ask(secure(PORTS["8443"], folder), "/clientes/1/extrato") == 200


def test_authentication(edge: None, folder: Path) -> None:
    """A request needs a user's password, and the reset is refused even then."""
    assert ask(secure(PORTS["8444"], folder), "/clientes/1/extrato") == 401
    assert ask(secure(PORTS["8444"], folder), "/clientes/1/extrato", "joao") == 401
    assert ask(secure(PORTS["8444"], folder), "/clientes/1/extrato", "maria") == 200
    assert ask(secure(PORTS["8444"], folder), "/reset", "maria", "POST") == 403


def test_slow_bodies_use_up_their_own_share(edge: None) -> None:
    """One address may have twenty slow bodies at once, and its next request gets 429."""
    head = b"POST /clientes/1/transacoes HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", PORTS["8081"])) for _ in range(20)]
    for connection in slow:
        connection.sendall(head)
    time.sleep(0.2)
    assert ask(http.client.HTTPConnection("127.0.0.1", PORTS["8081"]), "/health") == 429
    for connection in slow:
        connection.close()


def test_rate_limits(edge: None) -> None:
    """One address gets its burst at once, and 429 after that."""
    connection = http.client.HTTPConnection("127.0.0.1", PORTS["8081"], timeout=STOP_MAX_S)
    statuses = Counter(ask(connection, "/health") for _ in range(1_000))
    assert set(statuses) == {200, 429}
    assert statuses[200] > 50
