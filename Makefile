# Every command a developer of Grelot needs. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo test fmt lint doc bench ci release

CARGO := cargo
SHOW_PROGRESS := CARGO_TERM_PROGRESS_WHEN=$(if $(CI),never,auto)

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Build and serve the demo; prints its address and a curl that rings the bell
	@echo "building the demo (a first build takes a few minutes)" >&2
	@$(SHOW_PROGRESS) $(CARGO) build --locked --profile demo --package grelot --bin grelot
	@exec target/demo/grelot demo

test: ## Install or start what the tests need, and run all of them
	@scripts/test

fmt: ## Format everything
	$(CARGO) fmt --all

lint: ## Format check and lints, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

doc: ## Build the API documentation, warnings denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --workspace

release: ## Build the release binary
	$(CARGO) build --locked --release --package grelot --features jemalloc

bench: release ## Measure against the floors and print the table
	$(CARGO) run --locked --release --package grelot-bench -- all

ci: ## Everything that continuous integration runs
	bash .ci/run
