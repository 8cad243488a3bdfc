"""The operator's listener of the one-file stack."""

import json
import os
import pty
import re
import subprocess

from tests.help.running import ROOT, Client
from tests.stack.onefile.started import OneFile


def test_the_operator_has_the_page_the_metrics_and_each_health(onefile: OneFile) -> None:
    """The operator's port has the page, the metrics and each instance's health, as in a clone."""
    assert onefile.run("up")[0] == 0
    ask = Client(onefile.ops_port)
    for path, name in (("/", "index.html"), ("/uplot.js", "uplot.js"), ("/uplot.css", "uplot.css")):
        assert ask("GET", path).body == (ROOT / "ops" / "page" / name).read_bytes()
    metrics = ask("GET", "/metrics").body.decode()
    assert 'rinha_process_resident_bytes{instance="api02"}' in metrics
    assert set(json.loads(ask("GET", "/state").body)["counts"]) == {"api01", "api02"}
    assert ask("GET", "/health/api02").status == 200
    assert Client(onefile.port)("GET", "/ops/metrics").status == 404


def test_a_terminal_shows_the_same_numbers(onefile: OneFile) -> None:
    """`watch` shows the numbers in a terminal; without the listener it says how to switch it on."""
    hint = f"OPS_PORT=9990 {onefile.executable} up"
    code, said = onefile.run("watch", OPS_PORT="off")
    assert (code, hint in said) == (2, True)
    assert onefile.run("up")[0] == 0
    terminal, other_end = pty.openpty()
    watch = subprocess.Popen(
        [onefile.executable, "watch"],
        cwd=onefile.folder,
        env={**os.environ, "OPS_PORT": str(onefile.ops_port), "TERM": "xterm", "COLUMNS": "100"},
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
    )
    os.close(other_end)
    said = ""
    while not re.search("api01.*alive", said):
        said += os.read(terminal, 65536).decode(errors="replace")
    watch.kill()
    watch.wait()
    os.close(terminal)
    assert "requests/s" in said
