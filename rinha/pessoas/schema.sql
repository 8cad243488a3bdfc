-- The registry: people, and views to look inside.
--
--   make sql SQL='SELECT * FROM pessoas WHERE apelido = "ana"'
--   make sql SQL='SELECT * FROM stacks'            -- who knows what, and how many do
--   make sql SQL='SELECT * FROM inconsistencias'   -- always empty
--
-- The sqlite3 of the system does the same on a snapshot, or when nothing runs.

PRAGMA application_id = 1885696883; -- the letters "pess": tells this file from any other database
PRAGMA user_version = 1;            -- the version of this schema

CREATE TABLE pessoas (
    -- Rises in the order of the commits, as only one instance at a time writes.
    numero     INTEGER PRIMARY KEY CHECK (numero > 0),
    id         TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    -- Exact: Ana and ana are two. Lengths are in characters; both are bounded, as length() stops at
    -- a NUL character.
    apelido    TEXT NOT NULL UNIQUE CHECK (
        length(apelido) <= 32 AND length(CAST(apelido AS BLOB)) <= 128
    ),
    nome       TEXT NOT NULL CHECK (
        length(nome) <= 100 AND length(CAST(nome AS BLOB)) <= 400
    ),
    -- AAAA-MM-DD, and a day that there is; date() takes other words too.
    nascimento TEXT NOT NULL CHECK (
        nascimento GLOB '[0-9]*' AND length(nascimento) = 10 AND nascimento IS date(nascimento)
    ),
    -- A JSON list of strings as it was sent, or nothing.
    stack      TEXT CHECK (json_valid(stack) AND json_type(stack) = 'array')
) STRICT;

-- Counts changed and removed rows. After a change the search reads all rows again; it finds new rows
-- by their numbers.
CREATE TABLE alteracoes (vezes INTEGER NOT NULL) STRICT;
INSERT INTO alteracoes VALUES (0);

CREATE TRIGGER pessoa_alterada AFTER UPDATE ON pessoas BEGIN
    UPDATE alteracoes SET vezes = vezes + 1;
END;
CREATE TRIGGER pessoa_removida AFTER DELETE ON pessoas BEGIN
    UPDATE alteracoes SET vezes = vezes + 1;
END;

-- Each word of a stack once, and how many people have it.
CREATE VIEW stacks AS
SELECT elemento.value AS stack, count(DISTINCT pessoas.numero) AS pessoas
FROM pessoas, json_each(pessoas.stack) AS elemento
GROUP BY elemento.value
ORDER BY 2 DESC, 1;

-- Every broken rule. A row here means a bug, or an edit that bypassed the service.
CREATE VIEW inconsistencias AS
SELECT numero, 'apelido is taken twice' AS problema, apelido AS detalhe
FROM (SELECT numero, apelido, count(*) OVER (PARTITION BY apelido) AS quantos FROM pessoas)
WHERE quantos > 1
UNION ALL
SELECT numero, 'apelido is too long', printf('%d characters', length(apelido))
FROM pessoas WHERE length(apelido) > 32 OR length(CAST(apelido AS BLOB)) > 128
UNION ALL
SELECT numero, 'nome is too long', printf('%d characters', length(nome))
FROM pessoas WHERE length(nome) > 100 OR length(CAST(nome AS BLOB)) > 400
UNION ALL
SELECT numero, 'nascimento is no day of the calendar', nascimento
FROM pessoas WHERE nascimento IS NOT date(nascimento)
UNION ALL
SELECT numero, 'stack is no list', stack
FROM pessoas WHERE stack IS NOT NULL AND (NOT json_valid(stack) OR json_type(stack) <> 'array')
UNION ALL
SELECT pessoas.numero, 'stack has an element that is no string of at most 32 characters', elemento.value
FROM pessoas, json_each(iif(json_valid(pessoas.stack), pessoas.stack, '[]')) AS elemento
WHERE elemento.type <> 'text' OR length(elemento.value) > 32
    OR length(CAST(elemento.value AS BLOB)) > 128;
