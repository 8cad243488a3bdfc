"""SQLite's shell on the live file, by the one SQLite that may be there."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

from apsw.shell import main

from rinha.sqlite.entry import assert_there, enter
from rinha.terminal import PrintableStream


def run(file: Path, words: Sequence[str], *, escape: bool) -> None:
    """This process holds no other handle on the file, and keeps a restore off until it ends. With
    `escape` the terminal obeys no value of a client; colours, sequences too, are left out."""
    assert_there(file, "ledger")
    enter(file, "ledger")
    options = []
    if escape:
        sys.stdout = cast("TextIO", PrintableStream(sys.stdout))
        sys.stderr = cast("TextIO", PrintableStream(sys.stderr))
        options = ["-nocolour"]
    sys.argv[1:] = [*options, str(file), *words]
    main()
