"""The proxy's configuration agrees with the service."""

import pytest

from rinha.pessoas import limits as pessoas
from rinha.settings import BODY_MAX_BYTES
from stack.launch import ROOT, ConfError, render, template_of

TEMPLATE = (ROOT / "nginx.conf").read_text()


@pytest.mark.parametrize(
    ("edition", "most_bytes"), [("crebitos", BODY_MAX_BYTES), ("pessoas", pessoas.BODY_MAX_BYTES)]
)
def test_the_body_limit_is_the_same_in_both_places(edition: str, most_bytes: int) -> None:
    """Proxy and service refuse the same bodies, and nginx never writes a body to the disk."""
    conf = template_of(edition)
    for name in ("client_max_body_size", "client_body_buffer_size"):
        assert f"{name} {most_bytes // 1024}k;" in conf
    assert f"longer than {most_bytes} bytes" in conf


def test_an_editions_changes_are_few_and_all_of_them_are_made() -> None:
    """All changes of an edition are made: a line that its sed does not find is noticed here."""
    assert template_of("crebitos") == TEMPLATE
    before, after = TEMPLATE.splitlines(), template_of("pessoas").splitlines()
    taken = [line for line in before if line not in after]
    given = "\n".join(line for line in after if line not in before)
    # Two sizes and the refusal of longer ones, the addresses that are plain, and three comments.
    assert len(taken) == 7
    for words in (
        "size 16k;",
        "than 16384",
        "same 16k",
        '"~[^!-~]" 2;',
        "searched for does",
        "of it.",
    ):
        assert words in given
    assert "if ($is_plain = 2) {" in given
    assert len(after) == len(before) + 7


def test_the_shipped_file_is_what_the_contest_wants() -> None:
    """The shipped file has least_conn over two instances on port 9999."""
    assert "least_conn;" in TEMPLATE
    places = ["unix:api01.sock", "unix:api02.sock"]
    assert render(TEMPLATE, port=9999, places=places).count("max_fails=0;") == 2


def test_another_port_number_and_user_are_put_in() -> None:
    """One file serves any port, user and instances, on this machine or on others."""
    places = ["unix:api01.sock", "10.0.0.7:8001", "10.0.0.8:8002"]
    text = render(TEMPLATE, port=1234, places=places, user="root")
    assert "listen 1234 " in text
    assert "9999" not in text
    assert text.startswith("user root;")
    assert text.count("\n") == TEMPLATE.count("\n"), "nginx names a mistake by its line"
    assert "listen [::1]:9 " in render(TEMPLATE, port=9, bind="[::1]", places=places)
    for place in places:
        assert f"server {place} max_fails=0;" in text
    assert "api02" not in text


def test_a_file_without_its_anchors_is_refused() -> None:
    """An nginx.conf that the renderer does not understand is refused."""
    edited = TEMPLATE.replace("listen 9999", "listen 127.0.0.1:9999")
    for template in ("http {}", edited):
        with pytest.raises(ConfError, match="must keep its `listen 9999`"):
            render(template, port=1, places=["unix:api01.sock"])
