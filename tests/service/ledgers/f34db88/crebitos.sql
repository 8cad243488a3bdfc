--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: clientes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.clientes (
    cliente bigint NOT NULL,
    limite bigint NOT NULL,
    saldo bigint DEFAULT 0 NOT NULL,
    transacoes bigint DEFAULT 0 NOT NULL,
    CONSTRAINT clientes_check CHECK (((saldo >= (- limite)) AND (saldo <= '9007199254740991'::bigint))),
    CONSTRAINT clientes_cliente_check CHECK ((cliente > 0)),
    CONSTRAINT clientes_limite_check CHECK (((limite >= 0) AND (limite <= '9007199254740991'::bigint))),
    CONSTRAINT clientes_transacoes_check CHECK ((transacoes >= 0))
);


--
-- Name: TABLE clientes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.clientes IS 'rinha ledger, version 1';


--
-- Name: transacoes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.transacoes (
    cliente bigint NOT NULL,
    sequencia bigint NOT NULL,
    valor bigint NOT NULL,
    tipo text NOT NULL,
    descricao text NOT NULL,
    realizada_em_us bigint NOT NULL,
    CONSTRAINT transacoes_descricao_check CHECK (((length(replace(descricao, '␛'::text, ''::text)) >= 1) AND (length(replace(descricao, '␛'::text, ''::text)) <= 10))),
    CONSTRAINT transacoes_sequencia_check CHECK ((sequencia > 0)),
    CONSTRAINT transacoes_tipo_check CHECK ((tipo = ANY (ARRAY['c'::text, 'd'::text]))),
    CONSTRAINT transacoes_valor_check CHECK (((valor >= 1) AND (valor <= '9007199254740991'::bigint)))
);


