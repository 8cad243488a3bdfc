"""Turns requests into curl commands that repeat them in a shell."""

import shlex
from collections import Counter
from collections.abc import Sequence

from loadtest.wire.request import Request

# curl sends these itself, from the URL and the length of the body.
_OF_CURL = ("host", "content-length")


def curl_line(data: bytes, options: str = "-i") -> str:
    """Returns a request as a curl command; printf makes a body that is not plain text."""
    head, _, body = data.partition(b"\r\n\r\n")
    request_line, *fields = head.decode().split("\r\n")
    method, path, _ = request_line.split(" ")
    named = dict(field.split(": ", 1) for field in fields)
    parts = [f"curl {options}"]
    parts += [
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in named.items()
        if name.lower() not in _OF_CURL
    ]
    before = ""
    if method == "POST":
        text = _plain_text(body)
        if text is None:
            before = f"printf '{''.join(map(_octal, body))}' | "
        parts.append("--data-binary @-" if text is None else f"--data-raw {shlex.quote(text)}")
    url = shlex.quote(f"http://{named['Host']}{path}")
    return before + " ".join([*parts, url])


def shell_line(together: Sequence[Request]) -> str:
    """Returns a shell line for one request, or for several at once with their status counts."""
    if len(together) == 1:
        return curl_line(together[0].data)
    status_only = "-s -o /dev/null -w '%{http_code}\\n'"
    parts = []
    for data, times in Counter(request.data for request in together).items():
        line = f"{curl_line(data, status_only)} &"
        parts.append(f"for i in $(seq {times}); do {line} done;" if times > 1 else line)
    return f"({' '.join(parts)} wait) | sort | uniq -c"


def _plain_text(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _octal(byte: int) -> str:
    """Returns a byte for printf's format: printable ASCII as it is, the rest as octal.

    A dash is octal too: as the first character it would begin an option.
    """
    plain = 0x20 <= byte < 0x7F and chr(byte) not in "%'\\-"
    return chr(byte) if plain else f"\\{byte:03o}"
