"""`make up` beside running containers replaces what differs, part by part, while they serve."""

import socket
from collections.abc import Iterator

import pytest

from tests.help.checkout import Checkout
from tests.help.new_connections import NewConnections
from tests.help.running import ROOT
from tests.help.transaction_load import TransactionLoad
from tests.stack.containers.conftest import Containers

RATE = 340
PARTS = ("api01", "api02", "nginx")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """A stack of a checkout of its own, whose files a test may change."""
    folder = tmp_path_factory.mktemp("checkout")
    Checkout(folder)
    containers = Containers("rinha-roll", folder)
    containers.compose("down", "--volumes")
    containers.make("up")
    yield containers
    containers.compose("down", "--volumes", "--remove-orphans")
    # This checkout's code again, under the name of the image.
    containers.folder = ROOT
    containers.compose("build", "api01")


def ids(stack: Containers) -> list[str]:
    return [stack.inspect(name)["Id"] for name in PARTS]


def replace_in(stack: Containers, file: str, old: str, new: str) -> None:
    """Writes a new file in place of the old one, as git does: a mount of the old one keeps it."""
    path = stack.folder / file
    text = path.read_text()
    assert old in text
    path.with_suffix(".new").write_text(text.replace(old, new))
    path.with_suffix(".new").replace(path)


def up_under_load(
    stack: Containers, kind: type[TransactionLoad], **environment: str
) -> tuple[str, TransactionLoad]:
    """Runs `up` under load; the ledger must explain every answer."""
    stack.reset()
    with kind(stack.port, RATE, seed=6) as load:
        text = stack.make("up", check=True, **environment)
    load.assert_explains_every_balance()
    assert "every promise holds" in stack.make("check")
    return text, load


def test_another_setting_replaces_the_instances(own: Containers) -> None:
    """Another setting gives each instance a new container and no failed request; nginx stays."""
    before = ids(own)
    text, load = up_under_load(own, TransactionLoad, RINHA_LOG_LEVEL="debug")
    assert load.failed == []
    assert text.endswith("(changed while it served: RINHA_LOG_LEVEL)\n")
    after = ids(own)
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, True]
    assert "RINHA_LOG_LEVEL=debug" in own.inspect("api02")["Config"]["Env"]
    assert "is up already" in own.make("up", RINHA_LOG_LEVEL="debug")
    assert ids(own) == after
    own.make("up")


def test_other_code_replaces_the_instances_and_reloads_nginx(own: Containers) -> None:
    """Files that git replaces are served by new instances and the same nginx; none fails."""
    nginx = own.inspect("nginx")["Id"]
    replace_in(own, "rinha/crebitos/on_sqlite.py", "there is no client", "nobody is client")
    replace_in(own, "nginx.conf", "no such path", "nowhere")
    text, load = up_under_load(own, NewConnections)
    assert load.failed == []
    assert text.endswith("(changed while it served: the code)\n")
    assert own.inspect("nginx")["Id"] == nginx
    assert b"nowhere" in own.client()("GET", "/a//b").body
    assert b"nobody is client" in own.client()("GET", "/clientes/99/extrato").body


def test_another_number_of_instances(own: Containers) -> None:
    """Instances are added and removed under load, and nginx asks those that run."""
    for number in ("3", "1", "2"):
        text, load = up_under_load(own, NewConnections, INSTANCES=number)
        assert text.endswith("(changed while it served: INSTANCES)\n")
        # A third of the CPU of two may be throttled: then the wait for the lock ends with a 503.
        assert [outcome for outcome in load.failed if outcome.is_open] == []
        running = own.compose("ps", "--services", "--status", "running").split()
        names = [f"api{each + 1:02d}" for each in range(int(number))]
        assert sorted(running) == [*names, "nginx"]
        servers = own.shell("nginx", "cat /etc/nginx/instances.conf")
        assert servers.split()[1::3] == [f"unix:{name}.sock" for name in names]


def test_nothing_is_replaced_where_the_new_stack_cannot_serve(own: Containers) -> None:
    """Another ledger, a port in use, and a broken nginx.conf or setting change no container."""
    before = ids(own)
    other_edition = {"RINHA_EDITION": "2023q3", "NETWORK": "bridge"}
    said = own.make("up", check=False, **other_edition)
    assert "runs with other settings (RINHA_EDITION): `make down` first, because the old" in said
    said = own.make("up", check=False, MODE="local", RINHA_RESET="off")
    assert "runs with other settings (MODE): `make down` first, because plain" in said
    with socket.create_server(("", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = own.make("up", check=False, PORT=port)
        assert f"rinha: port {port} is in use" in said
        assert f" OPS_PORT={own.environment['OPS_PORT']} make up" in said
    assert "must be" in own.make("up", check=False, RINHA_LOCK_WAIT_MS="soon")
    replace_in(own, "nginx.conf", "worker_processes 1;", "worker_processes one;")
    said = 'rinha: "worker_processes" directive invalid value in nginx.conf:'
    assert own.make("up", check=False).startswith(said)
    replace_in(own, "nginx.conf", "worker_processes one;", "worker_processes 1;")
    assert ids(own) == before
    assert "is up already" in own.make("up")


def test_another_port_replaces_nginx_with_a_pause(own: Containers) -> None:
    """On the bridge another port needs another nginx; a warning says so, and it answers there."""
    others = Containers("unused")
    text = own.make("up", PORT=str(others.port))
    assert "rinha: warning: nginx itself is replaced" in text
    assert "(changed while it served: PORT)\n" in text
    assert others.client()("GET", "/health").status == 200
    with pytest.raises(OSError, match="refused"):
        own.client()("GET", "/health")
    own.make("up")
    assert own.client()("GET", "/health").status == 200
    said = own.make("up", check=False, BIND="192.0.2.1")
    assert "could not start another nginx; the old one serves: " in said
    assert own.client()("GET", "/health").status == 200
