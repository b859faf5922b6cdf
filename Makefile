# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Files begin in the order that tests/conftest.py gives them.
SUITE  := $(BIN)/python -m tests.suite -n 2 --dist loadfile --no-loadscope-reorder

# Modules are compiled once and kept, whatever the environment says: a start from source costs three times the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage check format bench chaos soak lock clean help

help:
	@echo "make demo      a virtual factory and all of WattProof on http://127.0.0.1:8000"
	@echo "make test      install what the tests need, run them all"
	@echo "make coverage  the same, and which lines and branches they reached; takes twice the processor time"
	@echo "make check     the static checks: format, lint, types, import rules"
	@echo "make bench     all benchmarks; writes docs/benchmarks.md"
	@echo "make chaos     a hundred faults on real parts, per store; the ledger of every reading (docs/chaos.md)"
	@echo "make soak      the same with five hundred"
	@echo "make lock      renew the hash-checked dependency locks"

demo: $(VENV)/demo.installed
	$(BIN)/wattproof demo

test: $(VENV)/dev.installed check
	@sh tests/system-packages.sh
	$(SUITE)

coverage: $(VENV)/dev.installed
	@sh tests/system-packages.sh
	$(BIN)/coverage erase
	$(SUITE) --cov --cov-report=term

check: $(VENV)/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers 2
	$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.installed
	$(BIN)/python -m benchmarks

SEED   ?= 1

chaos: FAULTS := 100
soak: FAULTS := 500

# Both stores are struck even when the first run fails: each has a ledger of its own.
chaos soak: $(VENV)/dev.installed
	@sh tests/system-packages.sh
	status=0; \
	$(BIN)/python -m chaos --store duck --faults $(FAULTS) --seed $(SEED) || status=1; \
	$(BIN)/python -m chaos --store influx --faults $(FAULTS) --seed $(SEED) || status=1; \
	exit $$status

influxdb: $(VENV)/dev.installed
	$(BIN)/python -m tests.influxdbs

lock: $(BIN)/python
	sh requirements/lock.sh $(BIN)/python

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage* api/static/vendor test-output

# uv installs in a tenth of pip's time; where it cannot (an index that only pip is set up for), pip does it.
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
UV     := UV_NATIVE_TLS=1 $(BIN)/uv --quiet pip install --python $(BIN)/python

$(BIN)/python:
	@sh requirements/venv.sh $(PYTHON) $(VENV)

$(BIN)/uv: $(BIN)/python requirements/installer.txt
	$(PIP) install --require-hashes -r requirements/installer.txt
	@touch $@

$(VENV)/%.installed: requirements/%.txt pyproject.toml $(BIN)/uv
	$(UV) --require-hashes -r $< || $(PIP) install --require-hashes -r $<
	$(UV) --no-deps -e . || $(PIP) install --no-deps -e .
	@touch $@
