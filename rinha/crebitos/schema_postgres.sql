-- The ledger on PostgreSQL: the tables and views of schema.sql, with every rule as a constraint too.
--
--   make sql SQL='SELECT * FROM saldos'
--   make sql SQL='SELECT * FROM livro WHERE cliente = 1'
--   make sql SQL='SELECT * FROM inconsistencias'   -- always empty
--
-- Money is in cents. 9007199254740991 (2^53 - 1) is the largest integer that every JSON client
-- reads exactly; with it as the cap, no sum of a balance and a transaction can leave 64 bits.

CREATE TABLE clientes (
    cliente    BIGINT PRIMARY KEY CHECK (cliente > 0),
    limite     BIGINT NOT NULL CHECK (limite BETWEEN 0 AND 9007199254740991),
    -- The balance rule as a constraint: never below the limit.
    saldo      BIGINT NOT NULL DEFAULT 0 CHECK (saldo BETWEEN -limite AND 9007199254740991),
    -- How many transactions there are, which is also the sequence of the newest one.
    transacoes BIGINT NOT NULL DEFAULT 0 CHECK (transacoes >= 0)
);

-- The sequence counts from 1 within a client in commit order, so the order is right even when the
-- clock steps back.
CREATE TABLE transacoes (
    cliente         BIGINT NOT NULL REFERENCES clientes (cliente),
    sequencia       BIGINT NOT NULL CHECK (sequencia > 0),
    valor           BIGINT NOT NULL CHECK (valor BETWEEN 1 AND 9007199254740991),
    tipo            TEXT   NOT NULL CHECK (tipo IN ('c', 'd')),
    -- Text holds any character but NUL, which is written as two, and so is the first of these two:
    -- ␛0 and ␛1.
    descricao       TEXT   NOT NULL CHECK (length(replace(descricao, '␛', '')) BETWEEN 1 AND 10),
    realizada_em_us BIGINT NOT NULL, -- microseconds since 1970-01-01, UTC
    PRIMARY KEY (cliente, sequencia)
);

INSERT INTO clientes (cliente, limite) VALUES
    (1, 100000),
    (2, 80000),
    (3, 1000000),
    (4, 10000000),
    (5, 500000);

-- What each client has, may still spend, and when it last moved.
CREATE VIEW saldos AS
SELECT
    c.cliente,
    c.saldo,
    c.limite,
    c.saldo + c.limite AS disponivel,
    c.transacoes,
    to_char(
        TIMESTAMP '1970-01-01' + t.realizada_em_us * INTERVAL '1 microsecond',
        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    ) AS ultima_em
FROM clientes AS c
LEFT JOIN transacoes AS t ON t.cliente = c.cliente AND t.sequencia = c.transacoes;

-- Every transaction in commit order with the balance it left behind.
CREATE VIEW livro AS
SELECT
    cliente,
    sequencia,
    to_char(
        TIMESTAMP '1970-01-01' + realizada_em_us * INTERVAL '1 microsecond',
        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    ) AS realizada_em,
    tipo,
    valor,
    descricao,
    sum(CASE tipo WHEN 'c' THEN valor ELSE -valor END)
        OVER (PARTITION BY cliente ORDER BY sequencia) AS saldo
FROM transacoes;

-- Every break of a promise. A row here is a bug or a hand that wrote past the service.
CREATE VIEW inconsistencias AS
WITH soma AS (
    SELECT
        cliente,
        count(*) AS linhas,
        max(sequencia) AS ultima,
        sum(CASE tipo WHEN 'c' THEN valor ELSE -valor END) AS saldo
    FROM transacoes
    GROUP BY cliente
)
SELECT c.cliente, 'balance is not the sum of the transactions' AS problema,
       concat('saldo ', c.saldo, ', sum ', coalesce(s.saldo, 0)) AS detalhe
FROM clientes AS c LEFT JOIN soma AS s ON s.cliente = c.cliente
WHERE c.saldo <> coalesce(s.saldo, 0)
UNION ALL
SELECT c.cliente, 'sequence has a gap',
       concat('count ', c.transacoes, ', rows ', coalesce(s.linhas, 0), ', newest ', coalesce(s.ultima, 0))
