"""The files for Prometheus and Grafana, tested with their own tools and a running stack."""

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from rinha.metrics.families import FAMILIES
from stack.part import Part, listens
from stack.run.processes import Processes
from tests.help.following import Following
from tests.help.ports import free_port
from tests.help.running import ROOT, Client, Stack
from tests.help.transaction_load import TransactionLoad

pytestmark = pytest.mark.needs("promtool")

RULES = ROOT / "ops" / "prometheus" / "rules.yml"
DASHBOARD = ROOT / "ops" / "grafana" / "rinha.json"
NAME = re.compile(r"\brinha_[a-z_]+")
TIMEOUT_S = 40.0
# Families without a panel: only alerts and the page use them.
UNDRAWN = {"start_time_seconds", "checkpoint_seconds", "clock_steps", "audit_every_seconds"}


def promtool(*words: str | Path, said: str = "") -> str:
    done = subprocess.run(
        ["promtool", *words], input=said, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rules_do_what_they_say() -> None:
    """Each alert has a test; it fires for its cause and is silent otherwise."""
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    tests = RULES.with_name("rules_test.yml")
    assert alerts == set(re.findall(r"alertname: (\w+)", tests.read_text()))
    promtool("check", "rules", RULES)
    promtool("test", "rules", tests)


def series_of(case: dict[str, Any]) -> set[str]:
    return {re.split(r"[{ ]", one["series"])[0] for one in case["input_series"]}


def test_no_alert_is_silent_for_want_of_its_metric() -> None:
    """Each alert has a test in which it fires although none of its metrics exists.

    Metrics are missing when nothing was ever scraped, copied, replicated or audited.
    """
    rules = [
        rule
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        if "missing" not in rule["labels"]
    ]
    cases = yaml.safe_load(RULES.with_name("rules_test.yml").read_text())["tests"]
    for rule in rules:
        asked = set(re.findall(r"\b(?:rinha_\w+|up)\b", rule["expr"]))
        fires = [
            case["name"]
            for case in cases
            for tried in case["alert_rule_test"]
            if tried["alertname"] == rule["alert"] and tried.get("exp_alerts")
            if not asked & series_of(case)
        ]
        assert fires, f"{rule['alert']} is not tried without {sorted(asked)}"


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Returns the metrics after some load and an audit, while the ledger is replicated."""
    folder = tmp_path_factory.mktemp("metrics")
    replica = f"file://{folder}/copy"
    with (
        Stack(folder, ops=True, RINHA_AUDIT_EVERY="1s", RINHA_REPLICA=replica) as stack,
        Following(folder, replica) as following,
    ):
        following.wait_until_follows()
        with TransactionLoad(stack.port, 340, seed=1):
            time.sleep(4)
        assert stack.ops_port
        return Client(stack.ops_port)("GET", "/metrics").body.decode()


def test_the_metrics_are_well_formed(metrics: str) -> None:
    """Prometheus' own linter finds no problem."""
    assert promtool("check", "metrics", said=metrics) == ""


@pytest.mark.parametrize("path", [RULES, DASHBOARD], ids=lambda path: path.name)
def test_every_metric_that_is_asked_for_exists(metrics: str, path: Path) -> None:
    """Each metric that an alert or a panel uses is exported."""
    there = {line.split("{")[0].split()[0] for line in metrics.splitlines() if line[0] != "#"}
    assert set(NAME.findall(path.read_text())) <= there


def test_every_family_has_a_panel() -> None:
    """Each metric family has a panel, except the listed ones."""
    asked = set(NAME.findall(DASHBOARD.read_text()))
    for name in set(FAMILIES) - UNDRAWN:
        assert any(found.startswith(f"rinha_{name}") for found in asked), name


def test_the_dashboard_is_what_grafana_reads() -> None:
    """Each panel has its own place, a title and a query."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels) == len({panel["id"] for panel in panels})
    assert all(panel["title"] and panel["targets"] for panel in panels)


def ask(port: int, query: str) -> list[Any]:
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=5) as response:
        found: list[Any] = json.load(response)["data"]["result"]
    return found


def test_prometheus_scrapes_a_running_stack(tmp_path: Path) -> None:
    """The shipped configuration scrapes both instances by name, and no alert fires."""
    with Stack(tmp_path, ops=True) as stack:
        conf = (ROOT / "ops" / "prometheus" / "prometheus.yml").read_text()
        assert "localhost:9990" in conf
        conf = conf.replace("9990", str(stack.ops_port)).replace("5s", "1s")
        (tmp_path / "prometheus.yml").write_text(conf)
        (tmp_path / "rules.yml").write_text(RULES.read_text())
        promtool("check", "config", tmp_path / "prometheus.yml")
        port = free_port()
        words = [
            *("prometheus", f"--config.file={tmp_path}/prometheus.yml"),
            *(f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}"),
        ]
        is_ready = partial(listens, ("127.0.0.1", port))
        with Processes([Part("prometheus", words, is_ready=is_ready)], tmp_path):
            with TransactionLoad(stack.port, 200, seed=1):
                deadline = time.monotonic() + TIMEOUT_S
                found: list[Any] = []
                while len(found) < 2:
                    assert time.monotonic() < deadline, (tmp_path / "prometheus.log").read_text()
                    time.sleep(0.5)
                    found = ask(port, "sum by (instance) (rate(rinha_commits_total[10s])) > 0")
            names = {one["metric"]["instance"] for one in found}
            assert names == {"api01", "api02"}
            assert ask(port, "up")[0]["value"][1] == "1"
            assert ask(port, 'ALERTS{alertstate="firing"}') == []
