# Every target says what it does in `make help`, which also lists the variables that targets take.

#? MODE        docker or local: where the stack runs; without it as it runs, else in Docker if that answers
#? EDITION     up, load, gatling, bench, submission: crebitos (or 2024q1), the ledger, or pessoas (2023q3), people
#? PYTHON      the interpreter that .venv is made with; without it the system's own
#? OPS_PORT    make up: where the operator's page and metrics are, or off; the others know it
#? SQL         make sql: one statement, in place of a shell
#? FILE        make restore: a snapshot to bring back
#? FROM, AT    make restore: FROM=replica, as it was at 02:34:41 or 10min ago
#? DRILL       make drill: so many seconds of load
#? LOAD        make load: the words after `loadtest`, such as 'run -c 14 -d 30'
#? SIMULATION  make gatling: a Scala file of one's own
#? QUICK       make bench: 1 takes 3 minutes, and measures this service and what it is held against only
#? BASELINE    make bench: stored results that this service must not be worse than
#? STACKS      make bench: a folder with contenders of your own, a file each
#? NAME, IMAGE make submission: the entry and its published image
#? SEED        test, crash, chaos: repeats the chance of a run that failed
#? FAILOVERS   make failover: how often each of its kinds
#? SOAK        make soak: how long, such as 30m

PY = .venv/bin/python
PYTEST = $(PY) -m pytest
# The contest's name of each edition, and ours: whoever names one may say either.
EDITIONS = 2024q1:crebitos 2023q3:pessoas crebitos:crebitos pessoas:pessoas
NAMED := $(or $(EDITION),$(RINHA_EDITION))
ifneq ($(NAMED),)
override RINHA_EDITION := $(patsubst $(NAMED):%,%,$(filter $(NAMED):%,$(EDITIONS)))
export RINHA_EDITION
ifeq ($(RINHA_EDITION),)
$(error EDITION is crebitos or pessoas, or as the contest says 2024q1 or 2023q3; not $(NAMED))
endif
endif
PLAYED = $(if $(EDITION),--edition $(RINHA_EDITION))
ANSWERS = docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
MODE ?= $(shell stack/mode.sh)

ifeq ($(MODE),docker)
STACK = stack/containers.sh
READY =
else ifeq ($(MODE),local)
STACK = $(PY) -m stack
READY = local
else
$(error MODE is docker or local, not $(MODE))
endif

# What only looks or stops takes .venv as it is: a package that it needs not may be gone since.
PRESENT = $(if $(wildcard $(PY)),,$(READY))

GATLING_TEST = tests/loadtest/test_gatling.py
# The tests to run after each change; what a fixture has to start for them is left out.
UNIT_TESTS = tests/test_tidy.py tests/service tests/promises/p1_linearizable/test_ledger_machine.py \
	tests/promises/p5_input/test_bodies.py --ignore tests/service/started \
	$(patsubst %,tests/loadtest/test_%.py,arguments curl histogram history http_parser people people_aftermath schedule score screen verdict) \
	$(patsubst %,tests/bench/test_%.py,figures guard load_contenders output)
ELSEWHERE = --ignore tests/ops $(patsubst %,--ignore tests/stack/%,containers fresh onefile) --ignore $(GATLING_TEST)

# Through the environment, so that the shell takes what is in it as it is.
export SQL SIMULATION FILE FROM AT

.DEFAULT_GOAL := help
.PHONY: help up down status logs stats reset check sql snapshot restore drill watch load gatling bench submission
.PHONY: dist test coverage unit test-ops test-onefile test-fresh test-docker test-gatling crash chaos soak lint format lock
.PHONY: cluster cluster-status cluster-down failover
.PHONY: dev loadtest local lint-tools

help: ## show this
	@echo "rinha: a bank ledger over HTTP on one SQLite file"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "variables, as in \`make up MODE=local\`; settings of the service itself are in .env.example"
	@sed -n 's/^#? /  /p' $(MAKEFILE_LIST)

up: $(READY) ## start everything in the background, install what is missing, say where it is
	@$(STACK) up

down: $(PRESENT) ## stop everything; the ledger stays
	@$(STACK) down

status: $(PRESENT) ## what runs, and whether it answers
	@$(STACK) status

logs: $(PRESENT) ## follow the logs
	@$(STACK) logs

stats: $(PRESENT) ## CPU, memory and throttling of each part
	@$(STACK) stats

reset: $(READY) ## empty the ledger
	@$(STACK) reset

check: $(READY) ## audit the ledger, even under load
	@$(STACK) check

sql: $(READY) ## a shell on the live ledger; SQL="SELECT ..." runs one statement
	@$(STACK) sql $${SQL:+"$$SQL"}

snapshot: $(READY) ## a consistent copy into out/ for any sqlite3
	@$(STACK) snapshot

restore: $(READY) ## bring a ledger back: FILE=out/rinha-...db, or FROM=replica AT=02:34:41
	@case "$$FILE:$$FROM:$$AT" in ?*:: | :replica:*) ;; \
		*) echo "rinha: make restore FILE=..., or FROM=replica with AT=... or without" >&2; exit 2 ;; esac
	@$(STACK) restore $${FILE:+"$$FILE"} $${AT:+--at "$$AT"}

drill: loadtest local ## a minute: a ledger under load is lost with its disk, and restored; DRILL=20
	@stack/setup.sh replica
	@$(PY) -m stack.drill $(or $(DRILL),30)

