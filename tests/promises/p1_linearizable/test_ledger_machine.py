"""Two instances that share a ledger, on either engine, behave like one plain Python model."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from rinha.crebitos.clientes import NewCliente
from rinha.crebitos.idempotency import KeyReusedError
from rinha.crebitos.ledger import ClienteClosedError, LimiteExceededError, UnknownClienteError
from rinha.crebitos.limits import VALOR_MAX
from rinha.crebitos.messages import Resultado, Transacao
from rinha.errors import RinhaError
from tests.conftest import NewLedger
from tests.help.effort import effort
from tests.help.ledgers import clientes_of, open_ledger

LIMITES = {1: 100000, 2: 80000, 3: 1000000, 4: 10000000, 5: 500000}

either = st.integers(0, 1)
clientes = st.sampled_from([*LIMITES, *LIMITES, 0, 6])
limites = st.sampled_from([0, 100, 60_000, 80_000, VALOR_MAX])
valores = st.one_of(
    st.integers(1, 100),
    st.sampled_from([1, *LIMITES.values(), 79999, 80001, VALOR_MAX]),
    st.integers(1, VALOR_MAX),
)
descricoes = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)

# Few, so that the same request comes again.
chaves = st.sampled_from(["a", "b", 'c"\\ ~'])
few_transacoes = st.builds(
    Transacao, st.sampled_from([1, 60_000]), st.sampled_from("cd"), st.sampled_from(["a", "\0"])
)


class TwoLedgers(RuleBasedStateMachine):
    new_ledger: NewLedger

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.address = self.new_ledger(Path(self.folder.name))
        self.ledgers = [open_ledger(self.address), open_ledger(self.address)]
        self.rows: dict[int, list[Transacao]] = {cliente: [] for cliente in LIMITES}
        self.limites = dict(LIMITES)
        self.closed: set[int] = set()
        # The request of each key, and its first answer.
        self.keys: dict[str, tuple[int, Transacao, object]] = {}

    def saldo(self, cliente: int) -> int:
        rows = self.rows[cliente]
        return sum(row.valor if row.tipo == "c" else -row.valor for row in rows)

    @rule(
        which=either, cliente=clientes, valor=valores, tipo=st.sampled_from("cd"), text=descricoes
    )
    def transact(self, which: int, cliente: int, valor: int, tipo: Any, text: str) -> None:
        transacao = Transacao(valor, tipo, text)
        try:
            saldo = self.ledgers[which].transact(cliente, transacao).saldo
        except UnknownClienteError:
            assert cliente not in self.limites
        except ClienteClosedError:
            assert cliente in self.closed
        except LimiteExceededError:
            assert cliente not in self.closed
            expected = self.saldo(cliente) + (valor if tipo == "c" else -valor)
            assert not -self.limites[cliente] <= expected <= VALOR_MAX
        else:
            assert cliente not in self.closed
            self.rows[cliente].append(transacao)
            assert saldo == self.saldo(cliente)
            assert -self.limites[cliente] <= saldo <= VALOR_MAX

    @rule(which=either, chave=chaves, cliente=st.sampled_from([1, 2, 6]), transacao=few_transacoes)
    def transact_once(self, which: int, chave: str, cliente: int, transacao: Transacao) -> None:
        answer: object
        try:
            answer = self.ledgers[which].transact_once(cliente, transacao, chave)
        except RinhaError as error:
            answer = (type(error), str(error))
        if chave in self.keys:
            *request, first = self.keys[chave]
            if request != [cliente, transacao]:
                assert isinstance(answer, tuple)
                assert answer[0] is KeyReusedError
            else:
                assert answer == first
            return
        if cliente not in self.limites:
            assert answer == (UnknownClienteError, "there is no client 6")
            return
        if cliente in self.closed:
            assert answer == (ClienteClosedError, f"client {cliente} is closed")
            return
        self.keys[chave] = (cliente, transacao, answer)
        after = self.saldo(cliente)
        after += transacao.valor if transacao.tipo == "c" else -transacao.valor
        if -self.limites[cliente] <= after <= VALOR_MAX:
            assert answer == Resultado(self.limites[cliente], after)
            self.rows[cliente].append(transacao)
        else:
            assert isinstance(answer, tuple)
            assert answer[0] is LimiteExceededError

    @rule(which=either, cliente=clientes)
    def extrato(self, which: int, cliente: int) -> None:
        try:
            extrato = self.ledgers[which].extrato(cliente)
        except UnknownClienteError:
            assert cliente not in self.limites
            return
        assert (extrato.saldo.total, extrato.saldo.limite) == (
            self.saldo(cliente),
            self.limites[cliente],
        )
        shown = [(row.valor, row.tipo, row.descricao) for row in extrato.ultimas_transacoes]
        newest = self.rows[cliente][::-1][:10]
        assert shown == [(row.valor, row.tipo, row.descricao) for row in newest]

    @rule(which=either, cliente=clientes.filter(bool), limite=limites)
    def add(self, which: int, cliente: int, limite: int) -> None:
        added = clientes_of(self.ledgers[which]).add([NewCliente(cliente, limite, "Ana")])
        assert added == (cliente not in self.limites)
        if added:
            self.limites[cliente], self.rows[cliente] = limite, []

    @rule(which=either, cliente=clientes, limite=limites)
    def change_limite(self, which: int, cliente: int, limite: int) -> None:
        before = clientes_of(self.ledgers[which]).change_limite(cliente, limite)
        if before is None:
            assert cliente not in self.limites
            return
        assert before[:3] == (self.limites[cliente], self.saldo(cliente), cliente in self.closed)
        assert before.done == (cliente not in self.closed and before.saldo >= -limite)
        if before.done:
            self.limites[cliente] = limite

    @rule(which=either, cliente=clientes)
    def close(self, which: int, cliente: int) -> None:
        before = clientes_of(self.ledgers[which]).close(cliente)
        if before is None:
            assert cliente not in self.limites
            return
        assert before[:3] == (self.limites[cliente], self.saldo(cliente), cliente in self.closed)
        assert before.done == (cliente not in self.closed and before.saldo >= 0)
        if before.done:
            self.closed.add(cliente)

    @rule(which=either)
    def restart(self, which: int) -> None:
        self.ledgers[which].close()
        self.ledgers[which] = open_ledger(self.address)

    @rule(which=either)
    def reset(self, which: int) -> None:
        self.ledgers[which].reset()
        self.keys = {}
        self.limites, self.closed = dict(LIMITES), set()
        self.rows = {cliente: [] for cliente in LIMITES}

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        audit = self.ledgers[0].audit()
        assert audit.problems == []
        assert [row.saldo for row in audit.clientes] == [
            self.saldo(each) for each in sorted(self.limites)
        ]

    def teardown(self) -> None:
        for ledger in self.ledgers:
            ledger.close()
        self.folder.cleanup()


def test_two_ledgers_behave_like_one_model(new_ledger: NewLedger, engine: str) -> None:
    """Interleaved calls to two ledgers give the answers, statements and audit of the model."""
    run_state_machine_as_test(
        type("TwoLedgers", (TwoLedgers,), {"new_ledger": staticmethod(new_ledger)}),
        settings=settings(
            # An audit after each step makes PostgreSQL ten times as slow.
            max_examples=effort(40, 40, 1_000) if engine == "sqlite" else effort(8, 40, 100),
            stateful_step_count=30,
            print_blob=True,
        ),
    )
