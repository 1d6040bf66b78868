# `make up` and `make test` start from nothing but Python 3.11, pip and make. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PIP_INSTALL := $(UV) pip install --quiet --python $(BIN)/python --require-hashes
JOBS ?= 2

.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.tools: requirements/tools.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tocsin needs Python 3.11 or newer; set PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment: on Debian, apt install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

$(VENV)/.runtime: $(VENV)/.tools requirements/runtime.txt pyproject.toml
	$(PIP_INSTALL) -r requirements/runtime.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(PIP_INSTALL) -r requirements/dev.txt
	@touch $@

up: $(VENV)/.runtime ## start everything on http://127.0.0.1:8080
	@exec $(BIN)/tocsin up

install: $(VENV)/.runtime ## the runtime alone
dev: $(VENV)/.dev ## the runtime and the tools that tests need

lock: $(VENV)/.tools ## pin the dependencies anew
	cd requirements && for set in tools runtime dev; do \
	  ../$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --no-annotate --python-version 3.11 $$set.in -o $$set.txt; done

messages: $(VENV)/.dev ## bring the translation catalogues up to date with the sources
	@$(BIN)/python scripts/messages

lint: $(VENV)/.dev ## style, types, import contracts, prose
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy src tests benchmarks
	$(BIN)/lint-imports --no-cache

schema: $(VENV)/.dev ## write schema.sql anew, after a migration
	$(BIN)/python -m tests.support.schema

test: $(VENV)/.dev ## everything CI runs
	@scripts/test-machine
	$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n $(JOBS) --dist loadgroup -m "not soak" tests

soak: $(VENV)/.dev ## the large, seeded proofs, with their figures
	$(BIN)/pytest -s -m soak tests

bench: $(VENV)/.dev ## the figures of docs/benchmarks.md, against a floor and Alertmanager
	@scripts/test-machine
	$(BIN)/python -m benchmarks.run

.PHONY: help up install dev lock messages lint schema test soak bench
