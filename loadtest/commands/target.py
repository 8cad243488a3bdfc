"""The target of a command: its URL with TLS, and the headers of every request."""

import argparse
import re
import ssl
from pathlib import Path

from loadtest.commands.output import UsageError
from loadtest.wire.request import Address, Header, Tls
from loadtest.wire.tls import context_of

# RFC 9110: a name is a token. A value is printable ASCII, which any server and shell takes.
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)[ \t]*")
# Headers that say how the bytes of a request are framed, which only the judge knows.
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})

TARGETS = ("url", "pair")


def header(text: str) -> Header:
    """Parses `Name: value`."""
    shape = _HEADER.fullmatch(text)
    if shape is None:
        raise argparse.ArgumentTypeError(
            # Its value may be a secret, and the log of a CI run is read by many.
            f"{text.partition(':')[0]!r} is no header like 'Name: value', of printable ASCII"
        )
    if shape[1].lower() in _FRAMING:
        raise argparse.ArgumentTypeError(f"{shape[1]} is set by the judge for each request")
    return Header(shape[1], shape[2])


def authorities(text: str) -> Path:
    """Returns the path of a PEM file with certificates of authorities, which is tried at once."""
    path = Path(text)
    try:
        if not path.is_file():
            raise argparse.ArgumentTypeError(f"{text} is no file with certificates")
        context_of(Tls(cacert=path))
    except ssl.SSLError as error:
        raise argparse.ArgumentTypeError(f"{text} has no certificate in PEM format") from error
    except (OSError, ValueError) as error:
        fault = getattr(error, "strerror", None) or error
        raise argparse.ArgumentTypeError(f"{text}: {fault}") from error
    return path


def complete_targets(asked: argparse.Namespace) -> None:
    """Gives the targets of a parsed command line its TLS options and headers."""
    named: dict[str, Address] = {
        name: asked.__dict__[name] for name in TARGETS if asked.__dict__.get(name) is not None
    }
    cacert, insecure = getattr(asked, "cacert", None), getattr(asked, "insecure", False)
    headers: list[Header] = getattr(asked, "header", [])
    for option, is_given in (("--cacert", cacert is not None), ("--insecure", insecure)):
        if is_given and all(target.tls is None for target in named.values()):
            raise UsageError(f"{option} is for targets that begin with https://")
    if sum(one.name.lower() == "host" for one in headers) > 1:
        raise UsageError("a request has only one Host: give one --header 'Host: …'")
    for name, target in named.items():
        tls = Tls(cacert, insecure) if target.tls is not None else None
        setattr(asked, name, target._replace(tls=tls, headers=tuple(headers)))
