-- The ledger: clients, their transactions, and views for queries.
--
--   make sql SQL='SELECT * FROM saldos'
--   make sql SQL='SELECT * FROM livro WHERE cliente = 1'
--   make sql SQL='SELECT * FROM inconsistencias'   -- always empty
--
-- `sqlite3 -readonly var/rinha.db` answers the same queries.
--
-- Money is in cents. 9007199254740991 (2^53 - 1) is the largest integer that every JSON client
-- reads exactly; with it as the cap, no sum of a balance and a transaction can leave 64 bits.

PRAGMA application_id = 1919512168; -- the letters "rinh": tells this file from any other database
PRAGMA user_version = 2;            -- the version of this schema

CREATE TABLE clientes (
    cliente    INTEGER PRIMARY KEY CHECK (cliente > 0),
    limite     INTEGER NOT NULL CHECK (limite BETWEEN 0 AND 9007199254740991),
    -- The balance rule, said a second time: never below the limit.
    saldo      INTEGER NOT NULL DEFAULT 0 CHECK (saldo BETWEEN -limite AND 9007199254740991),
    -- How many transactions there are, which is also the sequence of the newest one.
    transacoes INTEGER NOT NULL DEFAULT 0 CHECK (transacoes >= 0)
) STRICT;

-- One b-tree in the order in which statements read it. The sequence counts from 1 within a client
-- in commit order, so the order is right even when the clock steps back.
CREATE TABLE transacoes (
    cliente         INTEGER NOT NULL REFERENCES clientes (cliente),
    sequencia       INTEGER NOT NULL CHECK (sequencia > 0),
    valor           INTEGER NOT NULL CHECK (valor BETWEEN 1 AND 9007199254740991),
    tipo            TEXT    NOT NULL CHECK (tipo IN ('c', 'd')),
    -- Characters, not bytes. Both are bounded, as length() stops at a NUL character.
    descricao       TEXT    NOT NULL CHECK (
        length(descricao) <= 10 AND length(CAST(descricao AS BLOB)) BETWEEN 1 AND 40
    ),
    realizada_em_us INTEGER NOT NULL, -- microseconds since 1970-01-01, UTC
    PRIMARY KEY (cliente, sequencia)
) STRICT, WITHOUT ROWID;

INSERT INTO clientes (cliente, limite) VALUES
    (1, 100000),
    (2, 80000),
    (3, 1000000),
    (4, 10000000),
    (5, 500000);

-- Balance, available amount and time of the newest transaction of each client.
CREATE VIEW saldos AS
SELECT
    c.cliente,
    c.saldo,
    c.limite,
    c.saldo + c.limite AS disponivel,
    c.transacoes,
    strftime('%Y-%m-%dT%H:%M:%S', t.realizada_em_us / 1000000, 'unixepoch')
        || printf('.%06dZ', t.realizada_em_us % 1000000) AS ultima_em
FROM clientes AS c
LEFT JOIN transacoes AS t ON t.cliente = c.cliente AND t.sequencia = c.transacoes;

-- Every transaction in commit order, with the balance after it.
CREATE VIEW livro AS
SELECT
    cliente,
    sequencia,
    strftime('%Y-%m-%dT%H:%M:%S', realizada_em_us / 1000000, 'unixepoch')
        || printf('.%06dZ', realizada_em_us % 1000000) AS realizada_em,
    tipo,
    valor,
    descricao,
    sum(iif(tipo = 'c', valor, -valor)) OVER (PARTITION BY cliente ORDER BY sequencia) AS saldo
FROM transacoes;

-- Every broken rule. A row here means a bug, or an edit that bypassed the service.
CREATE VIEW inconsistencias AS
WITH soma AS (
    SELECT
        cliente,
        count(*) AS linhas,
        max(sequencia) AS ultima,
        sum(iif(tipo = 'c', valor, -valor)) AS saldo
    FROM transacoes
    GROUP BY cliente
)
SELECT c.cliente, 'balance is not the sum of the transactions' AS problema,
       printf('saldo %d, sum %d', c.saldo, ifnull(s.saldo, 0)) AS detalhe
