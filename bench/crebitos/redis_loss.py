"""Counts the answered transactions that Redis loses when it is killed, for each persistence.

`python -m bench.crebitos.redis_loss` sends credits of 1 for SECONDS, kills redis-server with
SIGKILL, starts it again on its files, and compares the balance with the answers.
"""

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from bench.crebitos.contenders import WITH_REDIS, program
from bench.parts.redis import ALWAYS, EVERY_SECOND, SNAPSHOTS, on_redis
from bench.parts.running import HOST, Running
from stack.run.limits import ControlGroups
from stack.run.processes import StackFailedError

MODES = {
    "snapshots, the default": SNAPSHOTS,
    "appendfsync everysec": EVERY_SECOND,
    "appendfsync always": ALWAYS,
}
EXIT_FAILED = 2
CONNECTIONS = 14
CREDIT = json.dumps({"valor": 1, "tipo": "c", "descricao": "kept"})
REQUEST_MAX_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.crebitos.redis_loss", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of load before the kill")
    parser.add_argument("--port", type=int, default=9999)
    args = parser.parse_args()
    try:
        for title, persistence in MODES.items():
            answered, kept = measure_loss(persistence, args.seconds, args.port)
            lost = answered - min(kept, answered)
            print(f"{title}: {answered} answered, {lost} lost", flush=True)
    except StackFailedError as error:
        print(f"bench: {error}", file=sys.stderr)
        return EXIT_FAILED
    return 0


def measure_loss(persistence: Mapping[str, str], seconds: float, port: int) -> tuple[int, int]:
    """Returns the number of answered credits, and the balance after the kill."""
    groups = ControlGroups()
    try:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
            folder = Path(name)
            parts = on_redis(*WITH_REDIS, program("fastapi_redis"), persistence)(folder, port)
            ready = "/clientes/1/extrato"
            with Running(parts, folder, port, ready, groups) as running:
                answered = _credit_until_killed(running, seconds)
                running.start_part("redis")
                running.wait(lambda: _saldo(port) is not None)
                return answered, _saldo(port) or 0
    finally:
        groups.remove()


def _credit_until_killed(running: Running, seconds: float) -> int:
    """Sends credits from several connections, and kills Redis in the middle of them."""
    counts = [0] * CONNECTIONS
    threads = [
        threading.Thread(target=_credit, args=(running.port, counts, number))
        for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    running.kill("redis")
    for thread in threads:
        thread.join()
    return sum(counts)


def _credit(port: int, counts: list[int], number: int) -> None:
    """Counts answers until the first that is no 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=REQUEST_MAX_S)
    try:
        while True:
            connection.request("POST", "/clientes/1/transacoes", CREDIT)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                return
            counts[number] += 1
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def _saldo(port: int) -> int | None:
    connection = http.client.HTTPConnection(HOST, port, timeout=REQUEST_MAX_S)
    try:
        connection.request("GET", "/clientes/1/extrato")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 404:
            # No snapshot was written yet: the clients are lost too.
            return 0
        return int(json.loads(body)["saldo"]["total"]) if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
