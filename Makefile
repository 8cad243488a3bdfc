# `make help` lists all targets and the variables that they take.

#? MODE        docker or local; default: as the stack runs, else docker if an engine answers
#? EDITION     up, load, gatling, bench, submission: crebitos (2024q1), a ledger, or pessoas (2023q3), people
#? PYTHON      the interpreter for .venv; default: the system's own
#? OPS_PORT    make up: port of the operator's page and metrics, or off
#? SQL         make sql: one statement instead of a shell
#? CLIENTE     make cliente: what to do, such as 'add 6 --limite 100000 --nome Ana'
#? FILE        make restore: the snapshot to restore
#? FROM, AT    make restore: FROM=replica, with AT as of a time, such as 02:34:41 or '10 min ago'
#? DRILL       make drill: seconds of load
#? LOAD        make load: the arguments of `loadtest`, such as 'run -c 14 -d 30'
#? SIMULATION  make gatling: your own simulation, a Scala file
#? QUICK       make bench: 1 measures only this service and its references, in 3 minutes
#? BASELINE    make bench: stored results; exit code 1 if a ratio is worse than there
#? ONLY        make bench: names of the contenders to measure, with commas, or the set yardsticks
#? STACKS      make bench: a folder with your own contenders, one a file
#? NAME, IMAGE make submission: the entry and its published image
#? TAG         make release-check: the tag of the release; IMAGE=off builds no image
#? ROOT        make install-service: the folder to write below, such as an image's; default: /
#? SEED        test, crash, chaos: repeats the random choices of a failed run
#? FAILOVERS   make failover: number of rounds of each kind
#? SOAK        make soak: duration, such as 30m

PY = .venv/bin/python
PYTEST = $(PY) -m pytest
# Both names of each edition are accepted: the contest's and the project's.
EDITIONS = 2024q1:crebitos 2023q3:pessoas crebitos:crebitos pessoas:pessoas
NAMED := $(or $(EDITION),$(RINHA_EDITION))
ifneq ($(NAMED),)
override RINHA_EDITION := $(patsubst $(NAMED):%,%,$(filter $(NAMED):%,$(EDITIONS)))
export RINHA_EDITION
ifeq ($(RINHA_EDITION),)
$(error EDITION is crebitos or pessoas, or as the contest says 2024q1 or 2023q3; not $(NAMED))
endif
endif
EDITION_OPTION = $(if $(EDITION),--edition $(RINHA_EDITION))
ENGINE_ANSWERS = docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
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

# Targets that only read or stop install nothing: they work even if a package is missing since.
PRESENT = $(if $(wildcard $(PY)),,$(READY))

GATLING_TEST = tests/loadtest/test_gatling.py
IN_OTHER_TARGETS = --ignore tests/ops $(patsubst %,--ignore tests/stack/%,containers fresh onefile) --ignore $(GATLING_TEST)

# Passed through the environment, so that the shell does not expand their values.
export SQL SIMULATION FILE FROM AT TAG
# With it Python would not look for packages in this folder.
unexport PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help up restart down status logs stats reset check sql cliente snapshot restore drill watch load profile gatling bench bench-scaling bench-proxies submission
.PHONY: dist manual install-service release-check schema test coverage unit test-ops test-onefile test-fresh test-docker test-gatling test-tools crash chaos soak lint format lock
.PHONY: cluster cluster-status cluster-down failover
.PHONY: dev loadtest local lint-tools badges pictures

help: ## show this help
	@echo "rinha: a bank ledger over HTTP on one SQLite file"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "variables, as in \`make up MODE=local\`; settings of the service itself are in .env.example"
	@sed -n 's/^#? /  /p' $(MAKEFILE_LIST)

up: $(READY) ## install missing packages, start the stack, or apply new code and settings to what runs
	@$(STACK) up

restart: $(PRESENT) ## replace the instances one after the other by the present code; no request fails
	@$(STACK) restart

down: $(PRESENT) ## stop the stack; the ledger stays
	@$(STACK) down

status: $(PRESENT) ## show which parts run, and whether the service answers
	@$(STACK) status

logs: $(PRESENT) ## follow the logs
	@$(STACK) logs

stats: $(PRESENT) ## show CPU, memory and throttling of each part
	@$(STACK) stats

reset: $(READY) ## empty the ledger
	@$(STACK) reset

