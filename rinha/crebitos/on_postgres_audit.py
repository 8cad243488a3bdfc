"""Audit of a ledger on PostgreSQL."""

from rinha.crebitos.audit import Audit, ClienteAudit, audit_of
from rinha.errors import StoreBusyError, StoreUnavailableError
from rinha.postgres.limits import LOCK_WAIT_S
from rinha.postgres.primary import Primary
from rinha.postgres.session import LOCK_NOT_AVAILABLE, LostError, RefusedError

# SQLSTATE classes without a verdict: insufficient resources, such as a full disk for temporary
# files, and operator intervention, such as pg_cancel_backend.
UNDECIDED = ("53", "57")
READ_PROBLEMS = "SELECT cliente, problema, detalhe FROM inconsistencias"
# Each key of a transaction that is not there, or is another one.
READ_LOST_CHAVES = """
    SELECT k.cliente, 'key of a transaction that is missing or another',
           concat('sequencia ', k.sequencia)
    FROM chaves AS k LEFT JOIN transacoes AS t USING (cliente, sequencia)
    WHERE k.sequencia > 0 AND k.pedido IS DISTINCT FROM t.valor || t.tipo || t.descricao
"""
# By the version from which on a ledger has their tables.
PROBLEMS = {1: READ_PROBLEMS, 2: READ_LOST_CHAVES}
READ_CLIENTES = """
    SELECT c.cliente, c.limite, c.saldo, c.transacoes,
           coalesce(sum(CASE l.tipo WHEN 'c' THEN l.valor ELSE -l.valor END), 0),
           least(0, min(l.saldo))
    FROM clientes AS c LEFT JOIN livro AS l ON l.cliente = c.cliente
    GROUP BY c.cliente, c.limite, c.saldo, c.transacoes ORDER BY c.cliente
"""


def audit(engine: Primary) -> Audit:
    """Audits one snapshot, so the result is valid under load too. A server that is lost or full, or
    whose tables are locked, is no problem of the ledger."""
    try:
        with engine.reading() as (problems, run):
            if problems:
                return Audit(problems, [])
            for version, query in PROBLEMS.items():
                for row in run(query) if version <= engine.version else ():
                    who, what, detail = ((each or b"").decode() for each in row)
                    problems.append(f"client {who}: {what} ({detail})")
            clientes = (
                ClienteAudit(*(int(each or 0) for each in row)) for row in run(READ_CLIENTES)
            )
            return audit_of(problems, clientes)
    except LostError as lost:
        raise StoreUnavailableError(
            f"the server was lost during the audit ({lost}): try again"
        ) from lost
    except RefusedError as refused:
        if refused.sqlstate == LOCK_NOT_AVAILABLE:
            raise StoreBusyError(
                f"the tables were busy for {LOCK_WAIT_S:g} s, and not audited: try again"
            ) from refused
        if refused.sqlstate.startswith(UNDECIDED):
            raise StoreUnavailableError(
                f"the server has not ended the audit ({refused}): try again"
            ) from refused
        return Audit([f"the server cannot be read: {refused}"], [])
