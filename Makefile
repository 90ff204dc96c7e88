# Each target is a thin line over a standard tool. `make lab` and `make test` install all that they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
FRONT  := labextension
# The front end's build tool (it brings jlpm), its packages, its bundle.
TOOL    := $(VENV)/.front-tool
MODULES := $(FRONT)/node_modules/.yarn-state.yml
BUNDLE  := jupyter_spark/_labextension/static/style.js
JLPM    := cd $(FRONT) && PATH="$(abspath $(BIN)):$$PATH" jlpm
LAB_ARGS    ?=
TEST_ARGS   ?=
WORKERS     ?= 2
EVAL_ARGS   ?=
MODEL       ?= 0.5b

.PHONY: lab test collaboration cover lint type front wire fresh format eval bench model constraints clean

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

$(TOOL): constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) jupyter-builder
	touch $@

$(MODULES): $(FRONT)/package.json $(FRONT)/yarn.lock | $(TOOL)
	$(JLPM) install --immutable
	touch $@

$(BUNDLE): $(MODULES) $(wildcard $(FRONT)/src/*.ts $(FRONT)/src/*/*.ts* $(FRONT)/style/* $(FRONT)/schema/*)
	$(JLPM) build:prod

# The page loads the bundle from this checkout: a new build needs no new install.
$(STAMP): pyproject.toml constraints.txt | $(BUNDLE)
	$(PIP) -e '.[local,dev]'
	$(BIN)/jupyter-builder develop --overwrite .
	touch $@

model: $(STAMP)
	$(BIN)/jupyter-spark model pull $(MODEL)

lab: $(STAMP) $(BUNDLE) model
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS) examples/quickstart.ipynb

# jupyter-collaboration switches itself on wherever it is installed: it is put beside the environment, where its test finds it.
TOGETHER := $(VENV)/collaboration
$(TOGETHER)/.installed: tests/ui/collaboration.txt | $(STAMP)
	rm -rf $(TOGETHER)
	$(PIP) --no-deps --target $(TOGETHER) -r $<
	touch $@

collaboration: $(TOGETHER)/.installed

test: $(STAMP) $(BUNDLE) model collaboration
	$(JLPM) test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TEST_ARGS)

# The pure modules, each file at 95 % of its branches or better, by the tests of pure code alone: no endpoint,
# no kernel, no journal, nothing that measures.
PURE := edits diff outputs ipysyntax dataflow tokens checks context conversation prompts request settings notebook \
        intent mending privacy redact figures completion grafting filling textedits
PURE_TESTS = $(filter-out tests/unit/test_paced% tests/unit/test_journal% tests/unit/test_recall%,$(wildcard tests/unit/test_*.py))
cover: $(STAMP)
	$(BIN)/python -m pytest $(PURE_TESTS) -q $(foreach m,$(PURE),--cov=jupyter_spark.$(m)) \
	  --cov-branch --cov-report=term
	$(BIN)/coverage report | awk '/%/ && $$NF + 0 < 95 { bad = 1; print "below 95 %: " $$1 } END { exit bad }'

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(STAMP)
	$(BIN)/mypy

front: $(MODULES)
	$(JLPM) format:check
	$(JLPM) lint

# The types that cross between Python and the page, from the one place where they are written.
# Not after the bundle: its build needs these types.
wire: $(MODULES)
	@test -e $(STAMP) || $(MAKE) $(STAMP)
	$(BIN)/python -m jupyter_spark.wire_page > $(FRONT)/src/_wire.schema.json
	$(JLPM) wire

# What is generated is what would be generated now, and no lock file names an address.
fresh: wire
	git diff --exit-code -- $(FRONT)/src/_wire.ts
	! grep -nE '://|__archiveUrl' $(FRONT)/yarn.lock

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(JLPM) format

eval: $(STAMP) model
	$(BIN)/python -m evals.run --compare-context $(EVAL_ARGS)

bench: $(STAMP)
	$(BIN)/python -m tests.bench

# Renews the pins; they carry no address, so any index will do.
constraints: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --upgrade --quiet \
	  --no-annotate --no-header --no-emit-index-url --no-emit-find-links -o constraints.txt

clean:
	rm -rf $(VENV) $(FRONT)/node_modules $(FRONT)/lib $(FRONT)/tsconfig.tsbuildinfo jupyter_spark/_labextension dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
