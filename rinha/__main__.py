"""The command `rinha` and its subcommands."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rinha import logs, moment, private
from rinha.address import ServerUrl, ledger_of
from rinha.errors import MoveError, RestoreError, RinhaError
from rinha.group_commit import when_durable
from rinha.http import App
from rinha.move import move as move_ledger
from rinha.server import Instance
from rinha.settings import Settings, describe, load
from rinha.store import AdminStore, Meter
from rinha.terminal import printable
from rinha.wiring import open_edition, restore_of


def parser(besides: Iterable[tuple[str, str]]) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="rinha",
        description="A small bank ledger over HTTP that never lets a balance pass its limit.",
        epilog=describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in besides:
        commands.add_parser(name, help=what)
    commands.add_parser("serve", help="run one instance until SIGTERM; makes the ledger if needed")
    commands.add_parser("init", help="make the ledger if there is none; never touches a balance")
    commands.add_parser(
        "check",
        help="audit the ledger, even under load; exit code 0: every promise holds, 1: not",
    )
    snapshot = commands.add_parser(
        "snapshot",
        help="write a consistent copy, even under load, that any sqlite3, or pg_restore, can open",
    )
    snapshot.add_argument("file", type=Path, metavar="FILE", help="a file that is not there yet")
    restore = commands.add_parser(
        "restore", help="put a snapshot, or the copy at RINHA_REPLICA, in the ledger's place"
    )
    restore.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="as `snapshot` makes it"
    )
    restore.add_argument(
        "--at", metavar="TIME", help="as the copy at RINHA_REPLICA was then, such as 02:34:41"
    )
    follow = commands.add_parser(
        "follow", help="keep a copy at RINHA_REPLICA that follows the ledger, by Litestream"
    )
    follow.add_argument(
        "what", nargs="?", choices=["state", "watch"], help="only say how it is; or watch it"
    )
    move = commands.add_parser(
        "move", help="copy a ledger into an empty one, from a file to a server or back; audit both"
    )
    move.add_argument("source", metavar="FROM", help="a ledger, as RINHA_LEDGER names it")
    move.add_argument("target", metavar="TO", help="another one; it is made if needed")
    sql = commands.add_parser(
        "sql", help="a shell on the live ledger, as sqlite3 would be, or psql"
    )
    sql.add_argument("words", nargs="*", metavar="SQL", help="run this and leave")
    sql.add_argument(
        "--escape",
        action="store_true",
        help="escape control characters in what is printed, as it always is on a terminal",
    )
    return top


def main(besides: Iterable[tuple[str, str]] = ()) -> int:
    """Runs the command. `besides` are the caller's own commands, which the help lists too."""
    asked = parser(besides).parse_args()
    os.umask(private.UMASK)
    try:
        if asked.command == "serve" or getattr(asked, "what", None) == "watch":
            logs.write_in_background()
        settings = load(os.environ)
        logs.setup(settings.log_level)
        return COMMANDS[asked.command](settings, asked)
    except OSError as error:
        # The output's reader is gone, or its disk is full. That says nothing about the ledger.
        print(printable(f"rinha {asked.command}: {error}"), file=sys.stderr, flush=True)
        logs.finish()
        os._exit(2)
    except RinhaError as error:
        if asked.command == "serve":
            logs.setup("info")
            logs.tell(logging.ERROR, "refused to start", reason=str(error))
        else:
            print(printable(f"rinha {asked.command}: {error}"), file=sys.stderr)
        return 2
    finally:
        logs.finish()


def open_store(settings: Settings, *, create: bool) -> AdminStore:
    return open_edition(settings, create=create).store


def serve(settings: Settings, _asked: argparse.Namespace) -> int:
    store, create_app = open_edition(settings, create=True)
    app = create_app(settings.reset)
    with watching(app, store, settings) as meter, store.engine.serving(meter) as durability:
        instance = Instance(when_durable(app, durability) if durability else app, settings.listen)
        logs.tell(
            logging.INFO,
            "started",
            edition=settings.edition,
            ledger=str(settings.ledger),
            listen=settings.listen,
            reset=settings.reset,
            **store.engine.info,
        )
        instance.run()
    store.engine.close()
    logs.tell(logging.INFO, "stopped")
    return 0


