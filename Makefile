# make book · make test · make check · make serve · make site · make chapter CHAPTER=… PROFILE=…
# PROFILE is smoke, laptop or paper; TORCH_INDEX, if set, is a package index to take torch from (the CPU build).
PROFILE ?= laptop
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready
# The lock asks for one thread a chapter where it matters; Snakemake itself needs none of the libraries' threads.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1
# As many workers as cores, four at most (each holds torch), one thread each.
SIDE_BY_SIDE := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help book site chapter test long mutants test-gpu check serve setup pair publish archive benchmarks clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

book: $(READY)   ## set up, fetch data, run what changed, build the site
	@$(BIN)/soundreasons book --profile $(PROFILE)

site: $(READY)   ## render what was last run
	@$(BIN)/soundreasons site

chapter: $(READY) ## run one chapter: CHAPTER=spiky_svd PROFILE=smoke
	@test -n "$(CHAPTER)" || { echo "say which: make chapter CHAPTER=spiky_svd"; exit 2; }
	@$(BIN)/soundreasons run $(CHAPTER) --profile $(PROFILE)

serve: $(READY)  ## read the built site at http://localhost:8000
	@$(BIN)/soundreasons serve --port $(PORT)

test: $(READY)   ## set up, run every test but the longest
	@$(SIDE_BY_SIDE) -m "not long"

long: $(READY)   ## the longest tests: a ninth paper, a killed build, real trainings, mutants
	@$(SIDE_BY_SIDE) -m long
	@$(MAKE) --no-print-directory mutants

test-gpu: $(READY) ## every smoke chapter on the GPU beside the processor
	@$(BIN)/python -m pytest tests/gpu/smoke_on_gpu.py

check: $(READY)  ## lint, types, layers, the shared floors' tests, and CHAPTER's: under three minutes
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(SIDE_BY_SIDE) -q -m "not chapter and not site and not network and not long" \
		tests/core tests/data tests/media tests/site \
		$(wildcard lib/soundreasons/*.py) $(addprefix lib/soundreasons/,data learning media site) $(if $(CHAPTER),tests/papers/$(CHAPTER) lib/soundreasons/papers/$(CHAPTER))

pair: $(READY)   ## bring notebooks/*.ipynb in step with notebooks/*.md, the sources
	@for source in notebooks/*.md; do \
		$(BIN)/jupytext --quiet --update --to ipynb "$$source" && echo "$${source%.md}.ipynb"; done

publish: $(READY) ## make the last laptop runs the committed reference
	@$(BIN)/soundreasons publish

archive: $(READY) ## source, site and executed notebooks in one file, for a deposit
	@test -f _build/html/index.html || { echo "nothing built yet: make book"; exit 2; }
	@git archive --prefix=soundreasons/ --output=_build/soundreasons.tar HEAD
	@tar --append --file=_build/soundreasons.tar --transform='s,^,soundreasons/,' _build/html \
		$(wildcard _build/runs/$(PROFILE)/*/notebook.ipynb _build/runs/$(PROFILE)/*/results.json)
	@gzip --force _build/soundreasons.tar && echo "wrote _build/soundreasons.tar.gz"

benchmarks: $(READY) ## processor time and memory, as ratios
	@for script in $(filter-out benchmarks/mutants.py,$(wildcard benchmarks/*.py)); do $(BIN)/python "$$script" || exit 1; done

mutants: $(READY) ## change every method a little: do its tests notice?
	@$(BIN)/python benchmarks/mutants.py

setup: $(READY)  ## create .venv and install the lock

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 is needed; set PYTHON=/path/to/it"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing requirements.txt into .venv (a few minutes the first time)"
	@test -z "$(TORCH_INDEX)" || \
		$(BIN)/python -m pip install --quiet --index-url "$(TORCH_INDEX)" "$$(grep -oE '^torch==[0-9.]+' requirements.txt)"
	@$(BIN)/python -m pip install --quiet --progress-bar off -r requirements.txt
	@# tinysoundfont asks for pyaudio, which it needs only to play aloud and which does not build everywhere.
	@$(BIN)/python -m pip install --quiet --no-deps --only-binary :all: tinysoundfont==0.3.7 || \
		echo "tinysoundfont has no wheel here: chapters that render scores will say what they do without it"
	@$(BIN)/python -m pip check | grep -vE '^(tinysoundfont .* pyaudio|No broken requirements)' && exit 1 || true
	@touch $@

clean:           ## remove what was built; data and .venv stay
	@rm -rf _build .snakemake book/chapters book/generated
