"""Sends one request to the instance in this container: ask.py METHOD PATH [health-check].

Imports no module of this project, and few others: a health check starts this script again and
again.
"""

import os
import socket
import sys
import time

ANSWER_MAX_S = 2.5
# The engine runs the health check every second, so that it notices a start at once. Later a check
# each second is too expensive: 15 ms of CPU here, and as much in the engine.
START_S = 15.0
HEALTH_CHECK_PAUSE_S = 30.0


def uptime_s() -> float:
    """Returns the age of this container."""
    # The import of pathlib takes longer than the rest of this script.
    with open("/proc/uptime") as uptime, open("/proc/1/stat") as first_process:  # noqa: PTH123
        started = int(first_process.read().rpartition(")")[2].split()[19])
        return float(uptime.read().split()[0]) - started / os.sysconf("SC_CLK_TCK")


def main() -> int:
    method, path, *health_check = sys.argv[1:]
    if health_check and uptime_s() > START_S:
        time.sleep(HEALTH_CHECK_PAUSE_S)
    listen = os.environ["RINHA_LISTEN"]
    if listen.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        address: str | tuple[str, int] = listen.removeprefix("unix:")
    else:
        host, _, port = listen.rpartition(":")
        connection, address = socket.socket(), (host, int(port))
    connection.settimeout(ANSWER_MAX_S)
    try:
        connection.connect(address)
        connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError as error:
        print(f"no answer on {listen}: {error}")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    print(body.decode())
    return 0 if head.split(b" ")[1:2] == [b"200"] else 1


if __name__ == "__main__":
    sys.exit(main())
