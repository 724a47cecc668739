# Everyday commands of Entente. Everything lives in .venv/ and var/; nothing else is touched.
PYTHON ?= python3
PORT ?= 8000
SECONDS ?= 600
PEOPLE ?= 500
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv

.PHONY: demo install dev test check lint lock bench chaos screenshots
.DEFAULT_GOAL := demo

demo: .venv/.installed ## open the demonstration on 127.0.0.1:$(PORT); RESET=1 starts anew
	@$(BIN)/entente demo --port $(PORT) $(if $(RESET),--reset)

install: .venv/.installed ## prepare the environment only

dev: .venv/.installed-dev ## prepare the environment with what tests and checks need

test: dev ## every test that the machine allows; missing services are skipped by name
	@$(BIN)/python -m pytest -n auto --dist loadfile

check: dev lint ## exactly what CI asks
	@$(BIN)/python -m pytest -n auto --dist loadfile

lint: dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: .venv/bin/uv ## write the two lock files again
	@$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --group build pyproject.toml -o requirements.lock
	@$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --group build --group dev pyproject.toml -o requirements-dev.lock

bench: dev ## measure again what docs/speed.md says, against this machine alone
	@$(BIN)/python -m bench

chaos: dev ## a crowd over all rooms under kill -9 for SECONDS, then the proof that nothing was lost
	@$(BIN)/python -m bench.chaos --seconds $(SECONDS) --people $(PEOPLE) $(if $(SEED),--seed $(SEED))

screenshots: dev ## take again the picture of the README
	@$(BIN)/python docs/screenshots.py

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Entente needs Python 3.11 or newer.")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/uv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
