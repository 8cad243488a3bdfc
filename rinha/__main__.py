"""The command `rinha` and its subcommands."""

import argparse
import logging
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rinha import logs, private
from rinha.address import ServerUrl, ledger_of, link_of
from rinha.arguments import OLD_REPLICATE, parser
from rinha.errors import MoveError, RestoreError, RinhaError
from rinha.group_commit import GroupCommit
from rinha.http import App
from rinha.move import move as move_ledger
from rinha.orphan import end_with_parent
from rinha.server import Instance, allow_many_connections
from rinha.settings import Settings, load
from rinha.store import AdminStore, Meter
from rinha.terminal import INTERRUPTED, UNREAD, drop_unread, printable, write_any_character
from rinha.wiring import clientes_of, open_edition, restore_of, schema_of


def main() -> int:
    try:
        return run(parser().parse_args())
    except KeyboardInterrupt:
        return INTERRUPTED


def run(args: argparse.Namespace) -> int:
    """Runs a command of the parser."""
    os.umask(private.UMASK)
    write_any_character()
    try:
        if args.command == "serve" or getattr(args, "what", None) == "watchdog":
            logs.write_in_background()
        if args.command == OLD_REPLICATE:
            args.command = "replicate"
            print(f"rinha: `{OLD_REPLICATE}` is now `replicate`", file=sys.stderr)
        settings = load(os.environ)
        logs.setup(settings.log_level)
        if args.command != "serve" and isinstance(settings.ledger, Path):
            from rinha.sqlite import interrupts  # noqa: PLC0415 - for this engine only

            interrupts.let_through()
        code = COMMANDS[args.command](settings, args)
        print(end="", flush=True)
        return code
    except BrokenPipeError:
        drop_unread()
        return UNREAD
    except OSError as error:
        # The disk of the output, or of an instance's counters, is full. That says nothing about the
        # ledger.
        _report(args.command, error)
        logs.finish()
        os._exit(2)
    except RinhaError as error:
        _report(args.command, error)
        return 2
    finally:
        logs.finish()


def _report(command: str, error: Exception) -> None:
    if command == "serve":
        logs.setup("info")
        logs.log_event(logging.ERROR, "refused to start", reason=str(error))
    else:
        print(printable(f"rinha {command}: {error}"), file=sys.stderr, flush=True)


def open_store(settings: Settings, *, create: bool) -> AdminStore:
    return open_edition(settings, create=create).store


def serve(settings: Settings, _args: argparse.Namespace) -> int:
    allow_many_connections()
    store, create_app = open_edition(settings, create=True)
    app = create_app(settings.reset)
    with metered(app, store, settings) as meter, store.engine.serving(meter):
        instance = Instance(GroupCommit(app, store.engine), settings.listen)
        logs.log_event(
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
    logs.log_event(logging.INFO, "stopped")
    return 0


def metered(
    app: App, store: AdminStore, settings: Settings
) -> AbstractContextManager[Meter | None]:
    if not settings.metrics:
        return nullcontext()
    from rinha.metrics.instrument import instrumented  # noqa: PLC0415 - only if metrics are on

    return instrumented(app, store, settings)


def init(settings: Settings, _args: argparse.Namespace) -> int:
    engine = open_store(settings, create=True).engine
    engine.upgrade()
    print(f"{settings.ledger} is ready")
    if not engine.has_newest_version():
        print("an older program uses it: it is upgraded after that program has ended")
    return 0


def check(settings: Settings, _args: argparse.Namespace) -> int:
    # A scheduled audit is started by a thread that blocks all signals, which a child inherits.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # Without its instance it would go on, and keep a restore from the ledger.
    end_with_parent()
    audit = open_store(settings, create=False).audit()
    print(*map(printable, audit.lines(str(settings.ledger))), sep="\n", flush=True)
    return 1 if audit.problems else 0


def snapshot(settings: Settings, args: argparse.Namespace) -> int:
    open_store(settings, create=False).engine.snapshot(args.file)
    print(args.file)
    return 0


def restore(settings: Settings, args: argparse.Namespace) -> int:
    if args.file and args.at:
        raise RestoreError("--at is for the replica at RINHA_REPLICA, not for a snapshot's file")
    at = None
    if args.at:
        from rinha.replica import point_in_time  # noqa: PLC0415 - for a replica only

        at = point_in_time.parse(args.at, datetime.now(UTC))
    old = restore_of(settings)(settings, args.file, at)
    try:
        return check(settings, args)
    finally:
        if old:
            print(f"the old ledger is {old}", flush=True)


def replicate(settings: Settings, args: argparse.Namespace) -> int:
    from rinha.replica import replicate, state, watchdog  # noqa: PLC0415 - for a replica only

    restore_of(settings)
    assert isinstance(settings.ledger, Path)
    if args.what == "state":
        is_fine, sentence = state.describe(settings.ledger, settings.replica)
        print(printable(sentence))
        return 0 if is_fine else 1
    if args.what == "watchdog":
        watchdog.run(settings.ledger, settings.replica)
    else:
        command = ["replicate", "watchdog"]
        replicate.replicate(settings.ledger, schema_of(settings), settings.replica, command)
    return 0


def move(settings: Settings, args: argparse.Namespace) -> int:
    # FULL makes the move durable, so that a power cut cannot undo one side of it. A replica belongs
    # to the ledger of RINHA_LEDGER; TO, which a server may keep, is filled from FROM.
    both = replace(settings, synchronous="FULL", replica="")
    source, target = (
        replace(both, ledger=ledger_of(one), ledger_link=link_of(one))
        for one in (args.source, args.target)
    )
    if _place(source.ledger) == _place(target.ledger):
        raise MoveError("FROM and TO are the same ledger")
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


def cliente(settings: Settings, args: argparse.Namespace) -> int:
    from rinha.crebitos.command import run as run_cliente  # noqa: PLC0415 - for this edition only

    run_cliente(clientes_of(settings), args)
    return 0


def sql(settings: Settings, args: argparse.Namespace) -> int:
    if isinstance(settings.ledger, Path):
        from rinha.sqlite import shell  # noqa: PLC0415 - for this engine only

        escape = args.escape or sys.stdout.isatty()
        shell.run(settings.ledger, schema_of(settings), args.sql, escape=escape)
    else:
        from rinha.postgres import shell as psql  # noqa: PLC0415 - for this engine only

        # In its aligned tables psql itself escapes control characters.
        psql.run(settings.ledger, args.sql)
    return 0


COMMANDS = {
    "serve": serve,
    "init": init,
    "check": check,
    "snapshot": snapshot,
    "restore": restore,
    "replicate": replicate,
    "move": move,
    "cliente": cliente,
    "sql": sql,
}

if __name__ == "__main__":
    sys.exit(main())