def watching(
    app: App, store: AdminStore, settings: Settings
) -> AbstractContextManager[Meter | None]:
    if not settings.metrics:
        return nullcontext()
    from rinha.metrics.instrument import instrumented  # noqa: PLC0415 - only if metrics are on

    return instrumented(app, store, settings)


def init(settings: Settings, _asked: argparse.Namespace) -> int:
    open_store(settings, create=True)
    print(f"{settings.ledger} is ready")
    return 0


def check(settings: Settings, _asked: argparse.Namespace) -> int:
    # A scheduled audit is started by a thread that blocks all signals, which a child inherits.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    audit = open_store(settings, create=False).audit()
    print(*map(printable, audit.lines(str(settings.ledger))), sep="\n", flush=True)
    return 1 if audit.problems else 0


def snapshot(settings: Settings, asked: argparse.Namespace) -> int:
    open_store(settings, create=False).engine.snapshot(asked.file)
    print(asked.file)
    return 0


def restore(settings: Settings, asked: argparse.Namespace) -> int:
    if asked.file and asked.at:
        raise RestoreError("a file is of one moment: --at is for the copy at RINHA_REPLICA")
    at = moment.parse(asked.at, datetime.now(UTC)) if asked.at else None
    kept = restore_of(settings)(settings, asked.file, at)
    try:
        return check(settings, asked)
    finally:
        if kept:
            print(f"what was there before is {kept}", flush=True)


def follow(settings: Settings, asked: argparse.Namespace) -> int:
    from rinha.sqlite import follow, replica_state, watch  # noqa: PLC0415 - for a replica only

    restore_of(settings)
    assert isinstance(settings.ledger, Path)
    if asked.what == "state":
        is_fine, sentence = replica_state.told(settings.ledger, settings.replica)
        print(printable(sentence))
        return 0 if is_fine else 1
    if asked.what == "watch":
        watch.watch(settings.ledger, settings.replica)
    else:
        follow.follow(settings.ledger, settings.replica, ["follow", "watch"])
    return 0


def move(settings: Settings, asked: argparse.Namespace) -> int:
    # FULL makes the move durable, so that a power cut cannot undo one side of it.
    source, target = (
        replace(settings, ledger=ledger_of(one), synchronous="FULL")
        for one in (asked.source, asked.target)
    )
    if _place(source.ledger) == _place(target.ledger):
        raise MoveError("FROM and TO are one ledger")
    move_ledger(
        open_store(source, create=False),
        open_store(target, create=True),
        _place(target.ledger),
        lambda line: print(printable(line), file=sys.stderr, flush=True),
    )
    what = "refuses to be served" if source.engine == "sqlite" else "nothing should write to"
    print(f"{target.ledger} equals {source.ledger}, which {what} from now on")
    return 0


def _place(ledger: Path | ServerUrl) -> str:
    return str(ledger.absolute() if isinstance(ledger, Path) else ledger)


def sql(settings: Settings, asked: argparse.Namespace) -> int:
    if isinstance(settings.ledger, Path):
        from rinha.sqlite import shell  # noqa: PLC0415 - for this engine only

        shell.run(settings.ledger, asked.words, escape=asked.escape or sys.stdout.isatty())
    else:
        from rinha.postgres import shell as psql  # noqa: PLC0415 - for this engine only

        # In its aligned tables psql itself escapes control characters.
        psql.run(settings.ledger, asked.words)
    return 0


COMMANDS = {
    "serve": serve,
    "init": init,
    "check": check,
    "snapshot": snapshot,
    "restore": restore,
    "follow": follow,
    "move": move,
    "sql": sql,
}

if __name__ == "__main__":
    sys.exit(main())
