"""SQLite's shell on the live file, run by the SQLite library of this process."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

import apsw
from apsw.shell import Shell

from rinha.sqlite.entry import assert_there, enter_for_another
from rinha.sqlite.extra_tables import refuse_statistics
from rinha.sqlite.schema import Schema
from rinha.terminal import PrintableStream, printable


def run(file: Path, schema: Schema, args: Sequence[str], *, escape: bool) -> None:
    """Runs the shell in this process, and keeps restores from the file until it ends.

    With `escape` it escapes control characters in the output. Colours are off then, as they are
    control sequences too."""
    assert_there(file, schema.noun)
    enter_for_another(file, schema)
    # A command runs no checkpoint beside Litestream or a thread that repairs the WAL.
    apsw.connection_hooks.append(lambda opened: opened.wal_autocheckpoint(0))
    # Else a REPLACE would remove a person without the trigger that counts this for the search.
    apsw.connection_hooks.append(lambda opened: opened.pragma("recursive_triggers", True))
    apsw.connection_hooks.append(refuse_statistics)
    options = []
    if escape:
        sys.stdout = cast("TextIO", PrintableStream(sys.stdout))
        sys.stderr = cast("TextIO", PrintableStream(sys.stderr))
        options = ["-nocolour"]
    try:
        shell: Any = Shell()
        _, _, commands = shell.process_args([*options, str(file.absolute()), *args])
        if not commands and shell.interactive:
            # At its end it writes a history, which a container's read-only home refuses. All other
            # errors are shown within.
            with suppress(OSError):
                shell.cmdloop()
        elif not commands:
            # A script on a pipe ends at its first failed statement, as it does in psql.
            shell.bail = True
            shell.cmdloop()
    except (apsw.Error, Shell.Error, UnicodeError) as error:
        # It has shown an error of syntax itself. At others its `main` would print a traceback.
        if not getattr(error, "_handle_exception_saw_this", False):
            print(printable(f"rinha sql: {error}"), file=sys.stderr)
        sys.exit(1)
