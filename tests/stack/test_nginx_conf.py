"""The proxy's configuration agrees with the service."""

import pytest

from rinha.settings import BODY_MAX_BYTES
from stack.launch import ROOT, render

TEMPLATE = (ROOT / "nginx.conf").read_text()


def test_the_body_limit_is_the_same_in_both_places() -> None:
    """Proxy and service refuse the same bodies."""
    assert BODY_MAX_BYTES == 4096
    assert "client_max_body_size 4k;" in TEMPLATE
    assert f"longer than {BODY_MAX_BYTES} bytes" in TEMPLATE


def test_the_shipped_file_is_what_the_contest_wants() -> None:
    """least_conn over two instances on port 9999."""
    assert "least_conn;" in TEMPLATE
    places = ["unix:api01.sock", "unix:api02.sock"]
    assert render(TEMPLATE, port=9999, places=places).count("max_fails=0;") == 2


def test_another_port_number_and_user_are_put_in() -> None:
    """The same file serves any port and any instances, on this machine or on others."""
    places = ["unix:api01.sock", "10.0.0.7:8001", "10.0.0.8:8002"]
    text = render(TEMPLATE, port=1234, places=places, user="root")
    assert "listen 1234 " in text
    assert "9999" not in text
    assert text.startswith("user root;")
    for place in places:
        assert f"server {place} max_fails=0;" in text
    assert "api02" not in text


def test_a_file_without_its_anchors_is_refused() -> None:
    """A change to nginx.conf that the renderer does not understand fails loudly."""
    with pytest.raises(ValueError, match="no `listen 9999`"):
        render("http {}", port=1, places=[])
