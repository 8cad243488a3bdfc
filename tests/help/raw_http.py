"""Requests as bytes, as hostile and careless clients send them, and the stack's answers."""

import re
import select
import socket
import time

QUIET_S = 10.0
TIMEOUT_S = 0.3


def post(
    body: bytes | str = b'{"valor":1,"tipo":"c","descricao":"abc"}',
    path: str = "/clientes/1/transacoes",
    *headers: str,
    length: int | str | None = -1,
) -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers]
    if length is not None:
        lines.append(f"Content-Length: {len(raw) if length == -1 else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + raw


def get(path: str = "/clientes/1/extrato", *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def transacao(**changes: str) -> str:
    """Returns a transaction as JSON, put together as text so that it may be invalid."""
    fields = {"valor": "1", "tipo": '"c"', "descricao": '"abc"'} | changes
    inside = ", ".join(f'"{name}": {value}' for name, value in fields.items() if value)
    return f"{{{inside}}}"


def exchange(port: int, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Sends the parts, and returns everything up to the close of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=QUIET_S) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause_s)
            # A real client closes after the answer, and also when it gets none.
            select.select([connection], [], [], TIMEOUT_S)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                answer += chunk
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]
