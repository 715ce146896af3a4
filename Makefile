# make run       build .venv if needed, start the service on 127.0.0.1:8000
# make test      everything that is checked: ruff, mypy, import-linter, the knowledge files, Docker's files, pytest
# make sbom      what is in the image, as CycloneDX: dist/legcramps.cdx.json
# make bench     what it costs beside references, into bench/results/ and docs/; QUICK=1: a rough look that is not kept
# make secrets   passwords and a token for docker-compose.yml, into secrets/
# Only make and a Python of 3.11 or newer are needed (the tests install PostgreSQL's programs where they are missing); PYTHON=/path/to/python chooses one.

VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
RECORDS ?= ../shared/patients
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
MODERN := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test test-records audit bench lock sbom secrets

help:
	@echo "make run | test | setup | test-records RECORDS=folder | audit | bench | lock | sbom | secrets (README.md tells what each does)"

setup: $(VENV)/.installed

# The dependencies change with the lock only, the project itself with pyproject.toml only.
$(VENV)/.dependencies: requirements-dev.lock
	@for python in $(CANDIDATES); do \
	    if command -v $$python >/dev/null && $$python -c '$(MODERN)' 2>/dev/null; then break; fi; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "legcramps needs Python 3.11 or newer, and none was found." >&2; \
	    echo "Install one, or name it: make setup PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	fi; \
	echo "Building $(VENV) with $$($$python --version)"; \
	$$python -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.dependencies pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup
	$(BIN)/legcramps serve

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/legcramps cards lint
	$(BIN)/legcramps cards preview --out $(VENV)/cards-preview.html
	@# 3: there is nothing to compare with (no checkout, or files that only an older version reads)
	$(BIN)/legcramps cards diff HEAD || [ $$? -eq 3 ]
	tools/lint_deployment.sh
	tools/install_postgresql.sh
	$(BIN)/pytest -n auto

# Records that nobody here wrote; they are read where they are, never copied.
test-records: setup
	$(BIN)/pytest -n auto -m records "--records=$(RECORDS)"

# Known vulnerabilities of what is installed; fails where it can't reach the data, so it is no part of `test`.
audit: setup
	$(BIN)/python tools/audit.py requirements.lock requirements-dev.lock tools/lint_deployment.lock bench/requirements.lock

sbom: setup
	$(BIN)/python tools/sbom.py dist/legcramps.cdx.json

# An environment of its own: what a deployment installs, and nothing of the tests.
$(BENCH)/.dependencies: $(VENV)/.dependencies bench/requirements.lock
	$(BIN)/python -m venv --clear $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/requirements.lock
	@touch $@

$(BENCH)/.installed: $(BENCH)/.dependencies pyproject.toml
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

bench: $(BENCH)/.installed
	$(BENCH)/bin/python -m bench $(if $(QUICK),--quick)

# Without `setup`: a machine that runs containers needs no more of this than a Python.
secrets:
	@python3 tools/new_secrets.py secrets

# Newest versions: make lock UPGRADE=--upgrade
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)
lock:
	@set -e; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	python3 -m venv "$$tool"; "$$tool/bin/pip" install --quiet uv; PATH="$$tool/bin:$$PATH"; \
	$(LOCK) --extra postgresql --output-file requirements.lock pyproject.toml; \
	$(LOCK) --extra dev --extra postgresql --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml; \
	echo hatchling | $(LOCK) --constraint requirements-dev.lock --output-file requirements-build.lock -; \
	printf '%s\n' hatchling matplotlib orjson | $(LOCK) --constraint requirements-dev.lock \
	    --output-file bench/requirements.lock pyproject.toml -
