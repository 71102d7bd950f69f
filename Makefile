# Everything a newcomer needs: `make demo` and `make test`. Each target makes its own environment in .venv first.
# Needs make and Python 3.11 or newer with its venv module (Debian: apt-get install make python3-venv).

PYTHON := $(shell for one in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$one >/dev/null 2>&1 && $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$one && break; done)
VENV := .venv
BIN := $(VENV)/bin
# The system certificates: a network may have its own authority.
UV := VIRTUAL_ENV=$(VENV) UV_SYSTEM_CERTS=true $(BIN)/uv
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo serve test bench screenshots lint format lock clean

help:
	@echo "make demo    start a throw-away server with demo data and print a login link"
	@echo "make serve   start a server over ./onrecord-data"
	@echo "make test    lint, types, architecture and every test that this machine can run"
	@echo "make bench   measure throughput, latency, memory and disk"
	@echo "make screenshots  make the pictures of docs/screenshots.md again (needs chromium)"
	@echo "make lint    format, lint, types and import contracts only"

demo: $(VENV)/.server
	@$(BIN)/onrecord demo

serve: $(VENV)/.server
	@$(BIN)/onrecord serve

test: lint
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	@$(BIN)/python -m bench $(BENCH)

screenshots: $(VENV)/.dev
	@$(BIN)/python -m bench.screenshots docs/screenshots

# Pinned versions with their hashes, for Python 3.11 and later on any platform; no address of a package index.
lock: $(VENV)/.uv
	$(UV) pip compile pyproject.toml --extra server --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --quiet --output-file requirements/dev.txt
	$(UV) pip compile pyproject.toml --extra server --universal --python-version 3.11 --generate-hashes \
		--constraint requirements/dev.txt --no-header --no-annotate --no-emit-index-url --quiet \
		--output-file requirements/server.txt

$(VENV)/.uv:
	@test -n "$(PYTHON)" || { echo "onrecord needs Python 3.11 or newer; none was found." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "The venv module is missing. Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade >/dev/null
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.6'
	@touch $@

$(VENV)/.server: pyproject.toml requirements/server.txt | $(VENV)/.uv
	$(UV) pip install --quiet --require-hashes --requirement requirements/server.txt
	$(UV) pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml requirements/dev.txt | $(VENV)/.uv
	$(UV) pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(UV) pip install --quiet --no-deps --editable .
	@touch $@ $(VENV)/.server

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