FROM clientes AS c LEFT JOIN soma AS s ON s.cliente = c.cliente
WHERE c.transacoes <> coalesce(s.linhas, 0) OR c.transacoes <> coalesce(s.ultima, 0)
UNION ALL
SELECT s.cliente, 'transactions without a client', concat('rows ', s.linhas)
FROM soma AS s
WHERE s.cliente NOT IN (SELECT cliente FROM clientes)
UNION ALL
SELECT c.cliente, 'balance is beyond its bounds', concat('saldo ', c.saldo, ', limite ', c.limite)
FROM clientes AS c
WHERE c.saldo NOT BETWEEN -c.limite AND 9007199254740991
UNION ALL
SELECT l.cliente, 'history passes the limit',
       concat('first at sequencia ', min(l.sequencia), ', lowest saldo ', min(l.saldo), ', limite ', c.limite)
FROM livro AS l JOIN clientes AS c ON c.cliente = l.cliente
WHERE l.saldo < -c.limite
GROUP BY l.cliente, c.limite;

-- Version 2.

-- Idempotency keys, each with the outcome of its request: a request that is sent again is answered
-- as the first time.
CREATE TABLE chaves (
    -- Ordered by bytes, as on SQLite.
    chave        TEXT   COLLATE "C" PRIMARY KEY CHECK (length(chave) BETWEEN 1 AND 255),
    cliente      BIGINT NOT NULL REFERENCES clientes (cliente),
    -- The body: valor, tipo and descricao, one behind the other.
    pedido       TEXT   NOT NULL,
    -- The sequence of its transaction; 0 for a refusal, which has a reason.
    sequencia    BIGINT NOT NULL CHECK (sequencia >= 0),
    recusa       TEXT   NOT NULL CHECK ((sequencia = 0) = (recusa <> '')),
    limite       BIGINT NOT NULL,
    saldo        BIGINT NOT NULL,
    criada_em_us BIGINT NOT NULL -- microseconds since 1970-01-01, UTC
);
CREATE INDEX chaves_por_idade ON chaves (criada_em_us);

-- A client's name, and whether it is closed: it then keeps its history, and has no transactions more.
ALTER TABLE clientes ADD COLUMN nome TEXT NOT NULL DEFAULT '' CHECK (
    length(replace(nome, '␛', '')) <= 60
);
ALTER TABLE clientes ADD COLUMN fechado BIGINT NOT NULL DEFAULT 0 CHECK (fechado IN (0, 1));

-- Every change to a client by `rinha cliente`. Its limit holds from the transaction after `transacoes`
-- on. The five clients of a new ledger have no row of their making.
CREATE TABLE alteracoes (
    cliente      BIGINT  NOT NULL REFERENCES clientes (cliente),
    numero       BIGINT  NOT NULL CHECK (numero > 0), -- counts from 1 within a client
    acao         TEXT    NOT NULL CHECK (acao IN ('add', 'limit', 'close')),
    limite_antes BIGINT  NOT NULL,
    limite       BIGINT  NOT NULL,
    -- How many transactions the client had.
    transacoes   BIGINT  NOT NULL CHECK (transacoes >= 0),
    feita_em_us  BIGINT  NOT NULL, -- microseconds since 1970-01-01, UTC
    PRIMARY KEY (cliente, numero)
);

-- The same rules as in version 1, but each transaction is compared with the limit of its time; and
-- those of the changes. Replaced, not dropped: others may have rights on it, or views of their own.
-- Without NOT IN, which compares each row with each once they outgrow work_mem.
CREATE OR REPLACE VIEW inconsistencias AS
WITH soma AS (
    SELECT
        cliente,
        count(*) AS linhas,
        max(sequencia) AS ultima,
        sum(CASE tipo WHEN 'c' THEN valor ELSE -valor END) AS saldo
    FROM transacoes
    GROUP BY cliente
)
SELECT c.cliente, 'balance is not the sum of the transactions' AS problema,
       concat('saldo ', c.saldo, ', sum ', coalesce(s.saldo, 0)) AS detalhe
