# Every target is a line; `make setup` comes first by itself, and is instant when nothing changed.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix frontend
STAMP := .venv/.stamp
.DEFAULT_GOAL := help
# A Python that keeps no bytecode compiles Snakemake anew in each process: three times the start of all that runs here.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup demo test test-all chaos bench shots dev fill lint fix types client wheels node chromium

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: $(STAMP) ## a local environment with both distributions, and the built pages
	@$(BIN)/python hatch_build.py

demo: setup ## serve, and run the demo workflow before your eyes (EXIT=1: end after a verified run)
	@if [ -z "$(EXIT)" ] && [ -t 1 ]; then $(BIN)/flowo demo; else $(BIN)/flowo demo --exit --no-open; fi

test: setup node chromium lint types ## all tests: Python, frontend, and a walk in a real browser
	@$(NPM) test --silent
	@$(BIN)/pytest -n 2 --dist loadfile -m "not all"

test-all: test ## the long and rare ones too: every version of Snakemake (an hour)
	@$(BIN)/pytest -m all --timeout 1800

chaos: setup chromium ## kill server, PostgreSQL, connections and Snakemake; nothing lost, twice or wrong (CASES, RUNS, JOBS, SEED)
	@$(BIN)/pytest -m "all or not all" -k kill --timeout 1800 tests/e2e tests/server
	@$(BIN)/python -m tests.chaos

bench: setup chromium ## measure, and print the table (LIVE_S: seconds of a live run in the browser)
	@$(BIN)/python -m tests.bench

shots: setup chromium ## pictures of every page and state, wide and narrow, light and dark, in .screenshots (or OUT)
	@$(BIN)/python -m tests.e2e.screenshots $(OUT)

dev: setup node ## reload on both sides: pages at http://127.0.0.1:5173, API at :3100
	@trap 'kill 0' EXIT; $(NPM) run dev & FLOWO_PUBLIC_URL=http://127.0.0.1:5173 $(BIN)/flowo serve --reload --port 3100 --data-dir .venv/dev

fill: setup ## runs in every state for the server of `make dev`, and one that goes on for some minutes
	@$(BIN)/python -m tests.e2e.fill .venv/dev

lint: setup node ## style of both sides, and who may import whom
	@$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/lint-imports --no-cache && $(NPM) run --silent lint

fix: setup node ## what lint can repair by itself
	@$(BIN)/ruff check --fix; $(BIN)/ruff format; $(NPM) run --silent fix

types: setup node ## mypy and tsc
	@$(BIN)/mypy && $(NPM) run --silent types

client: $(STAMP) ## write frontend/openapi.json and the types made from it (builds no pages: they may not compile before)
	@$(BIN)/python hatch_build.py --modules
	@$(BIN)/python -m tests.house.openapi > frontend/openapi.json && $(NPM) run --silent client

wheels: setup ## both wheels and source distributions, in dist/
	@rm -rf dist && $(BIN)/python -m build --installer uv -o dist . && $(BIN)/python -m build --installer uv -o dist plugin

$(STAMP): pyproject.toml plugin/pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "flowo needs Python 3.11 or later: make PYTHON=python3.12 …")'
	@echo "flowo's environment: .venv, some minutes on a slow machine …" >&2
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt || echo "no uv: pip does it, slower"
	@FLOWO_SKIP_FRONTEND=1 $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e ./plugin -e '.[dev,demo]' \
	  || FLOWO_SKIP_FRONTEND=1 $(BIN)/python -m pip install --quiet -c constraints.txt -e ./plugin -e '.[dev,demo]'
	@touch $@

node: setup
	@$(BIN)/python hatch_build.py --modules

chromium:
	@sh tests/chromium.sh
