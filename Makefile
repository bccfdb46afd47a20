# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help setup demo test test-fast test-slow check format bench bench-peers compare clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Parley needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[models,service,bench,dev]'
	@touch $@

setup: $(STAMP) ## Make .venv with everything in it and fetch the models of the default profile
	@$(BIN)/parley models pull --profile cpu
	@echo "Ready: $(BIN)/parley --help"

demo: setup ## Turn a real recording into minutes
	@$(BIN)/parley demo

test: setup ## Run the tests, real models included
	$(BIN)/python -m pytest -m 'not slow'

test-fast: $(STAMP) ## Run the tests that need no model: under a minute
	$(BIN)/python -m pytest -m 'not slow and not model'

test-slow: setup ## Run what takes long: an hour of sound, conversion of the language model
	$(BIN)/python -m pytest -m slow --timeout 7200

check: $(STAMP) ## Lint, types, import contracts, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Accuracy on DATA (a folder of recordings with references)
	$(BIN)/python -m benchmarks.accuracy $(or $(DATA),$(error make bench DATA=folder))

bench-peers: setup ## Make an environment for each tool that Parley is compared with: 20 GB
	$(BIN)/python -m benchmarks.peers.environments

compare: bench-peers ## Compare with other tools on DATA, long recordings cut to CUT seconds for the slow ones
	$(BIN)/python -m benchmarks.compare $(or $(DATA),$(error make compare DATA=folder)) --cut $(or $(CUT),600)

clean: ## Remove what setup made here (models stay in the cache)
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist
