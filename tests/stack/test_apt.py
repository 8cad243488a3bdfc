"""An installation leaves no policy file on the system, however it ends."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.commands import wait_until
from tests.help.running import ANSWER_MAX_S, ROOT

APT_GET = """#!/bin/sh
case $* in *"$HANG_AT"*) touch $TOP/hangs; exec sleep 600 ;; esac
exec $TOP/bring "$@"
"""


class System:
    """Folders and programs of a fake machine, as far as apt.sh uses them."""

    def __init__(self, top: Path) -> None:
        self.top, self.units, self.policy = top, top / "units", top / "policy-rc.d"
        for name in ("bin", "units", "temporary"):
            (top / name).mkdir()
        programs = {
            "bin/apt-get": APT_GET,
            "bin/id": "#!/bin/sh\necho 0\n",
            "bin/systemctl": '#!/bin/sh\necho "$@" >>$TOP/systemctl\n',
            "bring": "#!/bin/sh\n",
        }
        for name, text in programs.items():
            self.write(name, text)
        text = (ROOT / "stack" / "apt.sh").read_text()
        for place, ours in (
            ("/usr/sbin/policy-rc.d", self.policy),
            ("/lib/systemd/system", self.units),
        ):
            text = text.replace(place, str(ours))
        self.write("apt.sh", text)
        self.running: list[subprocess.Popen[bytes]] = []

    def write(self, name: str, text: str) -> None:
        (self.top / name).write_text(text)
        (self.top / name).chmod(0o755)

    def start(self, *packages: str, hang_at: str = "") -> subprocess.Popen[bytes]:
        """Starts apt.sh; with `hang_at`, returns when apt-get hangs at that step."""
        (self.top / "hangs").unlink(missing_ok=True)
        environment = {
            "PATH": f"{self.top}/bin:{os.environ['PATH']}",
            "TOP": str(self.top),
            "TMPDIR": str(self.top / "temporary"),
            "HANG_AT": hang_at or "never",
        }
        # Tests in the background of a script inherit signals that are ignored.
        process = subprocess.Popen(
            ["env", "--default-signal=HUP,INT,QUIT,TERM", self.top / "apt.sh", *packages],
            env=environment, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.running.append(process)
        if hang_at:
            wait_until((self.top / "hangs").exists)
        return process

    def install(self, *packages: str) -> int:
        return self.start(*packages).wait(ANSWER_MAX_S)

    def asks_the_policy(self) -> int:
        return subprocess.run([self.policy], check=False).returncode


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    made = System(tmp_path)
    yield made
    for process in made.running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("step", ["update", "install"])
@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "TERM"])
def test_a_signal_leaves_no_policy(system: System, name: str, step: str) -> None:
    """A signal at either step leaves no policy, so that later packages start their services."""
    number = signal.Signals[f"SIG{name}"]
    process = system.start("nginx-light", hang_at=step)
    assert system.asks_the_policy() == 101
    os.killpg(process.pid, number)
    assert process.wait(ANSWER_MAX_S) == 128 + number
    assert not list(system.top.glob("policy-rc.d*"))
    assert not list((system.top / "temporary").iterdir())


def test_a_killed_installation_stops_nothing_and_is_cleaned_up(system: System) -> None:
    """The policy of a killed installation refuses no more, and the next installation removes it."""
    process = system.start("nginx-light", hang_at="install")
    assert system.asks_the_policy() == 101
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert system.asks_the_policy() == 0
    assert system.install("curl") == 0
    assert not list(system.top.glob("policy-rc.d*"))


def test_another_installation_is_waited_for(system: System) -> None:
    """A second installation waits for the first and does not remove its policy."""
    first = system.start("nginx-light", hang_at="install")
    second = system.start("curl")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.3)
    assert system.asks_the_policy() == 101
    os.killpg(first.pid, signal.SIGTERM)
    first.wait(ANSWER_MAX_S)
    assert second.wait(ANSWER_MAX_S) == 0
    assert not system.policy.exists()


def test_a_policy_of_the_administrator_is_left_alone(system: System) -> None:
    """A policy of the administrator stays, however the installation ends."""
    system.write("policy-rc.d", "#!/bin/sh\nexit 101\n")
    assert system.install("curl") == 0
    process = system.start("curl", hang_at="install")
    os.killpg(process.pid, signal.SIGHUP)
    process.wait(ANSWER_MAX_S)
    assert system.policy.read_text() == "#!/bin/sh\nexit 101\n"


def test_only_services_that_it_brought_are_disabled(system: System) -> None:
    """Only services that the installation brought are disabled, not a database that was there."""
    (system.units / "postgresql.service").touch()
    system.write(
        "bring", '#!/bin/sh\ncase $* in *install*) touch "$TOP/units/nginx.service" ;; esac\n'
    )
    assert system.install("postgresql-client", "nginx-light") == 0
    assert (system.top / "systemctl").read_text() == "disable nginx\n"
