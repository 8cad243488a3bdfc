"""What an operator sees of the ledger: the first clients, and the newest transactions."""

import msgspec


class ClienteSeen(msgspec.Struct, frozen=True, gc=False):
    cliente: int
    limite: int
    saldo: int


class TransacaoSeen(msgspec.Struct, frozen=True, gc=False):
    cliente: int
    tipo: str
    valor: int
    descricao: str
    realizada_em_us: int


class Overview(msgspec.Struct, frozen=True):
    clientes: list[ClienteSeen]
    transacoes: list[TransacaoSeen]
