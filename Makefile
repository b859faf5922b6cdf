# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test check format bench lock clean help

help:
	@echo "make demo    a virtual factory and all of WattProof on http://127.0.0.1:8000"
	@echo "make test    install what the tests need, run them all"
	@echo "make check   the static checks: format, lint, types, import rules"
	@echo "make bench   all benchmarks; writes docs/benchmarks.md"
	@echo "make lock    renew the hash-checked dependency locks"

demo: $(VENV)/demo.installed
	$(BIN)/wattproof demo

test: $(VENV)/dev.installed check
	@sh tests/system-packages.sh
	$(BIN)/coverage erase
	$(BIN)/python -m pytest --cov --cov-report=term

check: $(VENV)/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.installed
	$(BIN)/python -m benchmarks

lock: $(BIN)/python
	sh requirements/lock.sh $(BIN)/python

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage* api/static/vendor test-output

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "WattProof needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.installed: $(BIN)/python requirements/demo.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.installed: $(BIN)/python requirements/dev.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@ $(VENV)/demo.installed