FROM clientes AS c LEFT JOIN soma AS s USING (cliente)
WHERE c.saldo <> ifnull(s.saldo, 0)
UNION ALL
SELECT c.cliente, 'sequence has a gap',
       printf('count %d, rows %d, newest %d', c.transacoes, ifnull(s.linhas, 0), ifnull(s.ultima, 0))
FROM clientes AS c LEFT JOIN soma AS s USING (cliente)
WHERE c.transacoes <> ifnull(s.linhas, 0) OR c.transacoes <> ifnull(s.ultima, 0)
UNION ALL
SELECT s.cliente, 'transactions without a client', printf('rows %d', s.linhas)
FROM soma AS s
WHERE s.cliente NOT IN (SELECT cliente FROM clientes)
UNION ALL
SELECT c.cliente, 'balance is beyond its bounds', printf('saldo %d, limite %d', c.saldo, c.limite)
FROM clientes AS c
WHERE c.saldo NOT BETWEEN -c.limite AND 9007199254740991
UNION ALL
SELECT l.cliente, 'history passes the limit',
       printf('first at sequencia %d, lowest saldo %d, limite %d', min(l.sequencia), min(l.saldo), c.limite)
FROM livro AS l JOIN clientes AS c USING (cliente)
WHERE l.saldo < -c.limite
GROUP BY l.cliente;

-- Version 2.

-- Idempotency keys, each with the outcome of its request: a request that is sent again is answered
-- as the first time. Numbered in the order of their commits, so the oldest are the first.
CREATE TABLE chaves (
    numero       INTEGER PRIMARY KEY,
    chave        TEXT    NOT NULL UNIQUE CHECK (length(chave) BETWEEN 1 AND 255),
    cliente      INTEGER NOT NULL REFERENCES clientes (cliente),
    -- The body: valor, tipo and descricao, one behind the other.
    pedido       TEXT    NOT NULL,
    -- The sequence of its transaction; 0 for a refusal, which has a reason.
    sequencia    INTEGER NOT NULL CHECK (sequencia >= 0),
    recusa       TEXT    NOT NULL CHECK ((sequencia = 0) = (recusa <> '')),
    limite       INTEGER NOT NULL,
    saldo        INTEGER NOT NULL,
    criada_em_us INTEGER NOT NULL -- microseconds since 1970-01-01, UTC
) STRICT;

-- A client's name, and whether it is closed: it then keeps its history, and has no transactions more.
ALTER TABLE clientes ADD COLUMN nome TEXT NOT NULL DEFAULT '' CHECK (
    length(nome) <= 60 AND length(CAST(nome AS BLOB)) <= 240
);
ALTER TABLE clientes ADD COLUMN fechado INTEGER NOT NULL DEFAULT 0 CHECK (fechado IN (0, 1));

-- Every change to a client by `rinha cliente`. Its limit holds from the transaction after `transacoes`
-- on. The five clients of a new ledger have no row of their making.
CREATE TABLE alteracoes (
    cliente      INTEGER NOT NULL REFERENCES clientes (cliente),
    numero       INTEGER NOT NULL CHECK (numero > 0), -- counts from 1 within a client
    acao         TEXT    NOT NULL CHECK (acao IN ('add', 'limit', 'close')),
    limite_antes INTEGER NOT NULL,
    limite       INTEGER NOT NULL,
    -- How many transactions the client had.
    transacoes   INTEGER NOT NULL CHECK (transacoes >= 0),
    feita_em_us  INTEGER NOT NULL, -- microseconds since 1970-01-01, UTC
    PRIMARY KEY (cliente, numero)
) STRICT, WITHOUT ROWID;

