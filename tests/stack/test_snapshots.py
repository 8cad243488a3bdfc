"""`make snapshot` makes a new file each time, with a suffix for its format."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import assert_sound
from tests.help.postgres import Server
from tests.help.running import finish, rinha

AT_ONCE = 3


@pytest.fixture
def ledger(checkout: Checkout) -> Path:
    file = checkout.folder / "var" / "rinha.db"
    file.parent.mkdir()
    assert finish(rinha("init", RINHA_LEDGER=str(file)))[0] == 0
    return file


def test_snapshots_of_one_second_have_names_of_their_own(checkout: Checkout, ledger: Path) -> None:
    """Snapshots of one second have distinct names, and none fails."""
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(checkout.stack, ["snapshot"] * AT_ONCE))
    assert [code for code, _ in done] == [0] * AT_ONCE, done
    names = {text.strip() for _, text in done}
    assert len(names) == AT_ONCE
    for name in names:
        assert re.fullmatch(r"out/rinha-\d{8}T\d{6}Z(-\d)?\.db", name)
        assert_sound(checkout.folder / name)
    assert ledger.exists()


def test_a_servers_snapshot_is_no_db(checkout: Checkout, server: Server) -> None:
    """The snapshot of a server is a dump for pg_restore, by its suffix too."""
    address = server.new_database()
    assert finish(rinha("init", RINHA_LEDGER=address))[0] == 0
    code, text = checkout.stack("snapshot", RINHA_LEDGER=address)
    assert code == 0, text
    assert re.fullmatch(r"out/rinha-\d{8}T\d{6}Z\.dump\n", text)
    assert (checkout.folder / text.strip()).read_bytes().startswith(b"PGDMP")
