"""A real systemd that runs an installed service, as the first process of namespaces of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.help.running import ROOT

BOOT = Path(__file__).with_name("boot.sh")
SPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net")
TIMEOUT_S = 180
NEEDED = [
    pytest.mark.starts,
    pytest.mark.tools,
    pytest.mark.needs("systemd-sysusers", "systemctl", "journalctl", "unshare", "ip", "curl"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot systemd in namespaces"),
]
# The short watchdog is for the frozen instance.
WATCHDOG = "[Service]\nWatchdogSec=2\n"
SCRIPT = """
get() { curl -sS --retry 20 --retry-delay 1 --retry-all-errors "localhost:$port$@"; echo; }
restarts() { systemctl show -P NRestarts "$1"; }
until_restarted() { until [ "$(restarts "$1")" -gt 0 ]; do sleep 0.1; done; }
pids() { systemctl show -P MainPID rinha-api01 rinha-api02 rinha-nginx | xargs; }
state() { systemctl is-active rinha-api01 rinha-api02 rinha-nginx | sort -u; }
echo "state: $(state)"
nginx=$(systemctl show -P MainPID rinha-nginx)
grep CapEff: "/proc/$nginx/status"
echo "seen by nginx: $(nsenter --mount --target "$nginx" ls /var/lib/rinha | xargs)"

before=$(pids)
(cd "$root" && "$python" -m tests.stack.systemd.restart_under_load "$port")
set -- $before $(pids)
[ "$1" = "$4" ] || [ "$2" = "$5" ] || [ "$3" != "$6" ] || echo "replaced: the instances"
cp /etc/rinha/env /etc/rinha/good
echo 'RINHA_LOCK_WAIT_MS="soon"' >>/etc/rinha/env
before=$(pids)
systemctl start rinha-restart || echo "refused: $([ "$before" = "$(pids)" ] && echo all stay)"
mv /etc/rinha/good /etc/rinha/env

echo "answer: $(get /clientes/1/transacoes -d '{"valor": 7, "tipo": "c", "descricao": "abc"}')"
for part in api01 nginx; do
    systemctl kill -s KILL --kill-whom=main "rinha-$part"
    until_restarted "rinha-$part"
done
echo "killed: $(get /clientes/1/extrato)"
systemctl kill -s STOP --kill-whom=main rinha-api02
until_restarted rinha-api02
echo "frozen: $(get /clientes/1/extrato)"
systemctl reload rinha-nginx
echo "reloaded: $(get /health)"
echo "journal: $(journalctl -o cat -t rinha-api02 | grep -c '"event":"started"')"
systemctl stop 'rinha*'
echo "down: $(state)"
systemctl start rinha.target
echo "up: $(curl -sS localhost:$port/clientes/1/extrato)"
systemctl stop 'rinha*'
results=$(systemctl show -P Result rinha-api01 rinha-api02 rinha-nginx | sort -u | grep .)
echo "stopped: $(state) $results"
echo "owner: $(stat -c '%U %a' /var/lib/rinha/rinha.db)"
"""


def booted(folder: Path, port: int) -> dict[str, str]:
    """Boots the service that is installed below `folder`/service, and tries it.

    Returns the observations of SCRIPT, by their names.
    """
    drop_in = folder / "service/etc/systemd/system/rinha-api02.service.d/watchdog.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(WATCHDOG)
    values = f"port={port} root='{ROOT}' python='{sys.executable}'\n"
    (folder / "script.sh").write_text(values + SCRIPT)
    (folder / "top").mkdir()
    names = [folder / name for name in ("top", "service", "script.sh", "output")]
    subprocess.run([*SPACES, "sh", BOOT, *names], check=True, cwd=ROOT, timeout=TIMEOUT_S)
    text = (folder / "output").read_text()
    print(text)
    return dict(re.findall(r"^(\w[\w ]*):[ \t]*(.*)$", text, re.MULTILINE))


def assert_served(found: dict[str, str]) -> None:
    """Asserts what SCRIPT observes of any service."""
    assert found["state"] == "active"
    assert found["seen by nginx"] == ""
    assert (found["failed"], found["replaced"]) == ("0", "the instances")
    assert int(found["requests"]) > 340
    assert found["refused"] == "all stay"
    saldo = json.loads(found["answer"])["saldo"]
    assert found["down"] == "inactive"
    for moment in ("killed", "frozen", "up"):
        assert json.loads(found[moment])["saldo"]["total"] == saldo
    assert "healthy" in found["reloaded"]
    # The first start, the restart, and the one after the freeze.
    assert found["journal"] == "3"
    assert found["stopped"] == "inactive success"
    assert found["owner"] == "rinha 600"
