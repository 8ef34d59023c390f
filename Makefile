# Needs make and Python 3.11 to 3.14 with venv; everything else comes from uv.lock, and then works offline.

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
# Tests of one file share what it sets up, so one process has all of them; what takes longest comes first.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses=8 --dist loadfile --no-loadscope-reorder
# Every layer once, and no test that starts processes, imports histories or walks all routes.
QUICK := tests/common tests/kernel tests/log tests/processes tests/stories tests/assistants/test_in_person.py
# How the source is written, which `make check` looks at.
TIDY := tests/tidy
READY := .venv/.ready

# What a caller's shell says about its own environments is not about ours. Where to fetch from stays as it is. And to
# compile all modules anew at each start would take longer than anything else.
FETCHING := UV_CACHE_DIR UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_HTTP_% UV_INDEX% UV_INSECURE_HOST \
	UV_KEYRING_PROVIDER UV_LINK_MODE UV_NATIVE_TLS UV_NO_CACHE UV_OFFLINE UV_SYSTEM_CERTS \
	PIP_CACHE_DIR PIP_CERT PIP_CLIENT_CERT PIP_CONFIG_FILE PIP_DEFAULT_TIMEOUT PIP_EXTRA_INDEX_URL PIP_FIND_LINKS \
	PIP_INDEX_URL PIP_NO_INDEX PIP_PROXY PIP_RETRIES PIP_TIMEOUT PIP_TRUSTED_HOST
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONOPTIMIZE PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP \
	$(filter-out $(FETCHING),$(filter UV_% PIP_%,$(.VARIABLES)))

# The environment fits if it was made here (it holds absolute paths) of these very files, and its Python still runs.
# Contents are compared and not times, which a checkout or a copy changes at will.
WANTED := $(shell pwd -P; cat uv.lock pyproject.toml | cksum)
ifneq ($(WANTED),$(shell $(BIN)/python -c '' 2>/dev/null && cat $(READY) 2>/dev/null))
.PHONY: $(READY)
endif

# The newest wheels of the embedded PostgreSQL are for Python 3.14.
CHECK := import sys; sys.exit(2) if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None; import ensurepip, venv
PYTHONS := $(if $(filter file,$(origin PYTHON)),python3 python3.14 python3.13 python3.12 python3.11,"$(PYTHON)")

# uv itself, as the lock file has it, in the words of pip.
UV := import tomllib; \
	uv = next(p for p in tomllib.load(open("uv.lock", "rb"))["package"] if p["name"] == "uv"); \
	print("uv==" + uv["version"], *("--hash=" + wheel["hash"] for wheel in uv["wheels"]))

.PHONY: help setup run test test-all quick check contract bench soak freeze release frontend clean

help: ## List these words
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo "ARGS='…' is passed on to run, test, test-all, quick, bench and soak; PYTHON=… chooses the Python."

setup: $(READY) ## Make the environment: .venv, with .venv/bin/ledgerdesk
	@echo ".venv is ready: .venv/bin/ledgerdesk"

run: $(READY) ## Start all of it, with a demo organisation; Ctrl-C stops all of it
	@$(BIN)/python -m app.cli demo $(ARGS)

test: $(READY) ## Run the tests, the same ones at every commit, on a database of their own
	@$(PYTEST) --ignore=$(TIDY) $(ARGS)

test-all: $(READY) ## Run every test with every case and example, before a change is done
	@LEDGERDESK_TEST_EXAMPLES=whole $(PYTEST) $(ARGS)

quick: $(READY) ## Run tests of every layer, in about a minute
	@LEDGERDESK_TEST_EXAMPLES=few $(PYTEST) -q $(QUICK) $(ARGS)

check: $(READY) ## Lint, format, names and sizes, types, import rules, and no drift of what is generated
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m pytest -q --no-header $(TIDY)
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python -m app.cli contract --check

contract: $(READY) ## Write what is generated: openapi/, migrations/schema.sql, generated docs, golden lists
	@$(BIN)/python -m app.cli contract
	@$(BIN)/python -m app.cli schema
	@$(BIN)/python -m tests.contract.golden

bench: $(READY) ## Measure, as ratios to raw SQL on the same PostgreSQL
	@$(BIN)/python -m bench $(ARGS)

