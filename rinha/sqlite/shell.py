"""SQLite's shell on the live file, by the one SQLite that may be there."""

import sys
from collections.abc import Sequence
from pathlib import Path

from apsw.shell import main

from rinha.errors import StoreUnusableError


def run(file: Path, words: Sequence[str]) -> None:
    """This process holds no other handle on the file."""
    if not file.exists():
        raise StoreUnusableError(f"{file}: there is no ledger here, `rinha init` makes one")
    sys.argv[1:] = [str(file), *words]
    main()
