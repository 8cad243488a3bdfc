"""A whole run of an entry with a fake `docker`: its steps, its report, its removal."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from loadtest.arena.deployment import EntryError, project_name
from loadtest.arena.docker import EngineError
from loadtest.arena.free_port import only_run
from loadtest.arena.run import judge_entry
from loadtest.crebitos.edition import CREBITOS
from loadtest.drive.plan import OfficialPlan
from loadtest.judging.edition import Edition
from loadtest.report.data import Report, Rule
from loadtest.report.head import headline
from loadtest.report.html import page
from loadtest.report.progress import PlainLines
from loadtest.wire.probe import NotReadyError, Probe
from loadtest.wire.request import Address
from tests.help.commands import wait_until
from tests.loadtest.arena.conftest import Play
from tests.loadtest.arena.inspected import inspected
from tests.loadtest.command import ROOT
from tests.loadtest.conftest import Serve

pytestmark = pytest.mark.starts

FILE = Path("entry/docker-compose.yml")
# The calls of a whole run, without questions and without the removal of what an earlier run left.
STEPS = ["up", "down", "up", "down"]


def judge(port: int, rules: Sequence[Rule] = (), chosen: Edition[Any] = CREBITOS) -> Report:
    plan = OfficialPlan(Address("localhost", port), 7, 5.0, speed=10.0, scale=0.01)
    return judge_entry([FILE], rules, chosen, plan, PlainLines(None, None))


def steps(folder: Path) -> list[str]:
    """Returns the starts and removals that docker was asked for, in their order."""
    calls = (folder / "calls").read_text().splitlines()
    return [word for call in calls for word in ("up", "down") if f" {word} " in call]


def serving(port: int, fault: str = "none") -> dict[str, Any]:
    return {
        "serve": ["--port", str(port), "--fault", fault],
        "containers": [inspected("api", publishes={port: 8080})],
    }


def test_a_whole_run_starts_twice_and_removes_each(play: Play, free_port: int) -> None:
    """The official run begins on a fresh start, and at the end volumes are removed too."""
    folder = play(**serving(free_port))
    report = judge(free_port)
    # On a busy machine the generator may be late, and the run is not valid then.
    assert report.verdict.state != "fail", report.verdict.reasons
    assert report.command == "arena"
    assert report.arena is not UNSET
    assert report.arena.ready_s is not None
    assert len(report.rules) > 100
    assert steps(folder)[1:] == STEPS
    calls = (folder / "calls").read_text()
    assert f"--project-name {project_name(FILE)} --file {FILE} down --volumes" in calls
    assert all(rule.passed for rule in report.rules)


def test_a_wrong_entry_is_paid_and_fails(play: Play, free_port: int) -> None:
    """The head keeps the sum that the arena would pay apart from the rules that are broken."""
    play(**serving(free_port, "nine_rows"))
    report = judge(free_port)
    assert report.verdict.exit_code == 1
    paid, beyond = headline(report).split(". Beyond that, ")
    assert paid.startswith("FAIL: the arena would pay USD ")
    assert "statement with too few rows" in beyond


def test_a_fault_of_the_file_and_of_a_container_fail_a_right_entry(
    play: Play, free_port: int
) -> None:
    """A container that died, and a broken rule of the file, fail a run with right answers."""
    scenario = serving(free_port)
    scenario["containers"].append(inspected("api02", "exited", code=3))
    play(**scenario, log=["panic: \x1b[31mno database"])
    report = judge(
        free_port, [Rule("limits", "api", "CPU limit", "declared", "none", False, 0, "")]
    )
    assert report.verdict.exit_code == 1
    assert report.verdict.reasons[0] == "api02 exited with code 3 (during the contract check)"
    assert "limits, api: CPU limit: expected declared, got none" in report.verdict.reasons
    assert report.arena is not UNSET
    assert report.arena.logs[0].lines == ["panic: \\x1b[31mno database"]
    assert "<h2>Arena</h2>" in page(report)


def test_an_entry_that_cannot_become_ready_ends_early(play: Play, free_port: int) -> None:
    """If nothing is left that could serve the port, nobody waits 40 s for it."""
    dead = inspected("api", "exited", code=1, publishes={free_port: 1}, writes=("/srv/data",))
    folder = play(containers=[dead], log=["no DATABASE_URL"])
    report = judge(free_port)
    assert report.verdict.exit_code == 1
    assert "never" in str(report.every_table()[0].rows)
    assert report.verdict.reasons[0].endswith("so the arena has no result: api exited with code 1")
    assert headline(report).startswith("FAIL: never ready, so the arena has no result: api ")
    assert report.arena is not UNSET
    assert report.arena.answer == "connection refused: nothing listens"
    assert report.arena.left == ["/srv/data (api)"]
    assert steps(folder)[-1] == "down"


def test_a_failed_start_is_explained(play: Play, free_port: int) -> None:
    """The error of compose is the cause where no container was made."""
    error = "Error response from daemon: Conflict. The container name is in use"
    play(errors={"compose up": f"Creating\n{error}"}, containers=[])
    reason = judge(free_port).verdict.reasons[0]
    assert error in reason


def test_an_image_that_cannot_be_had_is_named(play: Play, free_port: int) -> None:
    """An image that is neither here nor in a registry is named, with the registry's answer."""
    errors = {"image inspect": "no", "pull": "Error: manifest unknown"}
    folder = play(errors=errors)
    reasons = judge(free_port).verdict.reasons
    assert "image api:1 cannot be had: Error: manifest unknown" in reasons[0]
    assert "up" not in steps(folder)


