"""An instance is frozen at any moment, perhaps while it holds the lock.

Several stacks run at once, as a frozen one needs no CPU: the rounds take minutes instead of hours.
"""

import json
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

from rinha.sqlite.lock import lock_file_of
from tests.help.commands import assert_sound
from tests.help.effort import drawn_seed, effort
from tests.help.running import Stack

ROUNDS = effort(6, 48, 100)
STACKS = effort(2, 6, 10)
FROZEN_S = effort(2, 4, 10)
LOCK_WAIT_S = 0.5
TRIES_MAX = 200
# One wait for the lock, and time for the other stacks on this machine.
ANSWER_MAX_S = LOCK_WAIT_S + 1.5
WHOLE_AGAIN_MAX_S = 5.0
# No read succeeds while a process is stopped within a change of SQLite's WAL index, which one stop
# in 30,000 hits. SQLite tries for 10 s and then fails with this message.
UNREADABLE = "locking protocol"
UNREADABLE_MAX = 1
CREDIT = json.dumps({"valor": 1, "tipo": "c", "descricao": "abc"})


class Direct(HTTPConnection):
    """A connection to one instance, without nginx."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=FROZEN_S + 20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))

    def credit(self) -> int:
        """Sends a credit; returns the status."""
        return self._ask("POST", "/clientes/1/transacoes", CREDIT)[0]

    def extrato(self) -> tuple[int, str]:
        return self._ask("GET", "/clientes/1/extrato")

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """Sends one request on a connection of its own; returns status and body."""
        self.request(method, path, body, {"Connection": "close"})
        response = self.getresponse()
        text = response.read().decode()
        self.close()
        return response.status, text


class Hammer:
    """Sends credits through one instance as fast as possible, until `stop()`."""

    def __init__(self, path: Path) -> None:
        self.statuses: Counter[int] = Counter()
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drive)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _drive(self) -> None:
        direct = Direct(self._path)
        while not self._stop.is_set():
            self.statuses[direct.credit()] += 1


def _freeze(
    instance: "subprocess.Popen[bytes]", lock: Path, rng: random.Random, *, insist: bool
) -> None:
    """Stops an instance at a random moment; with `insist`, tries again until it holds the lock."""
    held = re.compile(rf"^\d+: FLOCK .* {instance.pid} \S+:{lock.stat().st_ino} ", re.M)
    for _ in range(TRIES_MAX if insist else 1):
        instance.send_signal(signal.SIGCONT)
        time.sleep(rng.uniform(0, 0.01))
        instance.send_signal(signal.SIGSTOP)
        if held.search(Path("/proc/locks").read_text()):
            return


def freeze_rounds(stack: Stack, rounds: int, rng: random.Random) -> Counter[str]:
    paths = [stack.folder / f"api{number}.sock" for number in ("01", "02")]
    lock = lock_file_of(stack.file)
    statuses: Counter[int] = Counter()
    held = unreadable = 0
    for number in range(rounds):
        frozen = rng.randrange(2)
        hammers = [Hammer(path) for path in paths]
        time.sleep(rng.uniform(0.1, 0.3))
        _freeze(stack.instances[frozen], lock, rng, insist=number % 2 == 0)
        hammers[1 - frozen].stop()
        frozen_at = time.monotonic()
        busy = 0
        other = Direct(paths[1 - frozen])
        while time.monotonic() < frozen_at + FROZEN_S:
            started = time.monotonic()
            status = other.credit()
            assert time.monotonic() - started < ANSWER_MAX_S
            statuses[status] += 1
            busy += status == 503
            started = time.monotonic()
            read, text = other.extrato()
            if UNREADABLE in text:
                unreadable += 1
                break
            assert read == 200, f"statements go on: {text}"
            assert time.monotonic() - started < ANSWER_MAX_S
            time.sleep(0.05)
        held += busy > 0
        stack.instances[frozen].send_signal(signal.SIGCONT)
        thawed_at = time.monotonic()
        whole = False
        while not whole:
            assert time.monotonic() - thawed_at < WHOLE_AGAIN_MAX_S
            answers = [Direct(path).credit() for path in paths]
            whole = answers == [200, 200]
            statuses.update(answers)
        hammers[frozen].stop()
        for hammer in hammers:
            statuses += hammer.statuses
    assert set(statuses) <= {200, 503}
    assert stack.client().extrato(1)["saldo"]["total"] == statuses[200]
    return Counter(held=held, rounds=rounds, refused=statuses[503], unreadable=unreadable)


def test_a_frozen_instance_is_waited_for_in_bounds(tmp_path: Path) -> None:
    """While an instance is frozen the other one answers in time; after the thaw both write."""
    seed = drawn_seed()
    folders = [tmp_path / str(number) for number in range(STACKS)]
    for folder in folders:
        folder.mkdir()
    stacks = [Stack(folder, RINHA_LOCK_WAIT_MS=str(int(LOCK_WAIT_S * 1000))) for folder in folders]
    try:
        with ThreadPoolExecutor(STACKS) as pool:
            each = [
                pool.submit(freeze_rounds, stack, ROUNDS // STACKS, random.Random(seed + number))
                for number, stack in enumerate(stacks)
            ]
            total = sum((done.result() for done in each), Counter[str]())
    finally:
        for stack in stacks:
            stack.stop()
    print(dict(total))
    assert total["held"] > 0, "no instance was ever frozen while it held the lock"
    assert total["unreadable"] <= UNREADABLE_MAX
    for stack in stacks:
        assert_sound(stack.file)
