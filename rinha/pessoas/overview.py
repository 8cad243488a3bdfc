"""Operator's view of the registry: the newest people."""

import msgspec


class PessoaSeen(msgspec.Struct, frozen=True, gc=False):
    apelido: str
    nome: str
    nascimento: str
    cadastrada_em_us: int


class Overview(msgspec.Struct, frozen=True):
    pessoas: list[PessoaSeen]
