"""Counts transactions that a retry of nginx applies twice: python -m bench.proxies.retries.

Clients send debits to two instances, one of which is killed every 0.4 s, and nginx runs with each
rule for retries in turn.
"""

import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import replace
from pathlib import Path

import apsw

from bench.parts.behind_nginx import behind_nginx, with_changed_conf
from bench.parts.running import HOST, Running
from stack.part import Part
from stack.run.limits import ControlGroups
from stack.run.processes import StackFailedError

SHIPPED = "proxy_next_upstream error;"
RULES = {
    "error, as shipped": (SHIPPED, False),
    "error non_idempotent": ("proxy_next_upstream error non_idempotent;", False),
    "error non_idempotent, with keys": ("proxy_next_upstream error non_idempotent;", True),
}
EXIT_FAILED = 2
SECONDS, KILL_EVERY_S, CLIENTS = 15.0, 0.4, 14
# Within the ten characters of a description there are enough.
NAMES = 36**10


def main() -> int:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9999
    print(f"{'rule':34} {'answered 200':>12} {'other':>6} {'applied twice':>13}")
    # It makes groups, although no part has limits here.
    groups = ControlGroups()
    try:
        for rule, (line, with_keys) in RULES.items():
            with tempfile.TemporaryDirectory(prefix="rinha-", dir="/var/tmp") as name:
                counts = _tried(Path(name), port, line, groups, with_keys=with_keys)
            print("{:34} {:12,} {:6,} {:13,}".format(rule, *counts))
    except StackFailedError as error:
        print(f"bench: {error}", file=sys.stderr)
        return EXIT_FAILED
    finally:
        groups.remove()
    return 0


def _tried(
    folder: Path, port: int, line: str, groups: ControlGroups, *, with_keys: bool
) -> tuple[int, int, int]:
    codes: Counter[int] = Counter()
    until = time.monotonic() + SECONDS
    with Running(_parts(folder, port, line), folder, port, "/health", groups) as running:
        clients = [
            threading.Thread(target=_send, args=(port, until, codes, with_keys))
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        while time.monotonic() < until:
            time.sleep(KILL_EVERY_S)
            name = random.choice(("api01", "api02"))
            os.killpg(running[name].pid, signal.SIGKILL)
            running[name].wait()
            running.start_part(name)
        for client in clients:
            client.join()
    ledger = apsw.Connection(str(folder / "rinha.db"))
    query = "SELECT count(*) FROM (SELECT 1 FROM transacoes GROUP BY descricao HAVING count(*) > 1)"
    return codes[200], codes.total() - codes[200], int(ledger.execute(query).get)


def _parts(folder: Path, port: int, line: str) -> list[Part]:
    # Without limits: a killed instance must be back at once.
    *instances, nginx = [replace(part, share=None) for part in behind_nginx(folder, port)]
    return [*instances, with_changed_conf(nginx, folder, SHIPPED, line)]


def _send(port: int, until: float, codes: Counter[int], with_keys: bool) -> None:
    """Sends debits, each with a description of its own, one after the other."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    while time.monotonic() < until:
        name = f"{uuid.uuid4().int % NAMES:x}"[:10]
        headers = {"Idempotency-Key": f'"{uuid.uuid4()}"'} if with_keys else {}
        body = json.dumps({"valor": 1, "tipo": "d", "descricao": name})
        try:
            connection.request("POST", "/clientes/4/transacoes", body, headers)
            answer = connection.getresponse()
            answer.read()
            codes[answer.status] += 1
        except (OSError, http.client.HTTPException):
            codes[0] += 1
            connection.close()


if __name__ == "__main__":
    sys.exit(main())
