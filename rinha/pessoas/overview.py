"""Operator's view of the registry: the newest people."""

from collections.abc import Iterator

import msgspec

from rinha.store import Gauge


class PessoaSeen(msgspec.Struct, frozen=True, gc=False):
    apelido: str
    nome: str
    nascimento: str
    cadastrada_em_us: int


class Overview(msgspec.Struct, frozen=True):
    pessoas: list[PessoaSeen]

    def gauges(self) -> Iterator[Gauge]:
        newest_us = self.pessoas[0].cadastrada_em_us if self.pessoas else 0
        yield Gauge("newest_commit_time_seconds", "Time of the newest person.", newest_us / 1e6)
