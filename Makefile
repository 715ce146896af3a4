# make run       build .venv if needed, start the service on 127.0.0.1:8000
# make setup     .venv with everything that tests and builds need; `make run` installs what runs only
# make test      everything that is checked: ruff, mypy, import-linter, the knowledge files, Docker's files, the built
#                pages, pytest, the pages in Chromium
# make web       build the pages: what web/ says becomes cds_service/web/, which is committed
# make screenshots   the pictures of README.md anew, into docs/screenshots/
# make sbom      what is in the image, as CycloneDX: dist/legcramps.cdx.json
# make bench     what it costs beside references, into bench/results/ and docs/; QUICK=1: a rough look that is not kept
# make secrets   passwords and a token for docker-compose.yml, into secrets/
# Only make and a Python of 3.11 or newer are needed (the tests install the programs of PostgreSQL and Chromium where they
# are missing, Node comes as a Python package); PYTHON=/path/to/python chooses one.

VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
RECORDS ?= ../shared/patients
# Playwright uses the Chromium of this machine.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
MODERN := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test test-browser test-records web screenshots audit bench lock lock-web sbom secrets

help:
	@echo "make run | test | web | screenshots | setup | test-browser | test-records RECORDS=folder | audit | bench | lock | lock-web | sbom | secrets"
	@echo "The head of Makefile and README.md tell what each does."

setup: $(VENV)/.tools

# The dependencies change with the locks only, the project itself with pyproject.toml only.
$(VENV)/.dependencies: requirements.lock requirements-build.lock
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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	    -r requirements.lock -r requirements-build.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.dependencies pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What tests and builds need besides, four times as much: Node, Playwright, the checkers.
$(VENV)/.tools: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.installed
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
	tools/install_chromium.sh
	tools/build_web.sh --check
	tools/install_postgresql.sh
	$(BIN)/pytest -n auto
	$(BIN)/pytest -n auto --dist worksteal -m browser tests/browser

# Only what looks at the pages.
test-browser: setup
	tools/install_chromium.sh
	$(BIN)/pytest -n auto --dist worksteal -m browser tests/browser

# Commit what it changes.
web: setup
	tools/build_web.sh

# Look at them before you commit them.
screenshots: setup
	tools/install_chromium.sh
	$(BIN)/pytest -m browser tests/browser/test_screenshots.py --renew-screenshots

# Records that nobody here wrote; they are read where they are, never copied.
test-records: setup
	$(BIN)/pytest -n auto -m records "--records=$(RECORDS)"

# Known vulnerabilities of what is installed; fails where it can't reach the data, so it is no part of `test`.
audit: setup
	$(BIN)/python tools/audit.py requirements.lock requirements-dev.lock tools/lint_deployment.lock bench/requirements.lock --npm

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

# After a change of web/package.json; it takes the network too.
lock-web: setup
	tools/lock_web.sh
