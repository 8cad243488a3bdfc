"""A small correct entry of crebitos, and the faults that a test can plant in it.

Every answer is atomic unless a fault changes that.
"""

import asyncio
import json
import re
import time
from datetime import UTC, datetime

from tests.loadtest.entry_server import Answer, Entry, run

LIMITES = {1: 100_000, 2: 80_000, 3: 1_000_000, 4: 10_000_000, 5: 500_000}
PATH = re.compile(r"/clientes/([1-9]\d{0,8})/(transacoes|extrato)")
FIELDS = ("valor", "tipo", "descricao")
FAULTS = (
    "none",
    "lost_update",
    "off_by_one",
    "refused_shown",
    "torn_statement",
    "nine_rows",
    "wrong_order",
    "bytes_counted",
    "saldo_as_string",
    "negative_taken",
    "unknown_client",
    "answer_lost",
    "applied_twice",
    "stall",
    # Without random numbers: two runs of the same requests get the same fine.
    "first_lost",
    "below_shown",
    "late_tenth",
    "babble",
    "slow_update",
    "bad_taken",
)
# Length of the stall, such as a garbage collector or a disk causes.
STALL_S = 0.5
# Not a time: beside other tests a load may begin seconds after its target.
ANSWERS_BEFORE_STALL = 400
# Markup, control characters, escape codes, invalid UTF-8, and a long tail.
BABBLE = b"<table>\n\t\x1b[31mno\x1b[2J\r\x00\x07\xe2\x80\xae\xff\xfe</table>" + b"x" * 9_000


class Ledger(Entry):
    """Balances and rows of the clients."""

    def __init__(self, fault: str, seed: int) -> None:
        super().__init__(fault, seed)
        # Time of each answer; recorded only for the fault "stall".
        self.answered_ms: list[float] = []
        self.reset()

    def reset(self) -> None:
        self.saldos = dict.fromkeys(LIMITES, 0)
        self.rows: dict[int, list[dict[str, object]]] = {client: [] for client in LIMITES}
        self.taken = 0

    async def move(self, client: int, valor: int, tipo: str, descricao: str) -> tuple[int, object]:
        delta = valor if tipo == "c" else -valor
        saldo = self.saldos[client]
        self.taken += 1
        if self.fault == "first_lost" and self.taken == 1:
            return 200, {"limite": LIMITES[client], "saldo": saldo + delta}
        if self.fault == "below_shown" and self.taken % 500 == 0:
            return 200, {"limite": LIMITES[client], "saldo": -LIMITES[client] - 1}
        if self.fault == "late_tenth" and self.taken % 10 == 0:
            await asyncio.sleep(0.3)
            saldo = self.saldos[client]
        if self.fault == "lost_update" and self.random.random() < 0.05:
            await asyncio.sleep(0.001)
        if self.fault == "slow_update":
            await asyncio.sleep(0.05)
        lowest = -LIMITES[client] - (1 if self.fault == "off_by_one" else 0)
        row = {"valor": valor, "tipo": tipo, "descricao": descricao, "realizada_em": _now()}
        if saldo + delta < lowest and delta < 0:
            if self.fault == "refused_shown":
                self.rows[client].append(row)
            return 422, {"error": "limite"}
        self.saldos[client] = saldo + delta
        self.rows[client].append(row)
        answered: object = self.saldos[client]
        if self.fault == "applied_twice" and self.random.random() < 0.001:
            self.saldos[client] += delta
            self.rows[client].append(row)
        if self.fault == "saldo_as_string":
            answered = str(answered)
        return 200, {"limite": LIMITES[client], "saldo": answered}

    async def statement(self, client: int) -> tuple[int, object]:
        total = self.saldos[client]
        if self.fault == "torn_statement":
            await asyncio.sleep(0.001)
        newest = self.rows[client][::-1][: 9 if self.fault == "nine_rows" else 10]
        if self.fault == "wrong_order":
            newest.reverse()
        saldo = {"total": total, "data_extrato": _now(), "limite": LIMITES[client]}
        return 200, {"saldo": saldo, "ultimas_transacoes": newest}

    async def answer(self, method: str, target: str, body: bytes) -> Answer | None:
        """Answers the contract's paths, and two for tests only: /answered and /reset."""
        if target == "/answered":
            return Answer(200, self.answered_ms)
        if target == "/reset":
            self.reset()
            return Answer(204, None)
        status, content = await self.answer_contract(method, target, body)
        if self.fault == "answer_lost" and self.random.random() < 0.001:
            return None
        if self.fault == "babble" and status >= 400:
            return Answer(500, BABBLE)
        return Answer(status, content)

    def sent(self) -> None:
        if self.fault == "stall":
            self.answered_ms.append(time.perf_counter() * 1000)
            if len(self.answered_ms) == ANSWERS_BEFORE_STALL:
                time.sleep(STALL_S)

    async def answer_contract(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        shape = PATH.fullmatch(path)
        client = int(shape[1]) if shape else 0
        if shape is None or client not in LIMITES:
            if shape is not None and self.fault == "unknown_client":
                return 200, {"limite": 0, "saldo": 0}
            return 404, {"error": "cliente"}
        if (method, shape[2]) == ("GET", "extrato"):
            return await self.statement(client)
        if (method, shape[2]) != ("POST", "transacoes"):
            return 405, {"error": "metodo"}
        fields = self.read(body)
        return (422, {"error": "campos"}) if fields is None else await self.move(client, *fields)

    def read(self, body: bytes) -> tuple[int, str, str] | None:
        try:
            fields = json.loads(body.decode(), parse_constant=lambda _: None)
            valor, tipo, descricao = (fields[name] for name in FIELDS)
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if self.fault == "bad_taken":
            return int(valor), str(tipo), str(descricao or "")
        lowest = -(10**9) if self.fault == "negative_taken" else 1
        if type(valor) is not int or not lowest <= valor < 2**53 or tipo not in ("c", "d"):
            return None
        if not isinstance(descricao, str):
            return None
        length = len(descricao.encode() if self.fault == "bytes_counted" else descricao)
        return (valor, tipo, descricao) if 1 <= length <= 10 else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    run(Ledger, FAULTS)