check: $(READY) ## audit the ledger, even under load
	@$(STACK) check

sql: $(READY) ## open an SQL shell on the live ledger; SQL="SELECT ..." runs one statement
	@$(STACK) sql $${SQL:+"$$SQL"}

cliente: $(READY) ## clients: CLIENTE="list", "add 6 --limite 100000", "limit 6 500", "close 6"
	@$(STACK) cliente $(or $(CLIENTE),list)

snapshot: $(READY) ## write a consistent copy into out/, for any sqlite3
	@$(STACK) snapshot

restore: $(READY) ## restore the ledger: FILE=out/rinha-...db, or FROM=replica AT=02:34:41
	@case "$$FILE:$$FROM:$$AT" in ?*:: | :replica:*) ;; \
		*) echo "rinha: make restore FILE=..., or FROM=replica with AT=... or without" >&2; exit 2 ;; esac
	@$(STACK) restore $${FILE:+"$$FILE"} $${AT:+--at "$$AT"}

drill: loadtest local ## rehearse the loss of the disk under load and the restore, in a minute; DRILL=20
	@stack/setup.sh replica
	@$(PY) -m stack.drill $(or $(DRILL),30)

cluster: ## start three PostgreSQL nodes under Patroni on this machine, print the line for .env
	@stack/setup.sh $(if $(filter docker,$(MODE)),postgres,cluster)
	@MODE=$(MODE) $(PY) -m stack.cluster up

cluster-status: local ## show the primary, the standbys and how far they are behind
	@$(PY) -m stack.cluster status

cluster-down: local ## stop the cluster; its data stays
	@$(PY) -m stack.cluster down

failover: dev ## test failover: break a cluster under load in nine ways, FAILOVERS=20 times each; an hour
	@FAILOVERS=$(or $(FAILOVERS),20) $(PYTEST) -rP tests/promises/p8_cluster/test_failover.py

watch: loadtest $(PRESENT) ## show the figures of the operator's page in a terminal; q ends it
	@$(STACK) watch

# The target is the stack of this clone, unless LOAD names another one.
load: loadtest ## run the judge: the official run against this stack; LOAD="run -c 14 -d 30" for other loads
	@LOADTEST_URL=$$($(STACK) url 2>/dev/null) $(PY) -m loadtest $(or $(LOAD),official) $(EDITION_OPTION)

profile: loadtest local ## write a flame graph of an instance under load into out/, in ten seconds
	@stack/setup.sh profile
	@$(PY) -m stack.flame_graph

gatling: loadtest ## run the official run by Gatling itself (JDK 17, Maven); SIMULATION=their.scala
	@$(PY) -m loadtest gatling $${SIMULATION:+--simulation "$$SIMULATION"} $(EDITION_OPTION)

bench: ## measure the service beside alternatives into docs/benchmarks/; QUICK=1, BASELINE=FILE, ONLY=NAMES, STACKS=DIR
	@stack/setup.sh bench
	@$(PY) -m bench $(if $(RINHA_EDITION),--edition $(RINHA_EDITION)) $(if $(QUICK),--quick) $(if $(BASELINE),--baseline "$(BASELINE)") $(if $(STACKS),--stacks "$(STACKS)") $(if $(ONLY),--only "$(ONLY)")

bench-scaling: ## measure one instance beside several into docs/benchmarks/scaling.md, in 12 minutes
	@stack/setup.sh bench
	@$(PY) -m bench --edition scaling

bench-proxies: ## measure nginx beside Caddy, HAProxy and gzip into docs/benchmarks/proxies.md, in 8 minutes
	@command -v caddy >/dev/null && command -v haproxy >/dev/null || stack/apt.sh caddy haproxy
	@stack/setup.sh bench
	@$(PY) -m bench --edition proxies

submission: dev ## write dist/participante/NAME, an entry for the contest: NAME=... IMAGE=...
	@$(PY) -m stack.submission "$(NAME)" "$(IMAGE)"

dist: ## build dist/: the whole stack in one executable, the judge in another, wheels, sdists and the manual of both
	@onefile/dist.sh

manual: loadtest local ## write man pages and shell completions of both commands into dist/share
	@$(PY) -m manual dist/share

install-service: local ## write systemd units of this stack and its settings, as root; ROOT=DIR writes them below DIR
	@$(PY) -m stack install-service $${ROOT:+--root "$$ROOT"}

