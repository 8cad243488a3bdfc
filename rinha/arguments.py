"""The arguments of the command `rinha`."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from rinha.settings import describe

# Old name of `replicate`, accepted for one release.
OLD_REPLICATE = "follow"


def parser(
    more: Iterable[tuple[str, str]] = (), *, runs_stack: bool = False
) -> argparse.ArgumentParser:
    """Returns the parser of the service's commands, and of `more`: names and help texts.

    A caller that runs a whole stack names snapshots itself, and installs the stack as a service.
    """
    top = argparse.ArgumentParser(
        prog="rinha",
        description="A small bank ledger over HTTP that never lets a balance pass its limit.",
        epilog=describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in more:
        commands.add_parser(name, help=help_text)
    if runs_stack:
        _add_install_service(
            commands.add_parser(
                "install-service", help="write hardened systemd units of this stack"
            )
        )
    commands.add_parser("serve", help="run one instance until SIGTERM; create a missing ledger")
    commands.add_parser("init", help="create a missing ledger, or upgrade one of an older version")
    commands.add_parser(
        "check", help="audit the ledger, even under load; exit code 0 if it is sound, otherwise 1"
    )
    snapshot = commands.add_parser(
        "snapshot", help="write a consistent copy, even under load, for sqlite3 or pg_restore"
    )
    snapshot.add_argument(
        "file", type=Path, nargs="?" if runs_stack else None, metavar="FILE", help="a new file"
    )
    _add_restore(
        commands.add_parser(
            "restore", help="replace the ledger by a snapshot, or by the replica at RINHA_REPLICA"
        )
    )
    replicate = commands.add_parser(
        "replicate",
        aliases=[OLD_REPLICATE],
        help="replicate the ledger to RINHA_REPLICA, by Litestream",
    )
    replicate.add_argument(
        "what",
        nargs="?",
        choices=["state", "watchdog"],
        help="only print the replica's state; or run the watchdog, which Litestream itself starts",
    )
    _add_cliente(commands.add_parser("cliente", help="add, list or close clients, change a limit"))
    move = commands.add_parser(
        "move", help="copy a ledger into an empty one, from a file to a server or back; audit both"
    )
    move.add_argument("source", metavar="FROM", help="a ledger, as in RINHA_LEDGER")
    move.add_argument("target", metavar="TO", help="another ledger; a missing one is created")
    _add_sql(
        commands.add_parser("sql", help="open the live ledger in the shell of sqlite3, or psql")
    )
    return top


def _add_install_service(service: argparse.ArgumentParser) -> None:
    service.add_argument(
        "--root",
        type=lambda text: Path(text).absolute(),
        metavar="DIR",
        default=Path("/"),
        help="write everything below this folder, such as a package's or an image's",
    )


def _add_restore(restore: argparse.ArgumentParser) -> None:
    restore.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a snapshot")
    restore.add_argument(
        "--at", metavar="TIME", help="restore the replica's state of this time, such as 02:34:41"
    )


def _add_sql(sql: argparse.ArgumentParser) -> None:
    sql.add_argument("sql", nargs="*", metavar="SQL", help="run these statements and exit")
    sql.add_argument(
        "--escape",
        action="store_true",
        help="escape control characters in the output, as is always done on a terminal",
    )


def _add_cliente(cliente: argparse.ArgumentParser) -> None:
    verbs = cliente.add_subparsers(dest="what", required=True, metavar="VERB")
    add = verbs.add_parser("add", help="add a client, or those of a CSV file")
    add.add_argument("cliente", nargs="?", metavar="ID", help="default: after the highest one")
    add.add_argument("--limite", metavar="CENTS", help="how much it may owe")
    add.add_argument("--nome", metavar="NAME", help="for lists and the operator's page")
    add.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="columns cliente,limite or cliente,limite,nome, by ascending cliente; checked whole "
        "before the first is added; after a kill the same command adds the rest",
    )
    listing = verbs.add_parser("list", help="print all clients")
    listing.add_argument("--json", action="store_true", help="print one JSON object a line")
    limit = verbs.add_parser("limit", help="change a limit, never below what is owed")
    limit.add_argument("cliente", metavar="ID")
    limit.add_argument("limite", metavar="CENTS")
    close = verbs.add_parser("close", help="close a client for good, if it owes nothing")
    close.add_argument("cliente", metavar="ID")