soak: $(READY) ## Kill and cut at random under load, prove that nothing is lost; then try calendars, pieces of histories, every caller, and the API with anything
	@$(BIN)/python -m bench.soak $(ARGS)
	@$(BIN)/python -m bench.soak_starts
	@$(BIN)/python -m bench.soak_deliveries
	@$(BIN)/python -m bench.soak_relay
	@$(BIN)/python -m bench.soak_cluster
	@LEDGERDESK_TEST_READERS=60 $(PYTEST) -q tests/crash/test_four_readers.py
	@$(BIN)/python -m bench.placebo
	@LEDGERDESK_TEST_CALENDARS=100000 $(PYTEST) --dist load -q tests/common
	@LEDGERDESK_TEST_CLOCKS=100000 LEDGERDESK_TEST_EXAMPLES=all $(PYTEST) --dist load -q tests/service_level_engine
	@LEDGERDESK_TEST_SPLITS=100 $(PYTEST) --dist load -q tests/exchange/test_any_order.py
	@LEDGERDESK_TEST_ORDERS=200 $(PYTEST) --dist load -q tests/webhooks/test_*orders*.py tests/webhooks/test_as_imported.py
	@LEDGERDESK_TEST_BOTH_WAYS=100 $(PYTEST) --dist load -q tests/webhooks/both_ways/test_random_changes.py
	@LEDGERDESK_TEST_RACES=1000 $(PYTEST) -q tests/processes/changes/test_booking.py
	@LEDGERDESK_TEST_EXAMPLES=all $(PYTEST) --dist load -q tests/invariants tests/kernel tests/log tests/automation tests/processes tests/notifications tests/foundation/cis
	@LEDGERDESK_TEST_EXAMPLES=all $(PYTEST) -q tests/contract tests/clients/test_python.py
	@LEDGERDESK_TEST_EXAMPLES=all $(PYTEST) -q tests/kpis tests/service_levels tests/cli/test_kpi.py tests/demo/test_history.py tests/exchange/test_real_history.py
	@LEDGERDESK_TEST_EXAMPLES=all $(PYTEST) -q tests/every_action tests/every_route
	@LEDGERDESK_TEST_EXAMPLES=all $(PYTEST) -q tests/operations
	@LEDGERDESK_TEST_REQUESTS=20000 $(PYTEST) --dist load -q tests/fuzz

freeze: $(READY) ## Freeze what the version in pyproject.toml promises, keep it filled for tests of upgrades, and check it
	@$(BIN)/python -m app.cli contract
	@$(BIN)/python -m app.cli schema
	@$(BIN)/python -m app.cli contract --release
	@$(BIN)/python -m tests.released.keep
	@$(BIN)/python -m tests.tidy.held_files openapi/released
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -q --no-header tests/released

release: $(READY) ## Build dist/ of the commit: wheel, sdist, contract, SBOM, hashes; install it anew and try its demo
	@bash deploy/release.sh

frontend: ## Lint the contract and compile a frontend against it; needs Node 20 or later with npm
	@cd openapi/sample; [ node_modules/.package-lock.json -nt package-lock.json ] \
		|| npm ci --ignore-scripts --prefer-offline --no-audit --no-fund
	@cd openapi/sample; npm run --silent all

clean: ## Remove what was built; never the data
	rm -rf .venv build dist openapi/sample/node_modules openapi/sample/build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache ./*.egg-info
	find . \( -name .git -o -name .ledgerdesk \) -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

# .venv/.place is written once uv is there; .venv/.syncing stays when a later step was interrupted, and then
# packages may be there by half, and are installed again. The system's certificates, where it has any, are trusted
# rather than uv's own, for the sake of networks whose proxy signs with its own; a home that cannot be written to
# can hold no cache. What an earlier installation has left in the cache is tried first, and needs no network.
$(READY):
	@set -eu; umask 022; \
	if [ "$$(cat .venv/.place 2>/dev/null)" != "$$(pwd -P)" ] || ! $(BIN)/uv --version >/dev/null 2>&1 \
		|| ! $(BIN)/python -c '' 2>/dev/null; \
	then \
		python=; without=; \
		for one in $(PYTHONS); do \
			found=0; "$$one" -I -c '$(CHECK)' >/dev/null 2>&1 || found=$$?; \
			case $$found in 0) python=$$one; break ;; 1) without=$$one ;; esac; \
		done; \
		if [ -z "$$python" ] && [ -n "$$without" ]; then \
			echo "$$without has no venv: install it (Debian, Ubuntu: apt install $$(basename "$$without")-venv)," \
				"then run make again." >&2; exit 1; \
		elif [ -z "$$python" ]; then \
			echo "Ledgerdesk needs Python 3.11 to 3.14. Tried: $$(echo $(PYTHONS)). Install one of these," \
				"or say where it is: make PYTHON=/path/to/python3" >&2; exit 1; \
		fi; \
		echo "Making .venv with $$("$$python" -I -c 'import sys; print(sys.executable)')"; \
		"$$python" -I -m venv --clear .venv; \
		$(BIN)/python -I -c '$(UV)' > .venv/uv.txt; \
		PIP_USER=0 $(BIN)/python -I -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
			--only-binary :all: -r .venv/uv.txt; \
		pwd -P > .venv/.place; \
	fi; \
	again=; [ ! -e .venv/.syncing ] || again=--reinstall; : > .venv/.syncing; \
	[ -w "$${HOME:-/nonexistent}" ] || export UV_NO_CACHE=1; \
	for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do \
		[ ! -e $$store ] || export UV_SYSTEM_CERTS="$${UV_SYSTEM_CERTS-1}"; \
	done; \
	set -- sync --frozen --all-extras --no-python-downloads --quiet $$again; \
	$(BIN)/uv "$$@" --offline 2>/dev/null || $(BIN)/uv "$$@"; \
	rm -f .venv/.syncing; \
	{ pwd -P; cat uv.lock pyproject.toml | cksum; } > $(READY)
