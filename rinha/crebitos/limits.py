"""Limits of this edition's values, each with its reason."""

# The largest integer that every JSON client reads exactly; two of them still fit into 64 bits.
VALOR_MAX = 2**53 - 1
DESCRICAO_MAX_CHARACTERS = 10
# A UUID has 36; clients that name the order and the attempt in a key have room too.
CHAVE_MAX_CHARACTERS = 255
# Each transaction with a key removes up to this many expired ones: more than come, so a ledger that
# has fallen behind catches up, and few enough that no request waits for them.
EXPIRED_KEYS_REMOVED = 2
# While no key has expired, an instance checks once a second: a check takes as long as a statement.
EXPIRED_KEYS_CHECK_US = 1_000_000
# PostgreSQL's index keeps removed keys while a snapshot sees them. All are passed once a minute.
EXPIRED_KEYS_CHECK_ALL_US = 60_000_000
EXTRATO_ROWS = 10
# Limits of the clients of a new ledger, and of a reset one.
FIRST_LIMITES = {1: 100_000, 2: 80_000, 3: 1_000_000, 4: 10_000_000, 5: 500_000}
# A name fits into one line of a list and of the operator's page.
NOME_MAX_CHARACTERS = 60
# Clients that one transaction adds. It holds the write lock for some milliseconds.
CLIENTES_ADDED_TOGETHER = 1000
# A longer line of a CSV file cannot be a client.
CSV_LINE_MAX_CHARACTERS = 4096
# Clients that a list reads at once.
CLIENTES_LISTED_TOGETHER = 1000
# A client's number has to fit into SQLite's 64 bits: 18 digits always do.
CLIENTE_MAX_DIGITS = 18
CLIENTE_MAX = 10**CLIENTE_MAX_DIGITS - 1
# Rows on the operator's page. Each client there has a gauge, which is one more series that
# Prometheus keeps.
CLIENTES_SHOWN_MAX = 20
TRANSACOES_SHOWN_MAX = 20
# The longest sensible body, ten escaped emoji and spacing included, is under 250 bytes.
BODY_MAX_BYTES = 4096
# Rows of an audit that are shown; all with a problem are. A person reads the audit, even of a
# million clients.
AUDIT_ROWS_SHOWN_MAX = 20
