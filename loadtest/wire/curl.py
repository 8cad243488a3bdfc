"""Turns requests into curl commands that repeat them in a shell."""

import shlex
from collections import Counter
from collections.abc import Sequence

from loadtest.wire.request import Address, Header, Request

# Headers whose values must not be stored in a report, nor shown in the log of a CI run.
CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
HIDDEN = "…"


def curl_line(target: Address, data: bytes, options: str = "-i") -> str:
    """Returns a request as a curl command; printf makes a body that is not plain text."""
    head, _, body = data.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    method, path, _ = request_line.split(" ")
    headers = [Header(*line.split(": ", 1)) for line in lines]
    parts = [f"curl {options}"]
    parts += [
        f"-H {shlex.quote(_shown(header))}" for header in headers if not _is_curls(target, header)
    ]
    parts += tls_options(target)
    before = ""
    if method == "POST":
        text = _plain_text(body)
        if text is None:
            before = f"printf '{''.join(map(_octal, body))}' | "
        parts.append("--data-binary @-" if text is None else f"--data-raw {shlex.quote(text)}")
    url = shlex.quote(f"{target.url}{path}")
    return before + " ".join([*parts, url])


def shell_line(target: Address, together: Sequence[Request]) -> str:
    """Returns a shell line for one request, or for several at once with their status counts."""
    if len(together) == 1:
        return curl_line(target, together[0].data)
    status_only = "-s -o /dev/null -w '%{http_code}\\n'"
    parts = []
    for data, times in Counter(request.data for request in together).items():
        line = f"{curl_line(target, data, status_only)} &"
        parts.append(f"for i in $(seq {times}); do {line} done;" if times > 1 else line)
    return f"({' '.join(parts)} wait) | sort | uniq -c"


def tls_options(target: Address) -> list[str]:
    """Returns the options of the target's TLS, which are the same for curl and for `loadtest`."""
    if target.tls is None:
        return []
    cacert = ["--cacert", shlex.quote(str(target.tls.cacert))] if target.tls.cacert else []
    return [*cacert, *(["--insecure"] if target.tls.insecure else [])]


def target_options(target: Address) -> list[str]:
    """Returns the URL and the options that give another `loadtest` command the same target."""
    headers = [f"--header {shlex.quote(_shown(header))}" for header in target.headers]
    return [shlex.quote(target.url), *tls_options(target), *headers]


def _shown(header: Header) -> str:
    value = HIDDEN if header.name.lower() in CREDENTIALS else header.value
    return f"{header.name}: {value}"


def _is_curls(target: Address, header: Header) -> bool:
    """Returns whether curl sends this header itself, from the URL and the length of the body."""
    name = header.name.lower()
    return name == "content-length" or (name == "host" and header.value == target.host_header)


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
