"""The command `rinha`, the one place where everything is wired together. Imports all of ours."""

import argparse
import logging
import os
import sys
from pathlib import Path

import apsw

from rinha import logs, settings
from rinha.app import create_app
from rinha.checkpoint import Checkpointer
from rinha.errors import RinhaError
from rinha.ledger import Ledger
from rinha.messages import Audit
from rinha.server import Instance
from rinha.settings import Settings

# An audit of a million clients is read by a person: these many, and whoever has a problem.
CHECK_ROWS_MAX = 20


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="rinha",
        description="A small bank ledger over HTTP that never lets a balance pass its limit.",
        epilog=settings.describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run one instance until SIGTERM; makes the ledger if needed")
    commands.add_parser("init", help="make the ledger if there is none; never touches a balance")
    commands.add_parser(
        "check",
        help="audit the ledger, also under load; exit code 0: every promise holds, 1: not",
    )
    snapshot = commands.add_parser(
        "snapshot", help="write a consistent copy, also under load, that any sqlite3 can open"
    )
    snapshot.add_argument("file", type=Path, metavar="FILE", help="a file that is not there yet")
    sql = commands.add_parser("sql", help="a shell on the live ledger, as sqlite3 would be")
    sql.add_argument("words", nargs="*", metavar="SQL", help="run this and leave")
    return top


def main() -> int:
    arguments = parser().parse_args()
    try:
        knobs = settings.load(os.environ)
        logs.setup(knobs.log_level)
        if arguments.command == "serve":
            return serve(knobs)
        if arguments.command == "sql":
            return sql(knobs, arguments.words)
        ledger = Ledger(
            knobs.file,
            synchronous=knobs.synchronous,
            lock_wait_s=knobs.lock_wait_s,
            create=arguments.command == "init",
        )
        if arguments.command == "check":
            code = show_audit(knobs.file, ledger.audit())
            sys.stdout.flush()
            return code
        if arguments.command == "snapshot":
            ledger.snapshot(arguments.file)
        print(arguments.file if arguments.command == "snapshot" else f"{knobs.file} is ready")
        return 0
    except OSError as error:
        # Whoever was to read this has gone, or has no room: that says nothing about the ledger.
        print(f"rinha {arguments.command}: {error}", file=sys.stderr, flush=True)
        os._exit(2)
    except RinhaError as error:
        if arguments.command == "serve":
            logs.setup("info")
            logs.tell(logging.ERROR, "refused to start", reason=str(error))
        else:
            print(f"rinha {arguments.command}: {error}", file=sys.stderr)
        return 2


def serve(knobs: Settings) -> int:
    ledger = Ledger(knobs.file, synchronous=knobs.synchronous, lock_wait_s=knobs.lock_wait_s)
    checkpointer = Checkpointer(knobs.file)
    ledger.after_commits(checkpointer.look)
    instance = Instance(create_app(ledger, reset=knobs.reset), knobs.listen)
    logs.tell(
        logging.INFO,
        "started",
        file=str(knobs.file),
        listen=knobs.listen,
        synchronous=knobs.synchronous,
        reset=knobs.reset,
        sqlite=apsw.sqlite_lib_version(),
    )
    instance.run()
    checkpointer.close()
    ledger.close()
    logs.tell(logging.INFO, "stopped")
    return 0


def sql(knobs: Settings, words: list[str]) -> int:
    """In a process of its own, which holds no other handle on the file."""
    if not knobs.file.exists():
        raise RinhaError(f"{knobs.file}: there is no ledger here, `rinha init` makes one")
    os.execv(sys.executable, [sys.executable, "-m", "apsw", str(knobs.file), *words])  # noqa: S606


def show_audit(file: Path, audit: Audit) -> int:
    header = ("client", "limite", "saldo", "sum of rows", "lowest", "rows", "")
    table: list[tuple[str, ...]] = []
    for row in audit.clientes:
        wrong = row.saldo != row.sum_of_rows or row.lowest_saldo < -row.limite
        if wrong or len(table) < CHECK_ROWS_MAX:
            table.append(
                (
                    *map(str, (row.cliente, row.limite, row.saldo, row.sum_of_rows)),
                    *map(str, (row.lowest_saldo, row.transacoes)),
                    "WRONG" if wrong else "ok",
                )
            )
    widths = [max(map(len, column)) for column in zip(header, *table, strict=True)]
    for line in (header, *table):
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    if len(audit.clientes) > len(table):
        print(f"and {len(audit.clientes) - len(table)} more clients, all ok")
    for problem in audit.problems:
        print(f"PROBLEM {problem}")
    rows = sum(row.transacoes for row in audit.clientes)
    verdict = f"{len(audit.problems)} problems" if audit.problems else "every promise holds"
    print(f"{file}: {rows} transactions of {len(audit.clientes)} clients, {verdict}")
    return 1 if audit.problems else 0


if __name__ == "__main__":
    sys.exit(main())
