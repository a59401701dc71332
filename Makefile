# The S4100 rig: every target sets up what it needs. Start with `make certify` or `make test`.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
STAMP := $(VENV)/.stamp
# Without byte code each process, and pytest for each test module, compiles all of this software once more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: certify test test-quick test-realtime test-pairs test-alone page-tools coverage check soak fuzz lint types contracts dead hooks dcc docs lock uncertainty-cases quality-cases changelog clean help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

certify: $(STAMP) ## certify the emulated meter: plan, measure, judge, report
	@$(BIN)/rig certify

# What judges milliseconds runs alone, one test after another; other real-time tests two at a time.
test: test-quick test-realtime ## the tests of this software (no hardware needed)

test-realtime: test-pairs test-alone

test-pairs: $(STAMP) page-tools
	@$(BIN)/python -m pytest tests -m "realtime and not alone and not soak" -n 2 --dist loadfile --no-loadscope-reorder

test-alone: $(STAMP)
	@$(BIN)/python -m pytest tests -m "realtime and alone and not soak"

# axe-core, pinned by tests/rig/station/browser/package-lock.json; without npm its tests are skipped, and say so.
page-tools:
	@test -d tests/rig/station/browser/node_modules/axe-core || ! command -v npm >/dev/null || \
		npm ci --prefix tests/rig/station/browser --ignore-scripts --no-audit --no-fund --silent

test-quick: $(STAMP) ## those of the tests that need no processes and no real time
	@$(BIN)/python -m pytest tests -m "not realtime and not soak" -n auto

# CPython 3.11 refuses to trace two threads that start at one moment: what failed while it was traced is run once more untraced.
coverage: $(STAMP) ## test-quick with branch coverage, and its floor (pyproject.toml)
	@mkdir -p build/coverage
	@$(BIN)/python -m pytest tests -m "not realtime and not soak" -n auto --timeout 600 -o cache_dir=build/coverage/cache --cov --cov-report= --cov-fail-under=0 || \
		$(BIN)/python -m pytest tests -m "not realtime and not soak" -o cache_dir=build/coverage/cache --last-failed --last-failed-no-failures none
	@$(BIN)/coverage report

soak: $(STAMP) ## the long campaigns, minutes to hours
	@$(BIN)/python -m pytest tests -m soak --timeout 7200

fuzz: $(STAMP) ## coverage-guided fuzzing of the MS/TP receive path, ten minutes
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@$(BIN)/python -m tools.fuzz_receive -max_total_time=600

check: lint types contracts dead ## every static check

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy && $(BIN)/mypy --config-file tests/mypy.ini

contracts: $(STAMP)
	@$(BIN)/lint-imports

dead: $(STAMP)
	@$(BIN)/vulture

hooks: $(STAMP) ## run the static checks at each commit
	@$(BIN)/pre-commit install

DOCS_TOOL := build/docs-tool
docs: ## the documentation with the API, as pages in build/docs
	@test -x $(DOCS_TOOL)/bin/python || python3 -m venv $(DOCS_TOOL)
	@$(DOCS_TOOL)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@NO_MKDOCS_2_WARNING=1 $(DOCS_TOOL)/bin/mkdocs build --quiet --strict && echo "build/docs/index.html"

ORACLES := build/oracles-tool
uncertainty-cases: ## compute the cases that uncertainty budgets are compared with once more, by GTC and suncal
	@test -x $(ORACLES)/bin/python || python3 -m venv $(ORACLES)
	@$(ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-oracles.lock
	@$(ORACLES)/bin/python tools/uncertainty_cases.py tests/rig/metrology/uncertainty_cases.json

QUALITY_ORACLES := build/quality-oracles-tool
quality-cases: ## compute the cases that the statistics of production are compared with, by SciPy, statsmodels and capstat-core
	@test -x $(QUALITY_ORACLES)/bin/python || python3 -m venv $(QUALITY_ORACLES)
	@$(QUALITY_ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-quality.lock
	@$(QUALITY_ORACLES)/bin/python tools/quality_cases.py tests/rig/quality/quality_cases.json

changelog: $(STAMP) ## what the next release's entry in CHANGELOG.md will say
	@$(BIN)/towncrier build --draft --version next

dcc: $(STAMP) ## the DCC of certificates against PTB's Schematron, which has to be installed first (100 MB)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dcc.lock
	@$(BIN)/python -m pytest tests/rig/reports/certificate -q -k schematron

# Versions in the lock files stay while the bounds permit them; `make lock UPGRADE=--upgrade` takes the newest. The files
# hold for every Python and system that pyproject.toml permits, and name no registry.
LOCK_TOOL := build/lock-tool
lock: ## renew the lock files from the bounds in pyproject.toml; UPGRADE=--upgrade takes the newest versions
	@test -x $(LOCK_TOOL)/bin/uv || python3 -m venv $(LOCK_TOOL)
	@$(LOCK_TOOL)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lock.lock
	@sh tools/lock.sh $(LOCK_TOOL)/bin/uv $(UPGRADE)

# The environment is current when its stamp holds the hash of the lock file.
$(STAMP): $(LOCK) pyproject.toml tools/make_venv.sh
	@sh tools/make_venv.sh $(VENV) $(LOCK)

clean: ## remove the environment and everything that was written
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