def test_a_data_folder_that_is_kept_is_named(play: Play, free_port: int) -> None:
    """If balances outlive a new start, the run is not valid, and the folder is named."""

    def refuse(_: Probe) -> None:
        raise NotReadyError("client 1 has the balance 5.")

    scenario = serving(free_port)
    scenario["containers"] = [inspected("api", publishes={free_port: 1}, writes=("/srv/data",))]
    play(**scenario)
    report = judge(free_port, chosen=replace(CREBITOS, require_fresh=refuse))
    assert (report.verdict.state, report.verdict.exit_code) == ("invalid", 4)
    reason = "client 1 has the balance 5. It keeps data in /srv/data (api)"
    assert report.verdict.reasons == [reason]


def test_a_file_that_compose_refuses_is_one_line(play: Play, free_port: int) -> None:
    """A compose file that compose cannot read ends the command before anything is started."""
    folder = play(errors={"compose config": "validating: additional property bad"})
    with pytest.raises(EntryError, match="additional property bad"):
        judge(free_port)
    assert steps(folder) == []


ENGINES = {
    "compose version": ("docker: 'compose' is not a docker command", "no compose plugin"),
    "version": ("Cannot connect to the Docker daemon", "no Docker daemon answers"),
}


@pytest.mark.parametrize("missing", ENGINES)
def test_a_missing_engine_is_named(missing: str, play: Play, free_port: int) -> None:
    """The missing part is named, and that the rules of the file need none."""
    said, why = ENGINES[missing]
    play(errors={missing: said})
    with pytest.raises(EngineError, match=f"{why}.*--rules-only"):
        judge(free_port)


def test_a_daemon_that_refuses_the_user_is_named(play: Play, free_port: int) -> None:
    """A user without a right to the daemon's socket learns how to get it."""
    play(errors={"version": "permission denied while trying to connect to the Docker daemon"})
    with pytest.raises(EngineError, match="join the group docker"):
        judge(free_port)


def test_without_docker_it_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_port: int
) -> None:
    """A machine without Docker gets one line."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no `docker` on the PATH"):
        judge(free_port)


def test_a_taken_port_names_its_holder(play: Play, serve: Serve) -> None:
    """The arena's port must be free; the program that holds it is named."""
    port = serve()
    folder = play()
    with pytest.raises(EngineError, match=rf"port {port} is not free, .* \(process \d+\) holds"):
        judge(port)
    assert steps(folder) == []


DRIVER = """
import sys
from tests.loadtest.arena.test_run import judge
try:
    judge(int(sys.argv[1]))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupts_leave_nothing(number: int, play: Play, free_port: int) -> None:
    """Each signal, sent again and again, ends the run after its containers are removed."""
    folder = play(containers=[inspected("api", publishes={free_port: 1})])
    running = subprocess.Popen([sys.executable, "-c", DRIVER, str(free_port)], cwd=ROOT)
    wait_until(lambda: (folder / "calls").exists() and "up" in steps(folder))
    for _ in range(2):
        running.send_signal(number)
        time.sleep(0.005)  # the removal takes longer, and two at once may count as one
    assert running.wait(30) == 130
    assert steps(folder)[-1] == "down"
    assert not (folder / "pids").exists()


def test_a_run_under_nohup_outlives_its_terminal(play: Play, free_port: int) -> None:
    """An ignored SIGHUP ends no run; any other signal still does."""
    folder = play(containers=[inspected("api", publishes={free_port: 1})])
    command = ["nohup", sys.executable, "-c", DRIVER, str(free_port)]
    running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    wait_until(lambda: (folder / "calls").exists() and "up" in steps(folder))
    running.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 130


def test_a_second_run_at_once_is_refused(play: Play, free_port: int) -> None:
    """Two runs of an entry would share its containers: the second touches none, and says why."""
    folder = play(**serving(free_port))
    with only_run(free_port), pytest.raises(EngineError, match="another `loadtest arena` runs"):
        judge(free_port)
    assert steps(folder) == []
    with only_run(free_port):
        pass
