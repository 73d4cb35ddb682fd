# Targets for development and operation; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SYSTEM_TESTS := tests/cluster tests/faults tests/recovery tests/upgrades
CLIENT_TESTS := tests/conformance tests/contracts/test_schemathesis.py
CODE := libs services deploy docs/examples $(wildcard testing tests)
PROSE := README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs findings $(wildcard services/*/*/texts.toml)
NODE_MODULES := $(patsubst %package-lock.json,%node_modules/.installed,$(wildcard package-lock.json tests/*/package-lock.json))

COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
comma := ,
SECRETS := $(or $(TRADEHALL_SECRETS),./secrets)

# Without compiled modules, each process of the tests compiles all of them again and rewrites all assertions: 8 s of CPU.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test faults bench lint format schemas pictures fuzz lock images secrets bus-user master-key test-system test-clients test-compose test-containers coverage docs hooks mutation clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed $(VENV)/bin/tradehall $(NODE_MODULES) ## install everything below .venv and node_modules (other targets call it)

run: setup ## run Tradehall on this machine until Ctrl-C (TRADEHALL_PORT, TRADEHALL_VAR; DEMO=1 adds MetaTrader simulators)
	@$(PY) -m deploy.local

# Without the last two, pytest-xdist runs the longest files last, and waits for ever after a process that died.
PARALLEL := --numprocesses 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test: setup ## run all tests but the longer ones of the next targets (ARGS="-k invitation" for some)
	@$(PY) -m pytest $(PARALLEL) $(patsubst %,--ignore %,$(SYSTEM_TESTS) $(CLIENT_TESTS)) $(ARGS)

test-system: setup ## run the tests of whole systems: replicas and a cluster, faults, backup and restore, upgrades
	@$(PY) -m pytest $(SYSTEM_TESTS) --numprocesses 0 $(ARGS)

test-clients: setup ## run the tests with independent clients: OpenID Connect (Node.js, Apache, Authlib), schemathesis
	@$(PY) -m pytest $(CLIENT_TESTS) $(PARALLEL) $(ARGS)

coverage: setup ## run the tests of `make test` and `make test-clients`, and write what they cover to build/coverage.md and build/coverage/
	@mkdir -p build/coverage
	@rm -f build/coverage/.data*
	@$(PY) -m coverage run -m pytest $(PARALLEL) --timeout 400 $(SYSTEM_TESTS:%=--ignore %) $(ARGS)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage html --quiet
	@$(PY) -m deploy.docs.coverage build/coverage.md

# What it needs is pinned with hashes, and in a folder of its own: nothing else uses it.
MUTATION := build/mutation

mutation: setup $(MUTATION)/.installed ## mutation testing: change the rules, and list changes that no test detects (ARGS="domain.py")
	@PYTHONPATH=$(MUTATION) $(PY) -m tests.mutation $(ARGS)

$(MUTATION)/.installed: tests/mutation/requirements.lock | $(VENV)/.installed
	@rm -rf $(MUTATION)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target $(MUTATION) --requirement $<
	@touch $@

faults: setup ## inject random faults into a running system and check invariants (SEEDS=200, FIRST=0; SEED=17 for that one)
	@$(PY) -m tests.faults $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),20) --first $(or $(FIRST),0))

bench: setup ## measure speed and memory against references of the same run, into docs/benchmarks.md (some minutes)
	@$(PY) -m tests.benchmarks $(ARGS)

# Commits up to this one, and the merges that GitHub makes to check a pull request, have longer subjects.
SUBJECTS_AFTER := faab722

lint: setup ## check format, style, types, the direction of imports, spelling, and the subjects of commits
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy $(CODE)
	$(VENV)/bin/lint-imports
	$(VENV)/bin/typos --config .typos.toml $(PROSE)
	@! git log --no-merges --format=%s $(SUBJECTS_AFTER).. | LC_ALL=C.UTF-8 grep -E '.{73}' || \
		{ echo "These subjects of commits have more than 72 characters" >&2; exit 1; }

format: setup ## format the code and apply automatic fixes
	$(PY) -m ruff format $(CODE)
	$(PY) -m ruff check --fix $(CODE)

schemas: setup ## generate the AsyncAPI and OpenAPI documents, the JSON Schemas of the events, and the table of settings below docs/
	$(PY) -m contracts.schemas docs/asyncapi/schemas
	$(PY) -m deploy.asyncapi docs/asyncapi/asyncapi.json
	$(PY) -m deploy.settings_table docs/operations/settings.md
	$(PY) -m deploy.local.schemas docs/openapi/openapi.json

pictures: setup ## take the pictures of docs/getting-started.md again (needs Chromium)
	@$(PY) -m tests.browser.pictures

docs: setup ## build the documentation site into build/site; a broken link fails
	@$(PY) -m deploy.docs docs/reference
	@$(PY) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -b html -c deploy/docs docs build/site
	@echo "The site is in build/site/index.html"

fuzz: setup ## test a running system with schemathesis, twice for SECONDS=600 (SEED)
	@$(PY) -m tests.contracts $(or $(SECONDS),600) $(SEED)

lock: $(VENV)/bin/python ## choose new versions of all packages for requirements.lock and requirements-run.lock
	@$(PY) -m pip install --quiet uv
	@index=$$($(PY) -m pip config get global.index-url 2>/dev/null); \
	compile="$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		--no-emit-index-url $${index:+--default-index $$index}"; \
	$$compile --upgrade --output-file requirements.lock requirements.in && \
	$$compile --constraint requirements.lock --output-file requirements-run.lock requirements-run.in

hooks: setup ## check every commit before it is made (.pre-commit-config.yaml)
	@$(PY) -m pre_commit install

# Builds get their packages from where this machine gets them, if it has been told where.
images: ## build the images of docker-compose.yml
	@export PIP_INDEX_URL="$${PIP_INDEX_URL:-$$($(PYTHON) -m pip config get global.index-url 2>/dev/null)}"; \
	test -n "$$PIP_INDEX_URL" || unset PIP_INDEX_URL; \
	export NPM_CONFIG_REGISTRY="$${NPM_CONFIG_REGISTRY:-$$(npm config get registry 2>/dev/null)}"; \
	test -n "$$NPM_CONFIG_REGISTRY" || unset NPM_CONFIG_REGISTRY; \
	$(COMPOSE) --profile operator $(addprefix --profile ,$(subst $(comma), ,$(COMPOSE_PROFILES))) build

secrets: images ## generate missing secrets of docker-compose.yml in secrets/
	@mkdir -p -m 700 "$(SECRETS)"
	@docker run --rm --network none --read-only --cap-drop ALL --user "$$(id -u):$$(id -g)" \
		--volume "$(abspath $(SECRETS)):/secrets" tradehall-operator:$(or $(TRADEHALL_TAG),latest)

# What follows writes among the secrets, as the account whose they are; what runs reads them when it starts again.
BESIDE_SECRETS = $(COMPOSE) run --rm -T --user "$$(id -u):$$(id -g)" --volume "$(abspath $(SECRETS)):/secrets" \
	-e TRADEHALL_CONTAINED=/secrets

bus-user: ## containers: create (ORGANIZATION=ID), delete (REMOVE=NAME) or list subscriber accounts
	@$(BESIDE_SECRETS) tradehall bus-user $(if $(ORGANIZATION),add --organization "$(ORGANIZATION)",$(if $(REMOVE),remove "$(REMOVE)",list))
	@$(if $(ORGANIZATION)$(REMOVE),$(COMPOSE) restart nats >&2)

master-key: ## containers: re-encrypt the keys of a service under a new master key (SERVICE=identity); restarts it once
	@$(BESIDE_SECRETS) --no-deps --entrypoint "python -m deploy.images.master_keys" tradehall begin /secrets "$(SERVICE)"
	@$(COMPOSE) restart "$(SERVICE)"
	@$(COMPOSE) exec -T "$(SERVICE)" python -m "$(SERVICE)" rewrap-keys
	@$(BESIDE_SECRETS) --no-deps --entrypoint "python -m deploy.images.master_keys" tradehall end /secrets "$(SERVICE)"

test-compose: setup ## run docker-compose.yml: journeys, a restart of each container (TRADEHALL_IMAGES_HOOK)
	@$(PY) -m tests.compose

test-containers: setup ## run the integration tests on servers in containers (TRADEHALL_IMAGES_HOOK)
	@$(PY) -m tests.containers

clean: ## remove the results of setup and tests; data in var/ stay
	rm -rf $(VENV) $(dir $(NODE_MODULES)) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find libs services deploy $(wildcard testing tests) -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Tradehall needs Python 3.11 or newer: install it, or name one with PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make environments: install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	@echo "Installing the packages of requirements.lock (about 400 MB, some minutes at first)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock || \
		{ echo "The packages could not be installed: see that this machine reaches its Python package index (pip config), then try again" >&2; exit 1; }
	@printf '%s\n' ../../../../libs ../../../../services ../../../.. \
		> "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tradehall.pth"
	@touch $@

$(VENV)/bin/tradehall: | $(VENV)/.installed
	@printf '#!/bin/sh\nexec "%s" -P -m deploy.cli "$$@"\n' "$(CURDIR)/$(PY)" > $@
	@chmod +x $@

.SECONDEXPANSION:
$(NODE_MODULES): $$(patsubst %node_modules/.installed,%package-lock.json,$$@) | $(VENV)/.installed
	@cd $(<D) && PATH="$$PATH:$(CURDIR)/$(VENV)/bin" \
		npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error || \
		{ echo "The packages of $< could not be installed: see that this machine reaches its npm registry (npm config), then try again" >&2; exit 1; }
	@touch $@
