"""The address of a ledger: a file, by its one real path, or PostgreSQL's servers, by their URL."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from rinha.errors import SettingError

# What a ledger begins with that is not a file.
SERVER_SCHEMES = ("postgresql://", "postgres://")
# Addresses and libpq's keywords that are mistyped: as a path, an error would print their password.
LIKE_A_SERVER = re.compile(
    r"://|^\s*postgres\w*:|^\s*/*[^/]*:[^/]*@"
    r"|(^|\s)(host|hostaddr|port|user|dbname|password|passfile|service)\s*=",
    re.IGNORECASE,
)
HOSTS = re.compile(r"(\[[^]]*\]|[^][:/?,]*)(:\d*)?(,(\[[^]]*\]|[^][:/?,]*)(:\d*)?)*([/?]|$)")
# A parameter of an address that holds a secret, or is meant to; passfile names a file.
SECRET_PARAMETER = re.compile(r"[?&](?!passfile=)[^=&]*(pas|pwd|secret)[^=&]*=", re.IGNORECASE)


class ServerUrl(str):
    """postgresql://..., which never has a password in it."""

    __slots__ = ()


def ledger_of(text: str) -> Path | ServerUrl:
    """Returns the one name of the ledger. No error shows the text: it may hold a password."""
    if not text.strip():
        raise SettingError("RINHA_LEDGER must name a file, or a server as postgresql://...")
    if not text.startswith(SERVER_SCHEMES):
        if LIKE_A_SERVER.search(text):
            raise SettingError(
                "RINHA_LEDGER must be a file's path, or a server's address that begins with "
                "postgresql:// in lower case; this is neither"
            )
        return real_path(Path(text))
    # The user's part may hold any character.
    user, _, rest = text.partition("://")[2].rpartition("@")
    if re.search("[:/]", user) or SECRET_PARAMETER.search(unquote(text)):
        raise SettingError(
            "RINHA_LEDGER must not hold a password: that is for PGPASSWORD, or a file that "
            "PGPASSFILE names"
        )
    if not HOSTS.match(rest):
        raise SettingError("RINHA_LEDGER must name each server as HOST or HOST:PORT")
    return ServerUrl(text)


def real_path(path: Path) -> Path:
    """Follows symbolic links, as SQLite does: its WAL and our locks then stand beside one file.

    A relative path below the working directory stays relative, as a socket's path must be short."""
    try:
        real, here = Path(os.path.realpath(path)), Path.cwd()
        if not path.is_absolute() and real.is_relative_to(here):
            real = real.relative_to(here)
        if real.is_symlink():
            raise SettingError(f"RINHA_LEDGER={path}: its symbolic links lead in a circle")
    except OSError as error:
        raise SettingError(f"RINHA_LEDGER={path}: cannot be resolved: {error.strerror}") from None
    return real