-- The same rules as in version 1, but each transaction is compared with the limit of its time; and
-- those of the changes.
DROP VIEW inconsistencias;
CREATE VIEW inconsistencias AS
WITH soma AS (
    SELECT
        cliente,
        count(*) AS linhas,
        max(sequencia) AS ultima,
        sum(iif(tipo = 'c', valor, -valor)) AS saldo
    FROM transacoes
    GROUP BY cliente
)
SELECT c.cliente, 'balance is not the sum of the transactions' AS problema,
       printf('saldo %d, sum %d', c.saldo, ifnull(s.saldo, 0)) AS detalhe
FROM clientes AS c LEFT JOIN soma AS s USING (cliente)
WHERE c.saldo <> ifnull(s.saldo, 0)
UNION ALL
SELECT c.cliente, 'sequence has a gap',
       printf('count %d, rows %d, newest %d', c.transacoes, ifnull(s.linhas, 0), ifnull(s.ultima, 0))
FROM clientes AS c LEFT JOIN soma AS s USING (cliente)
WHERE c.transacoes <> ifnull(s.linhas, 0) OR c.transacoes <> ifnull(s.ultima, 0)
UNION ALL
SELECT s.cliente, 'transactions without a client', printf('rows %d', s.linhas)
FROM soma AS s
WHERE s.cliente NOT IN (SELECT cliente FROM clientes)
UNION ALL
SELECT c.cliente, 'balance is beyond its bounds', printf('saldo %d, limite %d', c.saldo, c.limite)
FROM clientes AS c
WHERE c.saldo NOT BETWEEN -c.limite AND 9007199254740991
UNION ALL
SELECT l.cliente, 'history passes the limit',
       printf('first at sequencia %d, lowest saldo %d, limite %d', min(l.sequencia), min(l.saldo), c.limite)
FROM livro AS l JOIN clientes AS c USING (cliente)
-- The limit of the newest change before the transaction, or the one before the first change.
WHERE l.saldo < -CASE WHEN l.cliente NOT IN (SELECT cliente FROM alteracoes) THEN c.limite ELSE ifnull((
    SELECT a.limite FROM alteracoes AS a
    WHERE a.cliente = l.cliente AND a.transacoes < l.sequencia ORDER BY a.numero DESC LIMIT 1
), (
    SELECT a.limite_antes FROM alteracoes AS a WHERE a.cliente = l.cliente AND a.numero = 1
)) END
GROUP BY l.cliente
UNION ALL
SELECT c.cliente, 'limit is not that of the newest change', printf('limite %d, change %d', c.limite, a.limite)
FROM (SELECT cliente, max(numero) AS numero, limite FROM alteracoes GROUP BY cliente) AS a
JOIN clientes AS c USING (cliente)
WHERE c.limite <> a.limite
UNION ALL
SELECT a.cliente, 'changes do not follow each other', printf('numero %d', a.numero)
FROM (
    SELECT cliente, numero, limite_antes, transacoes,
           row_number() OVER por_cliente AS conta,
           lag(limite) OVER por_cliente AS limite_de_antes,
           lag(transacoes) OVER por_cliente AS transacoes_de_antes
    FROM alteracoes WINDOW por_cliente AS (PARTITION BY cliente ORDER BY numero)
) AS a
WHERE a.numero <> a.conta OR a.limite_antes <> a.limite_de_antes OR a.transacoes < a.transacoes_de_antes
UNION ALL
SELECT cliente, 'change without a client', printf('numero %d', min(numero))
FROM alteracoes
WHERE cliente NOT IN (SELECT cliente FROM clientes)
GROUP BY cliente
UNION ALL
SELECT c.cliente, 'closed without a change, or open with one', printf('fechado %d', c.fechado)
FROM clientes AS c
WHERE c.fechado <> (c.cliente IN (SELECT cliente FROM alteracoes WHERE acao = 'close'))
UNION ALL
SELECT c.cliente, 'transactions after the close', printf('count %d, then %d', c.transacoes, a.transacoes)
FROM alteracoes AS a JOIN clientes AS c USING (cliente)
WHERE a.acao = 'close' AND c.transacoes <> a.transacoes;
