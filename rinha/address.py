"""Address of a ledger: the real path of a file, or the URL of PostgreSQL servers."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from rinha.errors import SettingError

# Schemes of a server's address. Any other address is a path.
SERVER_SCHEMES = ("postgresql://", "postgres://")
# Mistyped addresses and libpq keywords. An error about them as a path would print their password.
LIKE_A_SERVER = re.compile(
    r"://|^\s*postgres\w*:|^\s*/*[^/]*:[^/]*@"
    r"|(^|\s)(host|hostaddr|port|user|dbname|password|passfile|service)\s*=",
    re.IGNORECASE,
)
HOSTS = re.compile(r"(\[[^]]*\]|[^][:/?,]*)(:\d*)?(,(\[[^]]*\]|[^][:/?,]*)(:\d*)?)*([/?]|$)")
# Parameters that hold a secret, or are meant to; passfile names a file.
SECRET_PARAMETER = re.compile(r"[?&](?!passfile=)[^=&]*(pas|pwd|secret)[^=&]*=", re.IGNORECASE)


class ServerUrl(str):
    """Address postgresql://..., which never contains a password."""

    __slots__ = ()


def ledger_of(text: str) -> Path | ServerUrl:
    """Parses RINHA_LEDGER. Errors do not show its text, which may contain a password."""
    if not text.strip():
        raise SettingError("RINHA_LEDGER must name a file, or a server as postgresql://...")
    if not text.startswith(SERVER_SCHEMES):
        if LIKE_A_SERVER.search(text):
            raise SettingError(
                "RINHA_LEDGER must be a file's path, or a server's address that begins with "
                "postgresql:// in lower case; this is neither"
            )
        return real_path(Path(text))
    if text != text.encode(errors="replace").decode():
        raise SettingError("RINHA_LEDGER must be in UTF-8")
    # The user's name may contain any character.
    user, _, rest = text.partition("://")[2].rpartition("@")
    if re.search("[:/]", user) or SECRET_PARAMETER.search(unquote(text)):
        raise SettingError(
            "RINHA_LEDGER must not hold a password: that is for PGPASSWORD, or a file that "
            "PGPASSFILE names"
        )
    if not HOSTS.match(rest):
        raise SettingError("RINHA_LEDGER must name each server as HOST or HOST:PORT")
    return ServerUrl(text)


def link_of(text: str) -> Path | None:
    """Returns the path in RINHA_LEDGER if it is a symbolic link to the file."""
    if text.startswith(SERVER_SCHEMES):
        return None
    # Unlike Path, it is silent where the path cannot be read.
    return Path(text) if os.path.islink(text) else None  # noqa: PTH114


def real_path(path: Path) -> Path:
    """Resolves symbolic links, as SQLite does, so that the WAL and the locks are beside the same
    file.

    A relative path below the working directory stays relative, as a socket's path must be short."""
    try:
        real, here = Path(os.path.realpath(path)), Path.cwd()
        if not path.is_absolute() and real.is_relative_to(here):
            real = real.relative_to(here)
        if real.is_symlink():
            raise SettingError(f"RINHA_LEDGER={path}: its symbolic links lead in a circle")
    except OSError as error:
        raise SettingError(f"RINHA_LEDGER={path}: cannot be resolved: {error.strerror}") from None
    absolute = here / real
    if os.fsencode(absolute) != str(absolute).encode(errors="replace"):
        raise SettingError(f"RINHA_LEDGER={os.fsencode(absolute)!r}: SQLite needs a path in UTF-8")
    return real
