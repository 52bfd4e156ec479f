# One target per step. `make help` lists them; TARGET=duckdb|postgres|redshift and LANDING=path apply to each.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
export TARGET ?= duckdb
export LANDING ?= landing
# dbt looks for profiles.yml here, wherever the caller keeps another one.
export DBT_PROFILES_DIR := $(CURDIR)
# What Python and dbt print is UTF-8 on every machine.
export PYTHONUTF8 := 1

.PHONY: help run load build docs mdm publish rejudge lint test test-redshift parity bench refresh-bots refresh-networks venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  TARGET=duckdb|postgres|redshift  the engine (default duckdb)'
	@echo '  LANDING=path                     the folder or s3:// prefix of the files (default landing)'

run: venv ## set up, load the landing files (demo data when there are none), build, test, write the docs
	@$(PYTHON) scripts/run.py run

load: venv ## load what is new in the landing files into the raw tables
	@$(PYTHON) scripts/run.py load

build: venv ## build and test every model of the warehouse
	@$(PYTHON) scripts/run.py build

docs: venv ## write the documentation site to site/index.html
	@$(PYTHON) scripts/run.py docs

mdm: venv ## start the master-data portal on 127.0.0.1:8000 (PORT=), with the records of the landing files
	@$(PYTHON) scripts/run.py mdm

publish: venv ## write what is new in the portal to the landing files; make run does so too
	@$(PYTHON) scripts/run.py publish

rejudge: venv ## say which verdicts of clicks the present rules would change; YES=1 changes them
	@$(PYTHON) scripts/rejudge.py $(if $(filter 1 yes,$(YES)),--yes)

lint: venv ## check the style of SQL and Python, the types, and the rules of the project
	@$(PYTHON) scripts/checks/lint.py

test: venv ## run every test: pytest and dbt's, on DuckDB, a PostgreSQL of its own, and Redshift or its stand-in
	@$(PYTHON) scripts/private_postgres.py --check
	@$(PYTHON) scripts/ensure_chromium.py
	@$(PYTHON) -m pytest -n 2 --dist loadfile

test-redshift: venv ## run the tests on Redshift alone: a stand-in for it, or CLICKSTAR_REDSHIFT_HOST
	@$(PYTHON) -m pytest -n 2 --dist loadfile tests/python/test_redshift_standin.py \
	  tests/python/test_redshift_loader.py tests/python/test_redshift_build.py

# A demo is made unless somebody names the files: LANDING has a default for the other targets.
parity: venv ## compare the engines row by row (LANDING=path, or a demo of CLICKS=20000)
	@$(PYTHON) scripts/parity.py $(if $(filter file,$(origin LANDING)),,--landing "$(LANDING)") \
		$(if $(CLICKS),--clicks $(CLICKS)) $(PARITY_OPTIONS)

bench: venv ## measure what is promised about speed, in about half an hour (BENCH_OPTIONS="--sizes 1,10,50 --strict")
	@$(PYTHON) scripts/bench.py $(BENCH_OPTIONS)

refresh-bots: venv ## renew the list of known robots from its packages (PyPI)
	@$(PYTHON) scripts/refresh_lists.py bots

refresh-networks: venv ## renew the list of data centres' networks from its packages (PyPI and npm)
	@$(PYTHON) scripts/refresh_lists.py networks

# The environment is made anew only when the lock file's content differs from what it was made from.
venv:
	@cmp -s requirements.lock .venv/requirements.lock || scripts/make_environment.sh
