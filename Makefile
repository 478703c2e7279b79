# Everything a newcomer needs: `make leaderboard` and `make test`. Both make .venv first, by themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SUITE  ?= quick
# what `make regressions` compares, and which benchmarks (a regular expression; empty = all)
BASE   ?= main
HEAD   ?= HEAD
BENCH  ?=
# the status of the last `make regressions`
VERDICT := .asv/regressions.status
# bm3d is free for non-commercial use only; `make EXTRAS= leaderboard` does without it
EXTRAS ?= bm3d

ASV := $(BIN)/asv
# asv wants to know the machine once
ASV_MACHINE = test -e ~/.asv-machine.json || $(ASV) machine --yes > /dev/null
BENCH_OPTION = $(if $(BENCH),--bench "$(BENCH)")

comma := ,
extra = [$(if $(EXTRAS),$(EXTRAS)$(if $(1),$(comma)))$(1)]

.PHONY: leaderboard test test-fast test-gpu check docs format clean benchmark benchmark-check regressions benchmark-pages boards

leaderboard: $(VENV)/.installed
	$(BIN)/priorbench run $(SUITE)
	$(BIN)/priorbench leaderboard

# The boards in results/, of the records there, as the code writes them now.
boards: $(VENV)/.installed
	PATH="$(abspath $(BIN)):$$PATH" results/boards.sh

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

# Everything that only a GPU can show, and a table of iteration times, in less than eight minutes.
test-gpu: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.gpu

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A look at the working tree: each benchmark once or twice, nothing kept.
benchmark: $(VENV)/.installed-dev
	@$(ASV_MACHINE)
	$(ASV) run --environment existing:same --dry-run --show-stderr --attribute rounds=1 $(BENCH_OPTION)

# Does the suite still run? The cheap part, each once.
benchmark-check: $(VENV)/.installed-dev
	@$(ASV_MACHINE)
	$(ASV) check --environment existing:same
	$(ASV) run --environment existing:same --quick --dry-run --show-stderr --bench '^bench_(harness|store)\.(?!Large)' \
	  --bench "'identity'"

# Time, memory and quality of two commits; fails if something got worse, broke or could not be measured.
# make itself ends with 2 whatever failed, so that scripts read the file: 0 nothing worse, 1 worse or broken,
# 2 wrong request, 3 not measured. Until there is a verdict, nothing was measured.
ifneq (,$(filter regressions,$(MAKECMDGOALS)))
$(shell mkdir -p $(dir $(VERDICT)) && echo 3 > $(VERDICT))
endif
regressions: $(VENV)/.installed-dev
	@$(ASV_MACHINE)
	$(BIN)/python tests/tracking/regressions.py --base '$(BASE)' --head '$(HEAD)' $(BENCH_OPTION); \
	  status=$$?; echo $$status > $(VERDICT); exit $$status

# What was measured so far, as pages; the pages fetch their scripts from the network when they are looked at.
benchmark-pages: $(VENV)/.installed-dev
	$(ASV) publish
	@echo "$(ASV) preview shows them"

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "priorbench needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Kernels are compiled here, once, so that the first run need not wait for them.
PREPARE = -$(BIN)/priorbench prepare

# An installed torch of the right version is kept: put the build for your GPU into .venv first if you want one.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(call extra,)'
	$(PREPARE)
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(call extra,dev$(comma)docs)'
	$(PREPARE)
	touch $@ $(VENV)/.installed
