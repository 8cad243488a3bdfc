"""SQLite's shell on the live file, by the one SQLite that may be there."""

import sys
from collections.abc import Sequence
from pathlib import Path

from apsw.shell import main

from rinha.sqlite.entry import assert_there, enter


def run(file: Path, words: Sequence[str]) -> None:
    """This process holds no other handle on the file, and keeps a restore off until it ends."""
    assert_there(file, "ledger")
    enter(file, "ledger")
    sys.argv[1:] = [str(file), *words]
    main()
