"""Fingerprints of what the running stack has read, so that `make up` sees what is new."""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from stack.nginx import conf
from stack.paths import NGINX, ONE_FILE, ROOT, VAR
from stack.run.service import replace_text
from stack.running import RUNIT

# What the parts run and read. Bytecode is not listed: it follows from the sources.
PATTERNS = (
    *("rinha/**/*.py", "stack/**/*.py", "stack/**/*.conf", "stack/**/*.txt", "ops/page/*"),
    *("nginx.conf", "schema.sql"),
    *(f"locks/{name}.txt" for name in ("build", "ops", "postgres", "replica")),
)
# They are removed with the services, so they never describe an earlier start.
CODE, NGINX_CONF = RUNIT.folder / ".code", RUNIT.folder / ".nginx-conf"


def of_code() -> str:
    """Returns the fingerprint of the code as it is now: nginx and the interpreter count too."""
    if ONE_FILE:
        return _digest([("", Path(sys.executable).read_bytes())])
    files = ((str(path), path.read_bytes()) for path in _sources())
    return _digest([("", sys.version.encode()), *files])


def _sources() -> Iterator[Path]:
    found = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))
    # An editor may keep a link that leads nowhere beside a file that it changes.
    yield from (path for path in found if path.is_file())
    if Path(NGINX).exists():
        yield Path(NGINX)


def of_nginx_conf() -> str:
    """Returns the fingerprint of the configuration that nginx reads at its next reload."""
    return _digest(conf.read(VAR).items())


def _digest(contents: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in contents:
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read(file: Path) -> str | None:
    """Returns the fingerprint of what the stack has read.

    None: an older version started the stack, or its last upgrade is not complete.
    """
    try:
        return file.read_text()
    except OSError:
        return None


def write(file: Path, fingerprint: str) -> None:
    replace_text(file, fingerprint)


def forget(file: Path) -> None:
    file.unlink(missing_ok=True)
