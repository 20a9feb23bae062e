# Every target makes the environment it needs. Plain POSIX make: GNU's and BSD's both run it.
#
#   make demo                                    the sandbox into .demo/sandbox.duckdb
#   make demo PEOPLE=20000                       a larger sandbox
#   make demo CONFIG=secrets/config.json         a real account into .demo/account-<slug>.duckdb
#   make demo EVERYTHING=1                       also the streams that cost a request for each person
#   make report                                  models and charts of it: .demo/sandbox.html
#   make report DATABASE=... NAMES=1             of another DuckDB file; with the names of recruiters
#   make columns DATABASE=.demo/sandbox.duckdb   how much of each column of the tables is filled
#   make test                                    linters, types, all tests
#   make coverage                                all tests, then the lines that none of them runs
#   make PYTHON=/usr/bin/python3.11 demo         a Python of your choice (3.10, 3.11 or 3.12)

PYTHON =
CONFIG =
PEOPLE =
DATABASE =
EVERYTHING =
NAMES =
BIN = .venv/bin

help:
	@sed -n 's/^#  //p' Makefile

demo: .venv/with-demo
	@set --; \
	if [ -n "$(CONFIG)" ]; then set -- "$$@" --config "$(CONFIG)"; fi; \
	if [ -n "$(PEOPLE)" ]; then set -- "$$@" --people "$(PEOPLE)"; fi; \
	if [ -n "$(EVERYTHING)" ]; then set -- "$$@" --everything; fi; \
	if [ -n "$(DATABASE)" ]; then set -- "$$@" --database "$(DATABASE)"; fi; \
	exec $(BIN)/python -m demo "$$@"

report: .venv-models/with-report
	@set --; \
	if [ -n "$(NAMES)" ]; then set -- "$$@" --names; fi; \
	if [ -n "$(DATABASE)" ]; then set -- "$$@" "$(DATABASE)"; fi; \
	exec .venv-models/bin/python -m reports "$$@"

columns: .venv/with-demo
	@exec $(BIN)/python -m demo.columns $(DATABASE)

test: lint
	$(BIN)/pytest -n auto --dist worksteal

coverage: .venv/with-tests
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/with-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

clean:
	rm -rf .venv .venv-models .demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are younger than setup.py, so nothing is installed twice.
.venv/with-demo: .venv/made setup.py
	@.ci/install $(BIN)/python -e '.[demo]'
	@touch $@

.venv/with-tests: .venv/made setup.py
	@.ci/install $(BIN)/python -e '.[tests]'
	@touch .venv/with-demo $@

# dbt and the charts have an environment of their own.
.venv-models/with-report: .venv/made setup.py
	@[ -x .venv-models/bin/python ] || $(BIN)/python -m venv .venv-models
	@echo "Installing dbt and the charts into .venv-models; this takes a few minutes the first time."
	@.ci/install .venv-models/bin/python -e '.[report]'
	@touch $@

# PyAirbyte, which stores the demo's records, needs Python 3.12 or older.
USABLE = import sys; (3, 10) <= sys.version_info[:2] < (3, 13) or sys.exit("it is Python %d.%d" % sys.version_info[:2]); \
	import importlib.util as found; found.find_spec("ensurepip") or sys.exit("it has no venv (Debian: python3-venv)")

.venv/made:
	@if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; else set -- python3 python3.12 python3.11 python3.10; fi; \
	for python; do \
		if reason=$$("$$python" -c '$(USABLE)' 2>&1); \
		then echo "Making .venv with $$python, then installing; this takes a few minutes the first time."; \
			"$$python" -m venv .venv && touch $@; exit; fi; \
		echo "$$python cannot be used: $$(echo "$$reason" | head -n 1)." >&2; \
	done; \
	echo "Python 3.10, 3.11 or 3.12 with venv is needed: install one, or name one with make PYTHON=..." >&2; \
	exit 1

.PHONY: help demo report columns test coverage lint clean