--
-- Name: livro; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.livro AS
 SELECT transacoes.cliente,
    transacoes.sequencia,
    to_char(('1970-01-01 00:00:00'::timestamp without time zone + ((transacoes.realizada_em_us)::double precision * '00:00:00.000001'::interval)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text) AS realizada_em,
    transacoes.tipo,
    transacoes.valor,
    transacoes.descricao,
    sum(
        CASE transacoes.tipo
            WHEN 'c'::text THEN transacoes.valor
            ELSE (- transacoes.valor)
        END) OVER (PARTITION BY transacoes.cliente ORDER BY transacoes.sequencia) AS saldo
   FROM public.transacoes;


--
-- Name: inconsistencias; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.inconsistencias AS
 WITH soma AS (
         SELECT transacoes.cliente,
            count(*) AS linhas,
            max(transacoes.sequencia) AS ultima,
            sum(
                CASE transacoes.tipo
                    WHEN 'c'::text THEN transacoes.valor
                    ELSE (- transacoes.valor)
                END) AS saldo
           FROM public.transacoes
          GROUP BY transacoes.cliente
        )
 SELECT c.cliente,
    'balance is not the sum of the transactions'::text AS problema,
    concat('saldo ', c.saldo, ', sum ', COALESCE(s.saldo, (0)::numeric)) AS detalhe
   FROM (public.clientes c
     LEFT JOIN soma s ON ((s.cliente = c.cliente)))
  WHERE ((c.saldo)::numeric <> COALESCE(s.saldo, (0)::numeric))
UNION ALL
 SELECT c.cliente,
    'sequence has a gap'::text AS problema,
    concat('count ', c.transacoes, ', rows ', COALESCE(s.linhas, (0)::bigint), ', newest ', COALESCE(s.ultima, (0)::bigint)) AS detalhe
   FROM (public.clientes c
     LEFT JOIN soma s ON ((s.cliente = c.cliente)))
  WHERE ((c.transacoes <> COALESCE(s.linhas, (0)::bigint)) OR (c.transacoes <> COALESCE(s.ultima, (0)::bigint)))
UNION ALL
 SELECT s.cliente,
    'transactions without a client'::text AS problema,
    concat('rows ', s.linhas) AS detalhe
   FROM soma s
  WHERE (NOT (s.cliente IN ( SELECT clientes.cliente
           FROM public.clientes)))
UNION ALL
 SELECT c.cliente,
    'balance is beyond its bounds'::text AS problema,
    concat('saldo ', c.saldo, ', limite ', c.limite) AS detalhe
   FROM public.clientes c
  WHERE ((c.saldo < (- c.limite)) OR (c.saldo > '9007199254740991'::bigint))
UNION ALL
 SELECT l.cliente,
    'history passes the limit'::text AS problema,
    concat('first at sequencia ', min(l.sequencia), ', lowest saldo ', min(l.saldo), ', limite ', c.limite) AS detalhe
   FROM (public.livro l
     JOIN public.clientes c ON ((c.cliente = l.cliente)))
  WHERE (l.saldo < ((- c.limite))::numeric)
  GROUP BY l.cliente, c.limite;


--
-- Name: saldos; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.saldos AS
 SELECT c.cliente,
    c.saldo,
    c.limite,
    (c.saldo + c.limite) AS disponivel,
    c.transacoes,
    to_char(('1970-01-01 00:00:00'::timestamp without time zone + ((t.realizada_em_us)::double precision * '00:00:00.000001'::interval)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text) AS ultima_em
   FROM (public.clientes c
     LEFT JOIN public.transacoes t ON (((t.cliente = c.cliente) AND (t.sequencia = c.transacoes))));


--
-- Data for Name: clientes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.clientes VALUES (2, 80000, 22, 8);
INSERT INTO public.clientes VALUES (3, 1000000, 78, 8);
INSERT INTO public.clientes VALUES (4, 10000000, 56, 8);
INSERT INTO public.clientes VALUES (5, 500000, 28, 8);
INSERT INTO public.clientes VALUES (1, 100000, 95, 13);


--
-- Data for Name: transacoes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.transacoes VALUES (2, 1, 1, 'c', 'n1', 1796008920580298);
INSERT INTO public.transacoes VALUES (3, 1, 2, 'c', 'n2', 1796008920581231);
INSERT INTO public.transacoes VALUES (4, 1, 3, 'd', 'n3', 1796008920581479);
INSERT INTO public.transacoes VALUES (5, 1, 4, 'c', 'n4', 1796008920581733);
INSERT INTO public.transacoes VALUES (1, 1, 5, 'c', 'n5', 1796008920581947);
INSERT INTO public.transacoes VALUES (2, 2, 6, 'd', 'n6', 1796008920582146);
INSERT INTO public.transacoes VALUES (3, 2, 7, 'c', 'n7', 1796008920582351);
INSERT INTO public.transacoes VALUES (4, 2, 8, 'c', 'n8', 1796008920582650);
INSERT INTO public.transacoes VALUES (5, 2, 9, 'd', 'n9', 1796008920582832);
INSERT INTO public.transacoes VALUES (1, 2, 10, 'c', 'n10', 1796008920582951);
INSERT INTO public.transacoes VALUES (2, 3, 11, 'c', 'n11', 1796008920583057);
INSERT INTO public.transacoes VALUES (3, 3, 12, 'd', 'n12', 1796008920583160);
INSERT INTO public.transacoes VALUES (4, 3, 13, 'c', 'n13', 1796008920583259);
INSERT INTO public.transacoes VALUES (5, 3, 14, 'c', 'n14', 1796008920583359);
INSERT INTO public.transacoes VALUES (1, 3, 15, 'd', 'n15', 1796008920583457);
INSERT INTO public.transacoes VALUES (2, 4, 16, 'c', 'n16', 1796008920583554);
INSERT INTO public.transacoes VALUES (3, 4, 17, 'c', 'n17', 1796008920583714);
INSERT INTO public.transacoes VALUES (4, 4, 18, 'd', 'n18', 1796008920583816);
INSERT INTO public.transacoes VALUES (5, 4, 19, 'c', 'n19', 1796008920583914);
INSERT INTO public.transacoes VALUES (1, 4, 20, 'c', 'n20', 1796008920584091);
INSERT INTO public.transacoes VALUES (2, 5, 21, 'd', 'n21', 1796008920584208);
INSERT INTO public.transacoes VALUES (3, 5, 22, 'c', 'n22', 1796008920584307);
INSERT INTO public.transacoes VALUES (4, 5, 23, 'c', 'n23', 1796008920584403);
INSERT INTO public.transacoes VALUES (5, 5, 24, 'd', 'n24', 1796008920584497);
INSERT INTO public.transacoes VALUES (1, 5, 25, 'c', 'n25', 1796008920584592);
INSERT INTO public.transacoes VALUES (2, 6, 26, 'c', 'n26', 1796008920584686);
INSERT INTO public.transacoes VALUES (3, 6, 27, 'd', 'n27', 1796008920584793);
INSERT INTO public.transacoes VALUES (4, 6, 28, 'c', 'n28', 1796008920584889);
INSERT INTO public.transacoes VALUES (5, 6, 29, 'c', 'n29', 1796008920584982);
INSERT INTO public.transacoes VALUES (1, 6, 30, 'd', 'n30', 1796008920585076);
INSERT INTO public.transacoes VALUES (2, 7, 31, 'c', 'n31', 1796008920585173);
INSERT INTO public.transacoes VALUES (3, 7, 32, 'c', 'n32', 1796008920585267);
INSERT INTO public.transacoes VALUES (4, 7, 33, 'd', 'n33', 1796008920585360);
INSERT INTO public.transacoes VALUES (5, 7, 34, 'c', 'n34', 1796008920585454);
INSERT INTO public.transacoes VALUES (1, 7, 35, 'c', 'n35', 1796008920585548);
INSERT INTO public.transacoes VALUES (2, 8, 36, 'd', 'n36', 1796008920585641);
INSERT INTO public.transacoes VALUES (3, 8, 37, 'c', 'n37', 1796008920585735);
INSERT INTO public.transacoes VALUES (4, 8, 38, 'c', 'n38', 1796008920585828);
INSERT INTO public.transacoes VALUES (5, 8, 39, 'd', 'n39', 1796008920585922);
INSERT INTO public.transacoes VALUES (1, 8, 40, 'c', 'n40', 1796008920586094);
INSERT INTO public.transacoes VALUES (1, 9, 1, 'c', '␛0', 1796008920586200);
INSERT INTO public.transacoes VALUES (1, 10, 1, 'c', 'a␛0b', 1796008920586297);
INSERT INTO public.transacoes VALUES (1, 11, 1, 'c', '␛10', 1796008920586395);
INSERT INTO public.transacoes VALUES (1, 12, 1, 'c', '😀😀😀😀😀😀😀😀😀😀', 1796008920586491);
INSERT INTO public.transacoes VALUES (1, 13, 1, 'c', '''"\
', 1796008920586586);


--
-- Name: clientes clientes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.clientes
    ADD CONSTRAINT clientes_pkey PRIMARY KEY (cliente);


--
-- Name: transacoes transacoes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.transacoes
    ADD CONSTRAINT transacoes_pkey PRIMARY KEY (cliente, sequencia);


--
-- Name: transacoes transacoes_cliente_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.transacoes
    ADD CONSTRAINT transacoes_cliente_fkey FOREIGN KEY (cliente) REFERENCES public.clientes(cliente);


--
-- PostgreSQL database dump complete
--


