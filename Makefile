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

GATLING_TEST = tests/loadtest/test_gatling.py

# Through the environment, so that the shell takes what is in it as it is.
export SQL SIMULATION

.DEFAULT_GOAL := help
.PHONY: help up down status logs stats reset check sql snapshot load gatling bench submission
.PHONY: test test-docker test-gatling crash chaos soak lint format lock loadtest local dev

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

gatling: loadtest ## the official run by Gatling itself (JDK 17, Maven); SIMULATION=their.scala
	@.venv/bin/loadtest gatling $${SIMULATION:+--simulation "$$SIMULATION"}

bench: ## measure all stacks side by side into docs/benchmarks/; QUICK=1, BASELINE=FILE
	@local/setup.sh bench
	@.venv/bin/python -m bench $(if $(QUICK),--quick) $(if $(BASELINE),--baseline "$(BASELINE)")

submission: dev ## dist/participante/NAME, ready for the contest: NAME=... IMAGE=...
	@.venv/bin/python docker/submission.py "$(NAME)" "$(IMAGE)"

test: dev ## every test that needs no container, in three to four minutes
	@.venv/bin/pytest -n 3 --cov --cov-report=term \
		--ignore tests/docker --ignore tests/chaos --ignore tests/soak --ignore $(GATLING_TEST)

crash: dev ## three minutes of kills, power cuts, full disks, frozen neighbours; SEED=... repeats
	@EFFORT=crash .venv/bin/pytest -n 3 --dist worksteal -rP tests/crash tests/stack/test_full_disk.py

chaos: dev ## twenty minutes of the same and of fuzzing, then of floods and slow clients
	@EFFORT=chaos SCHEMATHESIS_EXAMPLES=5000 .venv/bin/pytest -n 3 --dist worksteal -rP \
		tests/crash tests/stack/test_full_disk.py tests/property tests/http/test_openapi.py
	@EFFORT=chaos .venv/bin/pytest -rP tests/chaos

soak: dev ## the usual load for SOAK=30m, with a look at everything that could grow
	@SOAK=$(or $(SOAK),30m) .venv/bin/pytest -rP tests/soak

test-docker: dev ## the same promises in containers, on a real engine
	@$(ANSWERS) || { echo "no Docker engine answers: the tests in containers are skipped"; exit 0; } \
		&& .venv/bin/pytest tests/docker

test-gatling: dev ## a rehearsal by Gatling itself, where Maven and its registry answer
	@.venv/bin/pytest $(GATLING_TEST)

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
