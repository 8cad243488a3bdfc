# Every target says what it does in `make help`. MODE=docker or MODE=local chooses where the stack
# runs; without it, Docker is used where an engine answers.

ANSWERS = docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
MODE ?= $(shell $(ANSWERS) && echo docker || echo local)

ifeq ($(MODE),docker)
STACK = docker/stack.sh
READY =
else ifeq ($(MODE),local)
STACK = .venv/bin/python -m local.stack
READY = local
else
$(error MODE is docker or local, not $(MODE))
endif

# Through the environment, so that the shell takes what is in it as it is.
export SQL

.DEFAULT_GOAL := help
.PHONY: help up down status logs stats reset check sql snapshot test test-docker lint format lock
.PHONY: load loadtest bench submission local dev

help: ## show this
	@echo "rinha: a bank ledger over HTTP on one SQLite file"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(READY) ## start everything in the background, install what is missing, say where it is
	@$(STACK) up

down: $(READY) ## stop everything; the ledger stays
	@$(STACK) down

status: $(READY) ## what runs, and whether it answers
	@$(STACK) status

logs: $(READY) ## follow the logs
	@$(STACK) logs

stats: $(READY) ## CPU, memory and throttling of each part
	@$(STACK) stats

reset: $(READY) ## empty the ledger
	@$(STACK) reset

check: $(READY) ## audit the ledger, also under load
	@$(STACK) check

sql: $(READY) ## a shell on the live ledger; SQL="SELECT ..." runs one statement
	@$(STACK) sql $${SQL:+"$$SQL"}

snapshot: $(READY) ## a consistent copy into out/ for any sqlite3
	@$(STACK) snapshot

load: loadtest ## play the official run against port 9999; LOAD="run -c 14 -d 30" for others
	@.venv/bin/loadtest $(or $(LOAD),official)

bench: ## measure all stacks side by side into docs/benchmarks/; QUICK=1, BASELINE=FILE
	@local/setup.sh bench
	@.venv/bin/python -m bench $(if $(QUICK),--quick) $(if $(BASELINE),--baseline "$(BASELINE)")

submission: dev ## dist/participante/NAME, ready for the contest: NAME=... IMAGE=...
	@.venv/bin/python docker/submission.py "$(NAME)" "$(IMAGE)"

test: dev ## every test that needs no container, in under three minutes
	@.venv/bin/pytest -n 3 --cov --cov-report=term --ignore tests/docker

test-docker: dev ## the same promises in containers, on a real engine
	@$(ANSWERS) || { echo "no Docker engine answers: the tests in containers are skipped"; exit 0; } \
		&& .venv/bin/pytest tests/docker

lint: dev ## format, lint and types, as the gate wants them
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

format: dev ## put the code into its one form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: dev ## renew locks/ from pyproject.toml
	@local/lock.sh

loadtest:
	@local/setup.sh loadtest

local:
	@local/setup.sh service

dev:
	@local/setup.sh dev
