"""The addresses of the stack: BIND, and free ports."""

import re
import socket
import sys
from contextlib import ExitStack, closing

import pytest

from rinha.errors import SettingError
from rinha.settings import load
from stack.nginx.conf import EVERY_ADDRESS
from tests.help.checkout import Checkout
from tests.help.commands import run
from tests.help.ports import free_port


def listens(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        return probe.connect_ex((address, port)) == 0


def has_address(address: str) -> bool:
    try:
        socket.create_server((address, 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("bind", ["127.0.0.2", "[::1]"])
def test_it_listens_on_the_address_that_is_named_and_on_no_other(
    checkout: Checkout, bind: str
) -> None:
    """The stack listens on the address of BIND only, and later commands find it without BIND."""
    address = bind.strip("[]")
    if ":" in address and not has_address(address):
        pytest.skip("this machine has no IPv6")
    code, text = checkout.stack("up", BIND=bind)
    assert code == 0, text
    assert f"rinha is up: http://{bind}:{checkout.port}" in text
    assert listens(address, checkout.port)
    assert not listens("127.0.0.1", checkout.port)
    assert listens("127.0.0.1", checkout.ops_port), "the page stays on loopback"
    code, text = checkout.stack("status")
    assert (code, f"http://{bind}:{checkout.port}/health answers 200" in text) == (0, True)
    assert checkout.stack("reset")[0] == 0


@pytest.mark.parametrize(
    "bind",
    [
        "localhost",
        "127.0.0.1:80",
        "::1",
        "[127.0.0.1]",
        "127.1",
        "[fe80::1%lo]",
        "x; y",
        "256.1.1.1",
    ],
)
def test_what_is_no_address_is_refused(bind: str) -> None:
    """A BIND that is no address is refused with its name and examples."""
    with pytest.raises(SettingError, match=r"^BIND=.* such as 127\.0\.0\.1 or \[::1\]$"):
        load({"BIND": bind})


def test_an_address_that_cannot_be_had_is_refused(checkout: Checkout) -> None:
    """An address that this machine lacks is refused in one line, and the stack is not started."""
    code, text = checkout.stack("up", BIND="here")
    assert (code, text.count("\n"), "BIND='here'" in text) == (2, 1, True)
    assert not (checkout.folder / "var").exists()
    for bind in ("192.0.2.1", "[2001:db8::1]"):
        said = f"rinha: BIND={bind}: this machine has no such address\n"
        assert checkout.stack("up", BIND=bind) == (2, said)
    assert checkout.stack("status")[0] == 3


@pytest.mark.parametrize("in_use", [("PORT",), ("PORT", "OPS_PORT")])
def test_the_advice_about_ports_works_as_it_stands(
    checkout: Checkout, in_use: tuple[str, ...]
) -> None:
    """One message names all ports in use, with settings that are free, distinct and sufficient."""
    ports = {"PORT": checkout.port, "OPS_PORT": checkout.ops_port}
    with ExitStack() as others:
        for name in in_use:
            others.enter_context(socket.create_server(("127.0.0.1", ports[name])))
        # The first proposed port may be in use as well.
        for port in (8888, 8990):
            if not listens("127.0.0.1", port):
                others.enter_context(socket.create_server(("127.0.0.1", port)))
        code, text = checkout.stack("up", BIND="127.0.0.1")
        assert (code, text.count("\n")) == (2, 1)
        for name, port in ports.items():
            assert (f"{port} " in text.partition(":")[2].partition(":")[0]) == (name in in_use)
        advice = dict(re.findall(r"(\w+)=(\S+)", text.partition(", or ")[2]))
        assert text.endswith(" make up\n")
        assert set(advice) == {"BIND", "PORT", "OPS_PORT"}
        assert len({*advice.values(), "8888", "8990"}) == 5
        code, text = checkout.stack("up", **advice)
        assert code == 0, text
        assert f"http://127.0.0.1:{advice['PORT']}" in text


def test_two_stacks_need_four_ports(checkout: Checkout) -> None:
    """One port for two listeners is refused, and a wrong port is answered with what is allowed."""
    port = str(free_port())
    code, text = checkout.stack("up", PORT=port, OPS_PORT=port)
    assert (code, text) == (
        2,
        f"rinha: PORT and OPS_PORT are both {port}: give them different ports\n",
    )
    code, text = checkout.stack("up", OPS_PORT="foo")
    assert code == 2
    assert "OPS_PORT='foo' must be a whole number from 1 to 65535, or off" in text


def test_the_ports_of_containers_are_checked_by_the_same_rules() -> None:
    """containers.sh asks for the same advice, also about a port that only the engine knows."""
    asked = {"PORT": str(free_port()), "OPS_PORT": str(free_port())}

    def check(*known: str, bind: str = EVERY_ADDRESS, network: str = "bridge") -> str:
        environment = {**asked, "BIND": bind, "NETWORK": network}
        ended = run(sys.executable, "-m", "stack.ports", *known, env=environment)
        assert ended.code == (2 if ended.err else 0)
        return ended.err

    assert check() == ""
    assert f"port {asked['PORT']} is in use" in check("PORT")
    assert f"port {asked['OPS_PORT']} is in use" in check("OPS_PORT")
    assert " NETWORK=bridge PORT=" in check("PORT", network="host")
    with socket.create_server(("127.0.0.1", int(asked["PORT"]))):
        assert " or BIND=192.0.2.1 PORT=" in check(bind="192.0.2.1")
