"""Serves a reference entry of an edition over HTTP, with the fault that a test plants in it.

It is plain Python on asyncio in one process. An entry imports nothing from the product, so it
cannot share a mistake with the code under test.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.help.certificates import server_context


class Answer(NamedTuple):
    """An answer: content is sent as JSON, a text or bytes as they are."""

    status: int
    content: object
    location: str = ""


class Entry:
    """A correct entry; its fault breaks exactly one rule."""

    # A header line without which each request is refused.
    required = ""
    # Whether it closes a connection after each answer, without a word, and with requests unread.
    closes = False

    def __init__(self, fault: str, seed: int) -> None:
        self.fault = fault
        self.random = Random(seed)

    async def answer(self, method: str, target: str, body: bytes) -> Answer | None:
        """Returns the answer; None closes the connection without one."""
        raise NotImplementedError

    def sent(self) -> None:
        """Hook: an answer was sent."""


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, entry: Entry) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, _ = head.split(" ", 2)
            length = re.search(r"(?i)content-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            answer: Answer | None = Answer(401, {"error": "header"})
            if entry.required in head:
                answer = await entry.answer(method, target, body)
            if answer is None:
                break
            status, content, location = answer
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            data = b"" if content is None else text if isinstance(text, bytes) else text.encode()
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}"]
            lines += [f"Location: {location}"] if location else []
            if entry.closes:
                writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write("\r\n".join([*lines, "", ""]).encode() + data)
            await writer.drain()
            entry.sent()
            if entry.closes:
                # The client may send another request meanwhile.
                await asyncio.sleep(0.02)
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _main(make: type[Entry], faults: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", choices=faults, default="none")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--required", default="")
    parser.add_argument("--closes", type=bool, default=False)
    asked = parser.parse_args()
    entry = make(asked.fault, asked.seed)
    entry.required, entry.closes = asked.required, asked.closes
    server = await asyncio.start_server(
        lambda reader, writer: _serve(reader, writer, entry),
        *(asked.host, asked.port),
        backlog=2048,
        ssl=server_context(asked.certificate) if asked.certificate else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def run(make: type[Entry], faults: Sequence[str]) -> None:
    """Prints the port, and serves until the process is ended."""
    asyncio.run(_main(make, faults))
