# Every command that a developer of Grelot needs. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo test crash fmt lint doc openapi openapi-check client examples wpt deny bench bench-smoke release ci

CARGO := cargo
SHOW_PROGRESS := CARGO_TERM_PROGRESS_WHEN=$(if $(CI),never,auto)
# Tools that a build needs and no package manager brings, beside the checkout and not in it.
TOOLS := .cache/tools
DENY_VERSION := 0.20.2

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The page, built from the packages, with what that takes and nothing of the tests. A registry that lacks the optional packages
# of other systems makes `npm ci` refuse: then by the lock, as far as it goes.
DEMO_SOURCES := $(shell find packages/client/src packages/react/src packages/react/style.css apps/demo/src apps/demo/public \
	apps/demo/index.html apps/demo/vite.config.ts -type f)

node_modules/.package-lock.json: package-lock.json
	@echo "installing the packages of the demo page" >&2
	@npm ci --workspace apps/demo --no-audit --no-fund --loglevel=error \
		|| npm install --workspace apps/demo --no-save --no-audit --no-fund --loglevel=error
	@touch $@

apps/demo/dist/index.html: node_modules/.package-lock.json $(DEMO_SOURCES)
	@echo "building the demo page" >&2
	@npm run build --workspace apps/demo
	@touch $@

demo: apps/demo/dist/index.html ## Build and serve the demo; prints its address and a curl that rings the bell
	@echo "building the demo (the first time takes some minutes)" >&2
	@$(SHOW_PROGRESS) $(CARGO) build --locked --profile demo --package grelot --bin grelot
	@exec target/demo/grelot demo

test: ## Install or start what the tests need, and run all of them
	@scripts/test

crash: ## Kill the service at every system call that writes, where make test takes a sample
	@GRELOT_CRASH=all $(CARGO) test --locked --package grelot-testkit --test it syscalls -- --nocapture

fmt: ## Format everything
	$(CARGO) fmt --all

lint: ## Format check and lints, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

doc: ## Build the API documentation, warnings denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --workspace

openapi: ## Write the snapshot of the API, docs/openapi.json
	@$(CARGO) build --locked --package grelot --bin grelot
	@target/debug/grelot openapi > target/openapi.json
	@cp target/openapi.json docs/openapi.json

openapi-check: ## Check that the snapshot of the API is that of the code
	@$(CARGO) build --locked --package grelot --bin grelot
	@target/debug/grelot openapi | diff -u docs/openapi.json - \
		|| { echo "docs/openapi.json is stale: run make openapi" >&2; exit 1; }

# A registry that lacks the optional packages of other systems makes `npm ci` refuse: then by the lock, as far as it goes.
client: ## Install, lint, check, build and test the TypeScript packages
	npm ci --no-audit --no-fund || npm install --no-save --no-audit --no-fund
	npm run lint
	npm run typecheck
	npm run build
	npm run lint:package --workspaces --if-present
	npm test

examples: ## Pack the TypeScript packages, install them into the Vite and Next.js examples, and try those in a browser
	@$(CARGO) build --locked --package grelot --bin grelot
	@scripts/examples

wpt: ## Run the web platform's tests of EventSource on the client's stream (680 MB to download, once)
	@npm ls --workspace e2e >/dev/null 2>&1 || npm ci --no-audit --no-fund || npm install --no-save --no-audit --no-fund
	@scripts/wpt

deny: $(TOOLS)/bin/cargo-deny ## Check licences, sources and duplicates of dependencies
	$(TOOLS)/bin/cargo-deny --locked check --deny warnings bans licenses sources

$(TOOLS)/bin/cargo-deny: Makefile
	@$(TOOLS)/bin/cargo-deny --version 2>/dev/null | grep -qx 'cargo-deny $(DENY_VERSION)' \
		|| $(CARGO) install --quiet --root $(TOOLS) --locked --force cargo-deny@$(DENY_VERSION)
	@touch $@

release: ## Build the release binary
	$(CARGO) build --locked --release --package grelot --features jemalloc

bench: release ## Measure against the floors and print the table
	$(CARGO) run --locked --release --package grelot-bench -- all

bench-smoke: ## Send the hostile inputs to a debug build, once: every answer has to be the contract's
	@$(CARGO) build --locked --package grelot --bin grelot
	$(CARGO) run --locked --package grelot-bench -- hostile --quick --server target/debug/grelot > target/hostile.md
	@! grep UNEXPECTED target/hostile.md

ci: ## Everything that continuous integration runs
	@bash .ci/run
