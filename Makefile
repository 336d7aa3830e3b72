# Everything runs from an empty clone: python3 >= 3.11 with pip, and make. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
RUN ?= demo
PYTEST := $(BIN)/python -m pytest

.PHONY: help env spark report test notebooks validate bench lint lock demo clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

env: $(READY) ## set up .venv from the lock file, with hashes

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "make: python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0] + "; say make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

spark: $(READY) ## add pyspark, 460 MB, for `engine: spark` and its tests
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-spark.lock

data/demo/truth/planted.json: $(READY) $(wildcard helpers/sources/demo/*.py)
	@$(BIN)/playbook demo --out data/demo

demo: data/demo/truth/planted.json ## write the made-up company to data/demo

report: data/demo/truth/planted.json ## made-up company -> all notebooks -> reports/demo/index.html
	@$(BIN)/playbook run --config config/demo.yaml --run-id demo --workers $(WORKERS)

notebooks: $(READY) data/demo/truth/planted.json ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=. notebooks

validate: $(READY) ## run reports/$(RUN) again under nbval and compare every output
	@$(BIN)/playbook validate $(RUN)

test: lint ## every test; a file stays on one worker, so that what its tests share is made once
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(READY) ## ruff over code and notebooks, mypy over helpers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy

bench: $(READY) ## speed, as ratios within one run
	@$(BIN)/python -m benchmarks

lock: ## renew the lock files after a change of pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --extra dev pyproject.toml -o requirements.lock
	@echo uv | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -c requirements.lock - -o requirements-uv.lock
	@echo 'pyspark>=4.3,<5' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -c requirements.lock - -o requirements-spark.lock

clean: ## remove the environment, the demo data and all runs
	rm -rf $(VENV) data/demo .mypy_cache .ruff_cache .pytest_cache
	find reports -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