FROM clientes AS c LEFT JOIN soma AS s ON s.cliente = c.cliente
WHERE c.saldo <> coalesce(s.saldo, 0)
UNION ALL
SELECT c.cliente, 'sequence has a gap',
       concat('count ', c.transacoes, ', rows ', coalesce(s.linhas, 0), ', newest ', coalesce(s.ultima, 0))
FROM clientes AS c LEFT JOIN soma AS s ON s.cliente = c.cliente
WHERE c.transacoes <> coalesce(s.linhas, 0) OR c.transacoes <> coalesce(s.ultima, 0)
UNION ALL
SELECT s.cliente, 'transactions without a client', concat('rows ', s.linhas)
FROM soma AS s
WHERE NOT EXISTS (SELECT FROM clientes AS c WHERE c.cliente = s.cliente)
UNION ALL
SELECT c.cliente, 'balance is beyond its bounds', concat('saldo ', c.saldo, ', limite ', c.limite)
FROM clientes AS c
WHERE c.saldo NOT BETWEEN -c.limite AND 9007199254740991
UNION ALL
SELECT l.cliente, 'history passes the limit',
       concat('first at sequencia ', min(l.sequencia), ', lowest saldo ', min(l.saldo), ', limite ', c.limite)
FROM livro AS l JOIN clientes AS c USING (cliente)
LEFT JOIN (SELECT DISTINCT cliente FROM alteracoes) AS changed USING (cliente)
-- The limit of the newest change before the transaction, or the one before the first change.
WHERE l.saldo < -CASE WHEN changed.cliente IS NULL THEN c.limite ELSE coalesce((
    SELECT a.limite FROM alteracoes AS a
    WHERE a.cliente = l.cliente AND a.transacoes < l.sequencia ORDER BY a.numero DESC LIMIT 1
), (
    SELECT a.limite_antes FROM alteracoes AS a WHERE a.cliente = l.cliente AND a.numero = 1
)) END
GROUP BY l.cliente, c.limite
UNION ALL
SELECT c.cliente, 'limit is not that of the newest change', concat('limite ', c.limite, ', change ', a.limite)
FROM (SELECT DISTINCT ON (cliente) cliente, limite FROM alteracoes ORDER BY cliente, numero DESC) AS a
JOIN clientes AS c USING (cliente)
WHERE c.limite <> a.limite
UNION ALL
SELECT a.cliente, 'changes do not follow each other', concat('numero ', a.numero)
FROM (
    SELECT cliente, numero, limite_antes, transacoes,
           row_number() OVER por_cliente AS conta,
           lag(limite) OVER por_cliente AS limite_de_antes,
           lag(transacoes) OVER por_cliente AS transacoes_de_antes
    FROM alteracoes WINDOW por_cliente AS (PARTITION BY cliente ORDER BY numero)
) AS a
WHERE a.numero <> a.conta OR a.limite_antes <> a.limite_de_antes OR a.transacoes < a.transacoes_de_antes
UNION ALL
SELECT a.cliente, 'change without a client', concat('numero ', min(a.numero))
FROM alteracoes AS a
WHERE NOT EXISTS (SELECT FROM clientes AS c WHERE c.cliente = a.cliente)
GROUP BY a.cliente
UNION ALL
SELECT c.cliente, 'closed without a change, or open with one', concat('fechado ', c.fechado)
FROM clientes AS c
LEFT JOIN (SELECT DISTINCT cliente FROM alteracoes WHERE acao = 'close') AS closed USING (cliente)
WHERE (c.fechado = 1) <> (closed.cliente IS NOT NULL)
UNION ALL
SELECT c.cliente, 'transactions after the close', concat('count ', c.transacoes, ', then ', a.transacoes)
FROM alteracoes AS a JOIN clientes AS c USING (cliente)
WHERE a.acao = 'close' AND c.transacoes <> a.transacoes;
