"""A `docker` for tests: plays an engine whose only container is a reference entry on this machine.

It takes the words that the judge gives to Docker's CLI, notes them in `calls`, and answers from
`scenario.json` beside it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[0]).parent
RUNNING = "pids"


def main() -> int:
    words = sys.argv[1:]
    with (HERE / "calls").open("a") as calls:
        calls.write(" ".join(words) + "\n")
    scenario: dict[str, Any] = json.loads((HERE / "scenario.json").read_text())
    verb = words[0]
    if verb == "compose":
        rest = words[1:]
        while rest[0].startswith("--"):
            rest = rest[2:]
        verb = f"compose {rest[0]}"
    for failing, error in scenario.get("errors", {}).items():
        if " ".join(words).startswith(failing) or verb == failing:
            print(error, file=sys.stderr)
            return 1
    act = ACTIONS.get(verb)
    if act is not None:
        act(scenario)
    return 0


def up(scenario: dict[str, Any]) -> None:
    pids = []
    if scenario.get("serve"):
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.loadtest.ledger_server", *scenario["serve"]],
            cwd=scenario["root"], stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert server.stdout is not None
        server.stdout.readline()
        pids.append(server.pid)
    # Whole or not at all: the judge may kill this program at any moment.
    unfinished = HERE / f"{RUNNING}.{os.getpid()}"
    unfinished.write_text(json.dumps(pids))
    unfinished.replace(HERE / RUNNING)
    sys.stdout.flush()
    os._exit(0)  # the server goes on


def stop(folder: Path) -> None:
    """Ends what `up` has started in this folder."""
    running = folder / RUNNING
    if running.exists():
        for pid in json.loads(running.read_text()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        running.unlink()


def ps(scenario: dict[str, Any]) -> None:
    if (HERE / RUNNING).exists():
        print("\n".join(one["Id"] for one in scenario.get("containers", [])))


ACTIONS: dict[str, Callable[[dict[str, Any]], None]] = {
    "compose version": lambda _: print("2.26.1"),
    "version": lambda _: print("28.2.2"),
    "compose config": lambda scenario: print(json.dumps({"services": scenario["services"]})),
    "compose up": up,
    "compose down": lambda _: stop(HERE),
    "ps": ps,
    "inspect": lambda scenario: print(json.dumps(scenario.get("containers", []))),
    "logs": lambda scenario: print("\n".join(scenario.get("log", []))),
}

if __name__ == "__main__":
    sys.exit(main())
