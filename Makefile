# Lyceum's commands; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help install run serve seed purge test fuzz doors races lint check migration rollback push bench bench-install bench-seed bench-purge bench-growth clean requirements

HOST ?= 127.0.0.1
PORT ?= 8000
DB ?= sqlite postgresql
TEST ?= tests
EXAMPLES ?= 500
SCALE ?= 0
OLDER ?= 30d
ROWS ?= 1000000
PYTHON := .venv/bin/python
MANAGE := $(PYTHON) manage.py

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed ## Make the virtual environment and install what runs

.venv/bin/python:
	@set -e; \
	free=$$(df -Pk . | awk 'NR == 2 {print int($$4 / 1024)}'); \
	if [ "$$free" -lt 600 ]; then \
		echo "Not enough disk: Lyceum needs about 600 MB here, $$free MB are free." >&2; exit 1; \
	fi; \
	for candidate in python3.14 python3.13 python3.12 python3; do \
		if $$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then \
			echo "==> Making .venv with $$($$candidate --version)"; \
			exec $$candidate -m venv .venv; \
		fi; \
	done; \
	found=$$(python3 --version 2>/dev/null || echo "no Python 3"); \
	echo "Lyceum needs Python 3.12 or newer with its venv module; this machine has $$found." >&2; exit 1

.venv/.installed: requirements.txt .venv/bin/python
	@echo "==> Installing what runs (a minute, the first time)"
	@$(PYTHON) -m pip install --disable-pip-version-check --require-hashes -r requirements.txt \
		|| { echo "Installing failed: the last lines above say why (network, disk or package index)." >&2; exit 1; }
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "==> Installing what tests and checks"
	@$(PYTHON) -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt \
		|| { echo "Installing failed: the last lines above say why (network, disk or package index)." >&2; exit 1; }
	@touch $@

run: install ## Install, migrate, seed once and serve: make run PORT=8123
	@$(MANAGE) run --host $(HOST) --port $(PORT)

serve: ## Start the server alone: make serve PORT=8123
	@test -x $(PYTHON) || { echo "Nothing is installed yet: make install" >&2; exit 1; }
	@$(MANAGE) serve --host $(HOST) --port $(PORT)

seed: install ## Add the demo world, and volume by SCALE=1.0
	@$(MANAGE) seed --scale $(SCALE)

purge: install ## Remove for good what was deleted long ago: make purge OLDER=12h
	@$(MANAGE) purge --older-than $(OLDER)

test: lint ## Lint, types and all tests: make test DB=sqlite TEST=tests/threads
	@for database in $(DB); do \
		echo "==> Tests on $$database"; \
		$(PYTHON) -m pytest --db $$database -n auto $(TEST) || exit 1; \
	done

fuzz: .venv/.installed-dev ## Requests by the OpenAPI document, many: make fuzz EXAMPLES=500 DB=sqlite SEED=7
	@failed=; for database in $(DB); do \
		echo "==> Fuzz on $$database, $(EXAMPLES) examples an operation"; \
		FUZZ_EXAMPLES=$(EXAMPLES) FUZZ_SEED=$(SEED) \
			$(PYTHON) -m pytest --db $$database -n auto --tb=short --show-capture=no tests/fuzz || failed=yes; \
	done; test -z "$$failed"

races: .venv/.installed-dev ## What many do at once, in full: make races DB=postgresql
	@failed=; for database in $(DB); do \
		echo "==> Races on $$database"; \
		RACES=1 $(PYTHON) -m pytest --db $$database --tb=short tests/races || failed=yes; \
	done; test -z "$$failed"

doors: .venv/.installed-dev ## Take away each condition of who sees what: do the door tests notice?
	@echo "==> The door tests as they are, then again without each condition"
	@$(PYTHON) -m pytest --db $(firstword $(DB)) -n auto --tb=short -p tests.doors.scopes tests/doors

lint: .venv/.installed-dev ## Style, types and the import order
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-cache >/dev/null || .venv/bin/lint-imports --no-cache

check: install ## Django's own checks, and whether every model has its migration
	@$(MANAGE) check --database default
	@$(MANAGE) makemigrations --check --dry-run

migration: install ## Write a migration and show its SQL: make migration app=threads name=add_colour
	@test -n "$(app)" && test -n "$(name)" || { echo "Say which: make migration app=threads name=add_colour" >&2; exit 1; }
	@$(MANAGE) makemigrations $(app) -n $(name)
	@written=$$(ls $(app)/migrations 2>/dev/null | grep "^[0-9]*_$(name).py$$" | tail -n 1); \
	if [ -n "$$written" ]; then $(MANAGE) sqlmigrate $(app) $${written%.py}; fi

rollback: install ## Go back to a migration: make rollback app=threads to=0001 (zero undoes all)
	@test -n "$(app)" && test -n "$(to)" || { echo "Say where to: make rollback app=threads to=0001" >&2; exit 1; }
	@$(MANAGE) migrate $(app) $(to)

push: install ## Bring the database to the models in one step (DEBUG only; shows the SQL and asks)
	@$(MANAGE) push

bench: .venv/.installed-dev ## Lyceum beside its peers, on PostgreSQL: make bench ONLY="--servers bun,plain"
	@$(PYTHON) benchmarks/comparing.py $(ONLY)

bench-install: .venv/bin/python ## Install what Lyceum is compared with (needs Node.js with npm)
	@command -v npm >/dev/null || { echo "npm is not installed: apt-get install nodejs npm" >&2; exit 1; }
	@cd benchmarks/peers/drizzle && npm ci --no-audit --no-fund
	@$(PYTHON) -m venv benchmarks/peers/fastapi/.venv
	@benchmarks/peers/fastapi/.venv/bin/python -m pip install --disable-pip-version-check --require-hashes \
		-r benchmarks/peers/fastapi/requirements.txt

bench-seed: .venv/.installed-dev ## Rows per second of the seed, on both databases
	@$(PYTHON) benchmarks/seeding.py

bench-purge: .venv/.installed-dev ## The purge with somebody writing beside it, on both databases
	@$(PYTHON) benchmarks/purging.py

benchmarks/.venv/.installed: benchmarks/requirements.txt .venv/bin/python
	@echo "==> Installing what draws the plot"
	@$(PYTHON) -m venv benchmarks/.venv
	@benchmarks/.venv/bin/python -m pip install --disable-pip-version-check --require-hashes \
		-r benchmarks/requirements.txt
	@touch $@

bench-growth: .venv/.installed-dev benchmarks/.venv/.installed ## What lists and histories cost as they grow: make bench-growth ROWS=100000
	@$(PYTHON) benchmarks/growth.py $(ROWS)

requirements: .venv/.installed-dev ## Compile the pinned and hashed requirements anew
	@for file in requirements requirements-dev benchmarks/requirements benchmarks/peers/fastapi/requirements; do \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
			--no-emit-index-url --custom-compile-command "make requirements" $$file.in -o $$file.txt; \
	done

clean: ## Remove the virtual environment and caches; data in var/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
