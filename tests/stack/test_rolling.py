"""`make up` beside a running stack: new code and other settings, while it answers."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stack import paths
from tests.help.checkout import Checkout, processes_in
from tests.help.commands import wait_until
from tests.help.new_connections import NewConnections
from tests.help.ports import free_port
from tests.help.running import Client
from tests.help.transaction_load import TransactionLoad

RATE = 150
SECRET = "never shown to others"


def changed(checkout: Checkout, what: str, **environment: str) -> None:
    """Asserts that `up` applies these changes to the stack that runs."""
    url = f"http://localhost:{environment.get('PORT', checkout.port)}"
    said = f"rinha is up: {url} (changed while it served: {what})\n"
    assert checkout.stack("up", **environment) == (0, said)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def environ(checkout: Checkout) -> dict[str, str]:
    """Returns the settings that other commands take from the running stack."""
    code = "import json; from stack.running import RUNIT; print(json.dumps(RUNIT.environ()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout.folder, check=True, capture_output=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def environ_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/environ").read_text().split("\0")


def test_new_code_replaces_the_instances_and_no_request_fails(checkout: Checkout) -> None:
    """Changed code is taken by every instance under load, and once: then the stack is up already.

    nginx has nothing new to read, so even connections that are kept see no error.
    """
    checkout.stack("up")
    before, nginx = checkout.instances(), (checkout.folder / "var" / "nginx.pid").read_text()
    edit(checkout.folder / "rinha" / "http.py", '"""', '"""Changed. ')
    with TransactionLoad(checkout.port, RATE, seed=1) as load:
        changed(checkout, "the code")
    assert load.failed == []
    load.assert_explains_every_balance()
    after = checkout.instances()
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert (checkout.folder / "var" / "nginx.pid").read_text() == nginx
    assert "is up already" in checkout.stack("up")[1]
    assert checkout.instances() == after


def test_other_settings_are_applied_and_no_request_fails(checkout: Checkout) -> None:
    """More and fewer instances, another level, another port: applied under load, and reported.

    A port that another program has is refused before anything changes.
    """
    checkout.stack("up", INSTANCES="1")
    with NewConnections(checkout.port, RATE, seed=2) as load:
        changed(checkout, "RINHA_LOG_LEVEL, INSTANCES", INSTANCES="3", RINHA_LOG_LEVEL="debug")
        assert set(checkout.instances()) == {"api01", "api02", "api03"}
        with socket.create_server(("", 0)) as taken:
            said = checkout.stack("up", INSTANCES="3", OPS_PORT=str(taken.getsockname()[1]))
        assert (said[0], "is in use" in said[1]) == (2, True)
        changed(checkout, "RINHA_RESET, RINHA_LOG_LEVEL, INSTANCES", RINHA_RESET="off")
        assert set(checkout.instances()) == {"api01", "api02"}
    assert load.failed == []
    load.assert_explains_every_balance()
    assert not (checkout.folder / "var" / "api03.counts").exists()
    assert Client(checkout.port)("POST", "/reset").status == 403
    other = str(free_port())
    changed(checkout, "PORT, OPS_PORT", RINHA_RESET="off", PORT=other, OPS_PORT="off")
    assert Client(int(other))("GET", "/health").status == 200
    with pytest.raises(ConnectionRefusedError):
        Client(checkout.port)("GET", "/health")
    found = environ(checkout)
    assert (found["PORT"], found["OPS_PORT"], found["RINHA_RESET"]) == (other, "off", "off")
    # Other commands take the port of the stack that runs.
    assert f"localhost:{other}/health answers 200" in checkout.stack("status")[1]
    checkout.stack("down")
    checkout.wait_until_nothing_runs()


@pytest.mark.needs("litestream")
def test_a_replica_is_switched_on_moved_and_off(checkout: Checkout, tmp_path: Path) -> None:
    """A replica is added, moved and removed while the stack serves; secrets stay private."""
    checkout.stack("up", AWS_REGION="before")
    first, second = (f"file://{tmp_path}/{name}" for name in ("first", "second"))
    with TransactionLoad(checkout.port, RATE, seed=3) as load:
        secret = {"AWS_SECRET_ACCESS_KEY": SECRET}
        changed(checkout, "RINHA_REPLICA", RINHA_REPLICA=first, **secret)
        wait_until(lambda: "is up to date" in checkout.stack("status")[1])
        private = [checkout.folder / "var" / "service", *checkout.folder.glob("var/service/**/*")]
        assert any(SECRET in path.read_text() for path in private if path.name == "run")
        for path in private:
            assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path
        found = environ_of(checkout.instances()["api01"])
        assert f"AWS_SECRET_ACCESS_KEY={SECRET}" in found
        assert not [pair for pair in found if pair.startswith("AWS_REGION")]
        changed(checkout, "RINHA_REPLICA", RINHA_REPLICA=second)
        assert "AWS_SECRET_ACCESS_KEY" not in environ(checkout)
        wait_until(lambda: f"{second} is up to date" in checkout.stack("status")[1])
        changed(checkout, "RINHA_REPLICA")
    assert load.failed == []
    assert not (checkout.folder / "var" / "service" / "replica").exists()
    assert not [words for words in processes_in(checkout.folder).values() if "litestream" in words]


def test_code_that_does_not_start_ends_the_upgrade(checkout: Checkout) -> None:
    """Code that does not start replaces one instance at most; the old code leads back."""
    checkout.stack("up")
    before = checkout.instances()
    server = checkout.folder / "rinha" / "server.py"
    text = server.read_text()
    edit(server, "        self._application = application\n", "        raise OSError('broken')\n")
    with TransactionLoad(checkout.port, RATE, seed=4) as load:
        code, said = checkout.stack("up")
        assert (code, "var/log/api01/current:" in said, "broken" in said) == (2, True, True)
        assert "api01 does not come up" in said
        assert checkout.instances().get("api02") == before["api02"]
        server.write_text(text)
        changed(checkout, "the code")
    assert load.failed == []
    load.assert_explains_every_balance()
    assert "is up already" in checkout.stack("up")[1]
    # What `init` cannot import replaces nothing at all.
    kept = checkout.instances()
    edit(server, '"""', 'nonsense"""')
    assert checkout.stack("up")[0] != 0
    assert checkout.instances() == kept


def test_an_edited_nginx_conf_is_read_or_refused(checkout: Checkout) -> None:
    """nginx reads an edited nginx.conf by a reload. It keeps the old one where the new is wrong."""
    checkout.stack("up")
    master = (checkout.folder / "var" / "nginx.pid").read_text()
    conf = checkout.folder / "nginx.conf"
    with NewConnections(checkout.port, RATE, seed=5) as load:
        edit(conf, "access_log off;", "acces_log off;")
        code, said = checkout.stack("up")
        assert (code, said.count("\n"), "[emerg]" in said) == (2, 1, True)
        edit(conf, "acces_log off;", "access_log off; add_header X-Edited yes;")
        changed(checkout, "the code")
    assert load.failed == []
    assert Client(checkout.port)("GET", "/health").headers["X-Edited"] == "yes"
    assert (checkout.folder / "var" / "nginx.pid").read_text() == master


def test_a_link_that_leads_to_another_ledger_is_refused(checkout: Checkout) -> None:
    """Instances that follow the link of RINHA_LEDGER anew would serve a second ledger beside the
    others: neither `up` nor `restart` starts one."""
    link, named = checkout.folder / "ledger.db", {"RINHA_LEDGER": "ledger.db"}
    link.symlink_to("first.db")
    checkout.stack("up", **named)
    before = checkout.instances()
    link.unlink()
    link.symlink_to("second.db")
    for command in ("up", "restart"):
        code, said = checkout.stack(command, **named)
        assert (code, "(RINHA_LEDGER): `make down` first" in said) == (2, True), said
    assert checkout.instances() == before
    assert not (checkout.folder / "second.db").exists()
    link.unlink()
    link.symlink_to("first.db")
    assert "is up already" in checkout.stack("up", **named)[1]
    assert checkout.stack("restart", **named)[0] == 0


def test_another_nginx_takes_the_place_of_the_old_one(checkout: Checkout) -> None:
    """An upgraded nginx takes over from the old one, and its supervisor watches the new one."""
    own = checkout.folder / "bin" / "nginx"
    own.parent.mkdir()
    shutil.copy(paths.NGINX, own)
    path = {"PATH": f"{own.parent}:{os.environ['PATH']}"}
    checkout.stack("up", **path)
    old = (checkout.folder / "var" / "nginx.pid").read_text()
    # Bytes after its end change a program, and not what it does.
    shutil.copy(own, own.with_name("new"))
    with own.with_name("new").open("ab") as file:
        file.write(b"of another version")
    own.with_name("new").replace(own)
    with NewConnections(checkout.port, RATE, seed=6) as load:
        changed(checkout, "the code", **path)
    # An ending master loses the connections that it has not yet accepted: more on a busy machine.
    assert {outcome.status for outcome in load.failed} <= {0}
    assert len(load.failed) < len(load.outcomes) / 10
    load.assert_explains_every_balance()
    new = int((checkout.folder / "var" / "nginx.pid").read_text())
    assert str(new) != old
    assert Path(f"/proc/{new}/exe").read_bytes() == own.read_bytes()
    os.kill(new, signal.SIGKILL)
    wait_until(lambda: (checkout.folder / "var" / "nginx.pid").read_text().strip() != str(new))
    assert Client(checkout.port)("GET", "/health").status == 200


def test_an_upgrade_that_was_killed_is_continued(checkout: Checkout) -> None:
    """After `up` was killed between two instances, the next one completes; `down` ends all."""
    checkout.stack("up", INSTANCES="3")
    pids = checkout.instances()
    ports = {"PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}
    started = subprocess.Popen(
        [sys.executable, "-m", "stack", "up"], cwd=checkout.folder, env={**os.environ, **ports}
    )
    wait_until(lambda: checkout.instances().get("api01") != pids["api01"])
    started.kill()
    started.wait()
    assert "api03" in checkout.instances()
    code, said = checkout.stack("up")
    assert (code, "the code" in said) == (0, True)
    assert checkout.instances().keys() == {"api01", "api02"}
    assert not set(checkout.instances().values()) & set(pids.values())
    checkout.stack("down")
    checkout.wait_until_nothing_runs()