release-check: ## do all of a release but the upload: check, build and start it; TAG=v0.1.0
	@onefile/release_check.sh "$$TAG"

schema: loadtest ## renew docs/report.schema.json from the types of the judge's report
	@$(PY) -m loadtest schema >docs/report.schema.json.part
	@mv docs/report.schema.json.part docs/report.schema.json

# More workers than cores: most tests wait most of the time.
ALL_TESTS = $(PYTEST) -n 4 --dist worksteal $(IN_OTHER_TARGETS)

test: dev ## run every test that needs no container, in ten minutes
	@$(ALL_TESTS)

coverage: dev ## run the same tests, and report the lines of the service that they reach
	@$(ALL_TESTS) --cov --cov-report=term

unit: lint-tools ## run the tests that start no process, in a quarter of a minute; needs no server or compiler
	@$(PYTEST) -q -n 3 -m "not starts and not slow"

crash: dev ## test for twelve minutes: kills, power cuts, full disks, frozen processes; SEED=... repeats
	@EFFORT=crash $(PYTEST) -n 3 --dist worksteal -rP tests/promises

chaos: dev ## test for over half an hour: the same, fuzzing, then overload and slow clients
	@EFFORT=chaos SCHEMATHESIS_EXAMPLES=2000 $(PYTEST) -n 3 --dist worksteal -rP tests/promises
	@EFFORT=chaos $(PYTEST) -rP -m alone tests/promises

soak: dev ## run the usual load for SOAK=30m; the WAL, memory and descriptors must not grow
	@SOAK=$(or $(SOAK),30m) $(PYTEST) -rP -m soak tests/promises

test-docker: dev ## test the stack in containers, on a real Docker engine
	@$(ENGINE_ANSWERS) || { echo "no Docker engine answers: the tests in containers are skipped"; exit 0; } \
		&& $(PYTEST) tests/stack/containers

test-fresh: dev ## run the README's commands on bare Debians, as root, as on a new machine
	@[ "$$(id -u)" = 0 ] || { echo "only root can make a bare Debian: its tests are skipped"; exit 0; } \
		&& { command -v debootstrap >/dev/null || stack/apt.sh debootstrap debian-archive-keyring; } \
		&& $(PYTEST) -s tests/stack/fresh

test-onefile: dev ## test the two executables, as root, in a chroot with only a shell and a C library
	@[ "$$(id -u)" = 0 ] || { echo "only root can make a chroot: its tests are skipped"; exit 0; } \
		&& onefile/dist.sh && $(PYTEST) tests/stack/onefile

test-ops: ## test the page in a real browser, and metrics and alerts with Prometheus' own tools
	@stack/setup.sh browser
	@$(PYTEST) tests/ops

test-tools: dev ## test what needs zsh, fish, groff, systemd, jq, Redis, PgBouncer or py-spy; also docker compose, actionlint, zizmor if there
	@stack/setup.sh tools
	@$(PYTEST) -m tools

test-gatling: dev ## test rehearsals by Gatling itself, where Maven and its registry answer
	@$(PYTEST) $(GATLING_TEST)

# Subjects after this commit are checked; an archive without history has none.
SUBJECTS_SINCE = f34db88

lint: lint-tools ## check format, lint, types, locks and commit subjects, as CI does; needs no nginx or compiler
	@git log --format=%s $(SUBJECTS_SINCE).. 2>/dev/null | awk 'length > 72 { long = 1; \
		print "lint: a commit subject of more than 72 characters: " $$0 } END { exit long }'
	@$(PY) locks/check.py
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

format: lint-tools ## format the code and fix what lint can fix
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

lock: lint-tools ## update locks/ from pyproject.toml to the newest versions
	@stack/lock.sh
	@$(PY) -m pictures.badges

badges: lint-tools ## renew the README's badges from pyproject.toml, LICENSE and the locks
	@$(PY) -m pictures.badges

pictures: ## renew the other pictures of docs/images/ from a rehearsal, in two minutes
	@stack/setup.sh browser
	@{ command -v tmux && command -v pngquant; } >/dev/null || stack/apt.sh tmux pngquant
	@$(PY) -m pictures

loadtest:
	@stack/setup.sh loadtest

local:
	@stack/setup.sh ledger

dev: ## prepare .venv and the system's packages for all of the above
	@stack/setup.sh dev

lint-tools:
	@stack/setup.sh lint
