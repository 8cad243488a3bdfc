"""Operator's view of the ledger: the first clients, and the newest transactions."""

from collections.abc import Iterator

import msgspec

from rinha.store import Gauge

HEADROOM = "Balance plus limit of a client, in cents; of the first clients only."
NEWEST = "Time of the newest transaction; of the first clients only."


class ClienteSeen(msgspec.Struct, frozen=True, gc=False):
    cliente: int
    nome: str
    limite: int
    saldo: int
    fechado: bool


class TransacaoSeen(msgspec.Struct, frozen=True, gc=False):
    cliente: int
    tipo: str
    valor: int
    descricao: str
    realizada_em_us: int


class Overview(msgspec.Struct, frozen=True):
    clientes: list[ClienteSeen]
    transacoes: list[TransacaoSeen]

    def gauges(self) -> Iterator[Gauge]:
        for each in self.clientes:
            labels = (("cliente", str(each.cliente)),)
            yield Gauge("disponivel", HEADROOM, each.saldo + each.limite, labels)
        newest_us = self.transacoes[0].realizada_em_us if self.transacoes else 0
        yield Gauge("newest_commit_time_seconds", NEWEST, newest_us / 1e6)
