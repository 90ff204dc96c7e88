# Each target is a thin line over a standard tool. `make lab` and `make test` install all that they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
LAB_ARGS    ?=
TEST_ARGS   ?=
EVAL_ARGS   ?=
MODEL       ?= 0.5b

.PHONY: lab test cover lint type format eval bench model constraints clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,dev]'
	touch $@

model: $(STAMP)
	$(BIN)/jupyter-spark model pull $(MODEL)

lab: $(STAMP) model
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS) examples/quickstart.ipynb

test: $(STAMP) model
	$(BIN)/python -m pytest $(TEST_ARGS)

# The pure modules, branch by branch; a quick run of the unit tests alone.
PURE := edits diff outputs ipysyntax dataflow tokens checks context conversation prompts request settings
cover: $(STAMP)
	$(BIN)/python -m pytest tests/unit -q $(foreach m,$(PURE),--cov=jupyter_spark.$(m)) --cov=jupyter_spark.notebook \
	  --cov-branch --cov-report=term --cov-fail-under=95

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(STAMP)
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

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
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
