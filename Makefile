# Every target says what it does in `make help`. MODE=docker or MODE=local chooses where the stack
# runs; without it, Docker is used where an engine answers.

MODE ?= $(shell docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1 && [ -f docker-compose.yml ] && echo docker || echo local)
STACK = .venv/bin/python -m local.stack
RINHA = $(STACK) rinha

.DEFAULT_GOAL := help
.PHONY: help up down status logs reset check sql snapshot test lint format lock local dev

help: ## show this
	@echo "rinha: a bank ledger over HTTP on one SQLite file"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: local ## install what is missing, start everything in the background, say where it is
	@$(STACK) up

down: local ## stop everything; the ledger stays
	@$(STACK) down

status: local ## what runs, and whether it answers
	@$(STACK) status

logs: local ## follow the logs
	@$(STACK) logs

reset: local ## empty the ledger
	@$(STACK) reset

check: local ## audit the ledger, also under load
	@$(RINHA) check

sql: local ## a shell on the live ledger; SQL="SELECT ..." runs one statement
	@$(RINHA) sql $(if $(SQL),"$(SQL)")

snapshot: local ## a consistent copy into out/ for any sqlite3
	@mkdir -p out
	@$(RINHA) snapshot out/rinha-$$(date -u +%Y%m%dT%H%M%SZ).db

test: dev ## every test, in under three minutes
	@.venv/bin/pytest -n auto --cov --cov-report=term

lint: dev ## format, lint and types, as the gate wants them
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

format: dev ## put the code into its one form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: dev ## renew locks/ from pyproject.toml
	@local/lock.sh

local:
	@local/setup.sh service

dev:
	@local/setup.sh dev
