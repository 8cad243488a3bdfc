"""Numbered writes of each edition to a file, for tests with failing disks."""

import datetime
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from rinha.crebitos.messages import Resultado, Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.pessoas.messages import Pessoa, PessoaCadastrada
from rinha.pessoas.on_sqlite import SqliteRegistry

# One transaction in so many has a key. Without it, it counts as lost.
WITH_KEY_EVERY = 3
READ_LEDGER = f"""
    SELECT descricao FROM transacoes
    WHERE descricao % {WITH_KEY_EVERY} <> 0 OR descricao IN (SELECT chave FROM chaves)
"""  # noqa: S608 - only our own constant is put in
DAY = datetime.date(2000, 1, 1)


class EditionStore(NamedTuple):
    """Functions that open an edition's store and write to it, and SQL that reads the numbers."""

    open: Callable[[Path, str], Any]
    write: Callable[[Any, int, Random], Any]
    numbers: str


def _open_ledger(file: Path, synchronous: str) -> SqliteLedger:
    return SqliteLedger(file, synchronous=synchronous, lock_wait_s=1)


def _transact(ledger: SqliteLedger, number: int, rng: Random) -> Resultado:
    tipo: Literal["c", "d"] = "c" if rng.random() < 2 / 3 else "d"
    cliente, transacao = rng.randint(1, 5), Transacao(rng.randint(1, 99), tipo, str(number))
    if number % WITH_KEY_EVERY:
        return ledger.transact(cliente, transacao)
    return ledger.transact_once(cliente, transacao, str(number))


def _open_registry(file: Path, synchronous: str) -> SqliteRegistry:
    return SqliteRegistry(file, synchronous=synchronous, lock_wait_s=1)


def _add(registry: SqliteRegistry, number: int, rng: Random) -> PessoaCadastrada:
    stack = [f"{rng.random()}" for _ in range(rng.randint(0, 9))] or None
    return registry.add(Pessoa(str(number), "Ana", DAY, stack))


EDITION_STORES = {
    "crebitos": EditionStore(_open_ledger, _transact, READ_LEDGER),
    "pessoas": EditionStore(_open_registry, _add, "SELECT apelido FROM pessoas"),
}
