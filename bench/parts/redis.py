"""Debian's Redis as a part of a stack, on a unix socket in the folder."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from bench.parts.behind_nginx import behind_nginx
from stack.part import Part, Share, listens

# Redis' own default: a snapshot after an hour with a change, five minutes with a hundred, or a
# minute with ten thousand.
SNAPSHOTS: Mapping[str, str] = MappingProxyType({})
# A log of all writes, with an fsync every second, or before each answer.
EVERY_SECOND: Mapping[str, str] = MappingProxyType({"appendonly": "yes", "appendfsync": "everysec"})
ALWAYS: Mapping[str, str] = MappingProxyType({"appendonly": "yes", "appendfsync": "always"})
FOLDER = "redis"


def redis(folder: Path, share: Share, persistence: Mapping[str, str]) -> Part:
    """Returns the part; its files are in `redis`, and it listens on a socket there."""
    data = folder / FOLDER
    options = {"port": "0", "unixsocket": str(socket_of(folder)), "dir": str(data), **persistence}
    return Part(
        "redis",
        [
            "redis-server",
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ],
        share,
        is_ready=partial(listens, socket_of(folder)),
        prepare=partial(data.mkdir, exist_ok=True),
    )


def socket_of(folder: Path) -> Path:
    return folder / FOLDER / "redis.sock"


def on_redis(
    share: Share,
    shares: tuple[Share, Share],
    command: Sequence[str],
    persistence: Mapping[str, str] = SNAPSHOTS,
) -> Callable[[Path, int], list[Part]]:
    """Redis, and two instances behind nginx that find it in their environment."""

    def parts(folder: Path, port: int) -> list[Part]:
        environment = {"REDIS_SOCKET": str(socket_of(folder))}
        return [
            redis(folder, share, persistence),
            *behind_nginx(folder, port, command, environment, shares),
        ]

    return parts
