"""Splits an address with several hosts into the connection parameters of each host."""

import socket

from psycopg import Error
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from rinha.errors import SettingError
from rinha.postgres.limits import (
    KEEPALIVES_COUNT,
    KEEPALIVES_IDLE_S,
    KEEPALIVES_INTERVAL_S,
    TCP_USER_TIMEOUT_MS,
)

Host = dict[str, str]
# Standbys are never asked: they may answer with old data.
PRIMARY_ONLY = "read-write"
PLACES = ("host", "hostaddr", "port")
ALWAYS = {
    "target_session_attrs": PRIMARY_ONLY,
    "client_encoding": "UTF8",
    "keepalives_idle": str(KEEPALIVES_IDLE_S),
    "keepalives_interval": str(KEEPALIVES_INTERVAL_S),
    "keepalives_count": str(KEEPALIVES_COUNT),
    "tcp_user_timeout": str(TCP_USER_TIMEOUT_MS),
}


def hosts_of(url: str) -> list[Host]:
    """Returns the parameters of each host, in the order in which libpq would try them."""
    try:
        asked = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except Error as error:
        raise SettingError(f"RINHA_LEDGER must be an address as libpq reads it: {error}") from None
    except UnicodeDecodeError:
        raise SettingError("RINHA_LEDGER must be in UTF-8, also where it is escaped") from None
    turned = sorted(name for name in ALWAYS if asked.get(name, ALWAYS[name]) != ALWAYS[name])
    if turned:
        raise SettingError(f"RINHA_LEDGER must not set {', '.join(turned)}: the service does")
    lists = {name: asked.pop(name).split(",") for name in PLACES if name in asked}
    count = max(map(len, lists.values()), default=1)
    if any(len(values) not in (1, count) for values in lists.values()):
        raise SettingError("RINHA_LEDGER must name as many ports as hosts, or one")
    return [
        {"application_name": "rinha", **asked, **ALWAYS}
        | {name: values[number % len(values)] for name, values in lists.items()}
        for number in range(count)
    ]


def name_of(host: Host) -> str:
    """Returns the host's name for messages, with its port if one is set."""
    place = host.get("host") or host.get("hostaddr") or "the local socket"
    return f"{place}:{host['port']}" if host.get("port") else place


def conninfo_of(host: Host) -> str:
    """Returns the connection string, with the name resolved: libpq would block all threads to do
    so."""
    name = host.get("host", "")
    if not name or name.startswith(("/", "@")) or "hostaddr" in host:
        return make_conninfo(**host)
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("a part of the name is empty or too long") from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    names = ",".join([name] * len(addresses))
    return make_conninfo(**{**host, "host": names, "hostaddr": ",".join(addresses)})