cluster: ## three PostgreSQL nodes under Patroni on this machine, and what to put into .env
	@stack/setup.sh $(if $(filter docker,$(MODE)),postgres,cluster)
	@MODE=$(MODE) $(PY) -m stack.cluster up

cluster-status: local ## who is the primary, who follows and how far behind
	@$(PY) -m stack.cluster status

cluster-down: local ## stop the cluster; what it keeps stays
	@$(PY) -m stack.cluster down

failover: dev ## break a cluster under load in every way, FAILOVERS=20 times each: an hour
	@FAILOVERS=$(or $(FAILOVERS),20) $(PYTEST) -rP tests/promises/p8_cluster/test_failover.py

watch: loadtest $(PRESENT) ## the numbers of the operator's page, in a terminal; q ends it
	@$(STACK) watch

# What this clone runs, unless another target is named; a report that is shown or compared has none.
PLAY = $(or $(LOAD),official)
HERE = $(if $(filter run official check,$(firstword $(PLAY))),$(if $(filter http://% localhost% 127.%,$(PLAY)),,$$($(STACK) url 2>/dev/null)))

load: loadtest ## play the official run against this stack; LOAD="run -c 14 -d 30" for others
	@$(PY) -m loadtest $(PLAY) $(HERE) $(PLAYED)

gatling: loadtest ## the official run by Gatling itself (JDK 17, Maven); SIMULATION=their.scala
	@$(PY) -m loadtest gatling $${SIMULATION:+--simulation "$$SIMULATION"} $(PLAYED)

bench: ## measure the service beside alternatives into docs/benchmarks/; QUICK=1, BASELINE=FILE, STACKS=DIR
	@stack/setup.sh bench
	@$(PY) -m bench $(if $(RINHA_EDITION),--edition $(RINHA_EDITION)) $(if $(QUICK),--quick) $(if $(BASELINE),--baseline "$(BASELINE)") $(if $(STACKS),--stacks "$(STACKS)")

submission: dev ## dist/participante/NAME, ready for the contest: NAME=... IMAGE=...
	@$(PY) -m stack.submission "$(NAME)" "$(IMAGE)"

dist: ## dist/: the whole stack in one executable, the judge in another, a wheel, an sdist
	@onefile/dist.sh

# More at once than there are cores: most of them wait for something most of the time.
ALL_TESTS = $(PYTEST) -n 4 --dist worksteal $(ELSEWHERE)

test: dev ## every test that needs no container, in six minutes
	@$(ALL_TESTS)

coverage: dev ## the same, and which lines of the service they reach
	@$(ALL_TESTS) --cov --cov-report=term

unit: lint-tools ## the tests that start nothing, in a quarter of a minute; needs no server and no compiler
	@$(PYTEST) -q -n 3 -m "not starts and not alone and not soak" $(UNIT_TESTS)

crash: dev ## nine minutes of kills, power cuts, full disks, frozen neighbours; SEED=... repeats
	@EFFORT=crash $(PYTEST) -n 3 --dist worksteal -rP tests/promises

chaos: dev ## over twenty minutes of the same and of fuzzing, then of floods and slow clients
	@EFFORT=chaos SCHEMATHESIS_EXAMPLES=5000 $(PYTEST) -n 3 --dist worksteal -rP tests/promises
	@EFFORT=chaos $(PYTEST) -rP -m alone tests/promises

soak: dev ## the usual load for SOAK=30m, with a look at everything that could grow
	@SOAK=$(or $(SOAK),30m) $(PYTEST) -rP -m soak tests/promises

test-docker: dev ## the same promises in containers, on a real engine
	@$(ANSWERS) || { echo "no Docker engine answers: the tests in containers are skipped"; exit 0; } \
		&& $(PYTEST) tests/stack/containers

test-fresh: dev ## the README's commands on bare Debians, as root: what a new machine would meet
	@[ "$$(id -u)" = 0 ] || { echo "only root can make a bare Debian: its tests are skipped"; exit 0; } \
		&& { command -v debootstrap >/dev/null || stack/apt.sh debootstrap debian-archive-keyring; } \
		&& $(PYTEST) -s tests/stack/fresh

test-onefile: dev ## the two executables, as root: in a root that has a shell and a C library
	@[ "$$(id -u)" = 0 ] || { echo "only root can make a bare root: its tests are skipped"; exit 0; } \
		&& onefile/dist.sh && $(PYTEST) tests/stack/onefile

test-ops: ## the page in a real browser, and Prometheus' own tools on the metrics and alerts
	@stack/setup.sh browser
	@$(PYTEST) tests/ops

test-gatling: dev ## a rehearsal by Gatling itself, where Maven and its registry answer
	@$(PYTEST) $(GATLING_TEST)

# The rule holds for what came after this commit; an archive without history has nothing to look at.
SUBJECTS_SINCE = f34db88

lint: lint-tools ## format, lint, types, locks and commit subjects, as the gate wants them; needs no nginx and no compiler
	@git log --format=%s $(SUBJECTS_SINCE).. 2>/dev/null | awk 'length > 72 { long = 1; \
		print "lint: a commit subject of more than 72 characters: " $$0 } END { exit long }'
	@$(PY) locks/check.py
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

format: lint-tools ## put the code into its one form
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

lock: lint-tools ## renew locks/ from pyproject.toml: the newest of everything
	@stack/lock.sh

loadtest:
	@stack/setup.sh loadtest

local:
	@stack/setup.sh ledger

dev: ## make .venv ready for all of the above
	@stack/setup.sh dev

lint-tools:
	@stack/setup.sh lint
