"""The command `rinha cliente`: adds, lists and closes clients, and changes their limits.

A file of many clients is checked whole before the first is written. Then they are added in
transactions of a thousand, as one long transaction would stop every request. If it is killed in
between, the same command adds the rest: a client that exists already with the same values is
skipped.
"""

import argparse
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from rinha.bodies import encode
from rinha.crebitos.clientes import (
    Changed,
    ClienteRefusedError,
    Clientes,
    Listed,
    NewCliente,
    cliente_of,
    limite_of,
    nome_of,
    read_csv,
)
from rinha.crebitos.limits import CLIENTE_MAX, CLIENTES_ADDED_TOGETHER, CLIENTES_LISTED_TOGETHER
from rinha.terminal import printable

Numbered = tuple[int, NewCliente]


def run(clientes: Clientes, args: argparse.Namespace) -> None:
    {"add": _add, "list": _list, "limit": _limit, "close": _close}[args.what](clientes, args)


def _add(clientes: Clientes, args: argparse.Namespace) -> None:
    if args.csv:
        if args.cliente or args.limite or args.nome:
            raise ClienteRefusedError("--csv names a file of clients, and takes no other values")
        _add_file(clientes, args.csv)
        return
    if args.limite is None:
        raise ClienteRefusedError("--limite is missing: the limit of the client, in cents")
    limite, nome = limite_of(args.limite), nome_of(args.nome or "")
    if args.cliente is None:
        cliente = clientes.add_next(limite, nome)
        if cliente is None:
            raise ClienteRefusedError(f"client {CLIENTE_MAX} exists, no number is higher: name one")
    else:
        cliente = cliente_of(args.cliente)
        if not clientes.add([NewCliente(cliente, limite, nome)]):
            raise ClienteRefusedError(f"client {cliente} exists already")
    print(f"client {cliente} is added, with a limit of {limite}")


def _add_file(clientes: Clientes, file: Path) -> None:
    if file.exists() and not file.is_file():
        raise ClienteRefusedError(f"{file}: not a regular file; it is read twice, a pipe cannot be")
    for batch in _batches(read_csv(file)):
        _missing(clientes, file, batch)
    added = there = 0
    with clientes.adding_many():
        for batch in _batches(read_csv(file)):
            new = _missing(clientes, file, batch)
            if new and not clientes.add(new):
                raise ClienteRefusedError(
                    f"{file}: another command adds the same clients; {added} of this file were "
                    "added before: run it again"
                )
            added += len(new)
            there += len(batch) - len(new)
    print(f"{added} clients are added" + (f", {there} were there already" if there else ""))


def _batches(rows: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while batch := list(islice(rows, CLIENTES_ADDED_TOGETHER)):
        yield batch


def _missing(clientes: Clientes, file: Path, batch: Iterable[Numbered]) -> list[NewCliente]:
    """Returns those that are to be added. Refuses one that is there with other values."""
    found = clientes.find([new.cliente for _, new in batch])
    for line, new in batch:
        there = found.get(new.cliente)
        if there and not there.is_as(new):
            raise ClienteRefusedError(
                f"{file}: line {line}: client {new.cliente} exists already, with other values"
            )
    return [new for _, new in batch if new.cliente not in found]


def _list(clientes: Clientes, args: argparse.Namespace) -> None:
    if not args.json:
        print(f"{'client':>18} {'limite':>16} {'saldo':>17} {'rows':>10} {'':6} name")
    last = 0
    while page := clientes.after(last, CLIENTES_LISTED_TOGETHER):
        print("\n".join(map(_as_json if args.json else _as_text, page)))
        last = page[-1].cliente


def _as_json(row: Listed) -> str:
    return encode(row._asdict()).decode()


def _as_text(row: Listed) -> str:
    state = "closed" if row.fechado else ""
    numbers = f"{row.cliente:>18} {row.limite:>16} {row.saldo:>17} {row.transacoes:>10}"
    return printable(f"{numbers} {state:6} {row.nome}".rstrip())


def _limit(clientes: Clientes, args: argparse.Namespace) -> None:
    cliente, limite = cliente_of(args.cliente), limite_of(args.limite)
    before = _known(clientes.change_limite(cliente, limite), cliente)
    if not before.done:
        raise ClienteRefusedError(
            f"client {cliente} is closed"
            if before.fechado
            else f"client {cliente} owes {-before.saldo}: its limit cannot be below that"
        )
    print(f"client {cliente} has a limit of {limite}, it was {before.limite}")


def _close(clientes: Clientes, args: argparse.Namespace) -> None:
    cliente = cliente_of(args.cliente)
    before = _known(clientes.close(cliente), cliente)
    if not before.done:
        raise ClienteRefusedError(
            f"client {cliente} is closed already"
            if before.fechado
            else f"client {cliente} owes {-before.saldo}: it can be closed when it owes nothing"
        )
    rest = f"; its balance of {before.saldo} stays" if before.saldo else ""
    print(f"client {cliente} is closed{rest}")


def _known(changed: Changed | None, cliente: int) -> Changed:
    if changed is None:
        raise ClienteRefusedError(f"there is no client {cliente}")
    return changed
