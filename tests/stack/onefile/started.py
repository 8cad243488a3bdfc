"""The stack of the one-file executable in its own folder, and its processes."""

from pathlib import Path

from tests.help.checkout import processes_in
from tests.help.commands import run, wait_until
from tests.help.ports import free_port
from tests.help.running import ANSWER_MAX_S, START_MAX_S, Client

# runsvdir, a runsv and an svlogd for each of three services, two instances, nginx and its worker.
PROCESSES = 11


class OneFile:
    """Has the methods of Stack that the load's tests need."""

    def __init__(self, executable: Path, folder: Path) -> None:
        self.executable = executable
        self.folder = folder
        self.file = folder / "var" / "rinha.db"
        self.port, self.ops_port = free_port(), free_port()

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        ports = {"PORT": str(self.port), "OPS_PORT": str(self.ops_port)}
        env = ports | environment
        done = run(self.executable, *words, cwd=self.folder, env=env, timeout_s=ANSWER_MAX_S)
        return done.code, done.text

    def processes(self) -> dict[int, str]:
        return processes_in(self.folder)

    def wait_until_it_answers(self) -> None:
        wait_until(self._answers, self.processes, START_MAX_S)

    def wait_until_whole(self) -> None:
        wait_until(lambda: len(self.processes()) == PROCESSES, self.processes, START_MAX_S)
        self.wait_until_it_answers()

    def _answers(self) -> bool:
        try:
            return Client(self.port)("GET", "/health").status == 200
        except OSError:
            return False
