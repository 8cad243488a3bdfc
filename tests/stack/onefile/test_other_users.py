"""Files of the one-file executable are open to their owner alone, as those of a clone are."""

import os

from tests.help.other_users import open_to_others, paths_below, reached_by_nobody
from tests.help.running import Client
from tests.stack.onefile.started import OneFile


def test_nobody_reaches_anything(onefile: OneFile) -> None:
    """Other users reach no file, with a public folder, the widest umask and an old var/."""
    onefile.folder.chmod(0o755)
    before = os.umask(0)
    try:
        (onefile.folder / "var").mkdir(mode=0o755)
        (onefile.folder / "var" / "rinha.db.lock").touch()
        assert onefile.run("up", BIND="127.0.0.2")[0] == 0
    finally:
        os.umask(before)
    var = onefile.folder / "var"
    assert reached_by_nobody(paths_below(var)) == []
    # svlogd gives its own files 0644, in folders of 0700.
    assert all("/current " in found for found in open_to_others(var))
    assert onefile.run("status")[0] == 0


def test_it_listens_where_it_is_told_to(onefile: OneFile) -> None:
    """BIND sets the address, as it does for a clone."""
    code, said = onefile.run("up", BIND="[::1]")
    assert (code, f"http://[::1]:{onefile.port}" in said) == (0, True)
    assert onefile.run("reset")[0] == 0
    assert Client(onefile.ops_port)("GET", "/metrics").status == 200
