"""Asks the instance of this container, on its own address: ask.py METHOD PATH [patiently]. Imports
nothing of ours, and little else, as a health check does it again and again."""

import os
import socket
import sys
import time

ANSWER_MAX_S = 2.5
# A start wants to be noticed within a second. After that a question a second would cost more than
# it tells: 15 ms of CPU here and as much in the engine, in the middle of other people's requests.
START_S = 15.0
PATIENCE_S = 30.0


def uptime_s() -> float:
    """How long this container runs."""
    # Not pathlib: to import it takes longer than all the rest.
    with open("/proc/uptime") as uptime, open("/proc/1/stat") as first_process:  # noqa: PTH123
        started = int(first_process.read().rpartition(")")[2].split()[19])
        return float(uptime.read().split()[0]) - started / os.sysconf("SC_CLK_TCK")


def main() -> int:
    method, path, *patiently = sys.argv[1:]
    if patiently and uptime_s() > START_S:
        time.sleep(PATIENCE_S)
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
