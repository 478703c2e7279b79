# Everything a newcomer needs: `make leaderboard` and `make test`. Both make .venv first, by themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SUITE  ?= quick
# bm3d is free for non-commercial use only; `make EXTRAS= leaderboard` does without it
EXTRAS ?= bm3d

comma := ,
extra = [$(if $(EXTRAS),$(EXTRAS)$(if $(1),$(comma)))$(1)]

.PHONY: leaderboard test test-fast check docs format clean

leaderboard: $(VENV)/.installed
	$(BIN)/priorbench run $(SUITE)
	$(BIN)/priorbench leaderboard

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "priorbench needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# An installed torch of the right version is kept: put the build for your GPU into .venv first if you want one.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(call extra,)'
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(call extra,dev$(comma)docs)'
	touch $@ $(VENV)/.installed
