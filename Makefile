# Everything starts here: `make run`, `make test`. `make help` lists the rest.
# Needs Python 3.11 or later with its venv module, and make. Everything else is installed into .venv,
# from lock files with hashes, once; later starts need no network.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$python >/dev/null 2>&1 && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11
ARGS ?=
unexport PYTHONDONTWRITEBYTECODE # where it is set, each start would compile the program anew

.DEFAULT_GOAL := help
.PHONY: help run setup test replays faults elasticsearch lint format bench lock clean

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

run: $(RUN_STAMP) ## install what is needed, load the starter archive on the first start, serve http://127.0.0.1:8484
	@exec $(BIN)/noticewatch run $(ARGS)

setup: $(RUN_STAMP) ## make .venv and install noticewatch into it

test: $(DEV_STAMP) ## run the test suite; REQUIRE=browser,postgresql,elasticsearch turns skips of what is absent into failures
	@$(BIN)/python -m pytest $(ARGS)

faults: $(DEV_STAMP) ## crawl every source under every fault; kill crawls, imports and backups at 100 random points each
	@NOTICEWATCH_KILLS=100 NOTICEWATCH_FAULT_STEP=1 $(BIN)/python -m pytest tests/faults $(ARGS)

elasticsearch: $(DEV_STAMP) ## start an Elasticsearch for trying and for tests, with Docker or with Maven and Java
	@$(BIN)/python -m dev.elasticsearch_server

replays: $(DEV_STAMP) ## replay every source's recorded answers to its golden notices
	@$(BIN)/python -m pytest tests/sources/test_every_source.py tests/sources/test_golden.py $(ARGS)

lint: $(DEV_STAMP) ## check style, types, the rooms' imports and the lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@! grep -nE -- '--(extra-)?index-url|--find-links|https?://' requirements/*.txt \
		|| { echo "The lock files name an index; make lock writes them without." >&2; exit 1; }

format: $(DEV_STAMP) ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_STAMP) ## measure loading, searching, bulk files and the log against the stated limits
	$(BIN)/python -m bench.starter
	$(BIN)/python -m bench.search
	$(BIN)/python -m bench.unchanged
	$(BIN)/python -m bench.bulk_memory
	$(BIN)/python -m bench.append
	$(BIN)/python -m bench.paging
	$(BIN)/python -m bench.joins
	$(BIN)/python -m bench.history
	$(BIN)/python -m bench.verify
	$(BIN)/python -m bench.evidence
	$(BIN)/python -m bench.alerts
	$(BIN)/python -m bench.watchlist
	$(BIN)/python -m bench.matcher

lock: $(DEV_STAMP) ## write the lock files anew from pyproject.toml; ARGS=--upgrade takes newer versions
	$(LOCK) $(ARGS) pyproject.toml requirements/build.in -o requirements/run.txt
	$(LOCK) $(ARGS) --extra dev pyproject.toml requirements/build.in -o requirements/dev.txt

clean: ## remove .venv and caches; data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "noticewatch needs Python 3.11 or later; install it, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "$(PYTHON) could not make a virtual environment; install its venv module (Debian: apt install python3-venv)." >&2; exit 1; }

$(RUN_STAMP): requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "Installing what noticewatch needs into .venv (once)."
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP) | .venv/bin/python
	@echo "Installing what the tests need into .venv (once)."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
