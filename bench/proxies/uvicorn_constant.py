"""One answer for every request, on uvicorn with uvloop and httptools: asyncio alone."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

ANSWER = b'{"limite":100000,"saldo":-9098}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
BODY = {"type": "http.response.body", "body": ANSWER}


async def answer(
    _scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(BODY)


if __name__ == "__main__":
    uvicorn.run(
        answer,
        uds=os.environ["RINHA_LISTEN"].removeprefix("unix:"),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
    )
