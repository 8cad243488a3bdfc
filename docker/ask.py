"""Asks the instance of this container, on its own address: ask.py METHOD PATH. Imports nothing of
ours and little else, as a health check does it every few seconds."""

import os
import socket
import sys

ANSWER_MAX_S = 2.5


def main() -> int:
    method, path = sys.argv[1:]
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
