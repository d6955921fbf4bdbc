# Everything a newcomer needs; `make help` lists it.
# The build and the test tools are kept outside the checkout, so that a second run is warm.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

CACHE := $(HOME)/.cache/switchboard
export CARGO_TARGET_DIR ?= $(CACHE)/target
export SWITCHBOARD_TEST_TOOLS ?= $(CACHE)/tools

.PHONY: help run test package tools format lint floors tests simulation models doctests licences advisories book clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build the release and start a node (ARGS="--config my.toml" passes options on)
	cargo run --release --package switchboard -- serve $(ARGS)

test: tools format lint floors tests simulation models doctests licences ## everything that has to hold before a commit lands

tools: ## install what the tests need: Node, Python and the real clients and servers
	scripts/setup-tests.sh

format: ## is every file formatted?
	cargo fmt --all --check
	cargo fmt --check --manifest-path crates/traffic/models/Cargo.toml

lint: ## clippy, a warning is an error
	cargo clippy --workspace --all-targets -- -D warnings

floors: ## does every crate use lower floors only, and is the drawing current?
	cargo xtask arch --check

tests: ## all tests, from tables to the program with real clients (needs `make tools` once)
	cargo build --workspace --all-targets
	@if cargo nextest --version >/dev/null 2>&1; then \
		echo "cargo nextest run --workspace"; cargo nextest run --workspace; \
	else \
		echo "cargo test --workspace --all-targets"; cargo test --workspace --all-targets; \
	fi

simulation: ## a hundred thousand runs of a node without a clock, before servers that misbehave
	cargo xtask simulate --seeds 100000

models: ## what threads of calls meet at, in many orders of the threads
	cargo xtask models

doctests: ## the examples in the documentation of the crates
	cargo test --workspace --doc

licences: ## licences, bans and sources of all dependencies, where cargo-deny is installed
	@if cargo deny --version >/dev/null 2>&1; then \
		echo "cargo deny check licenses bans sources"; cargo deny check licenses bans sources; \
	else \
		echo "licences: skipped, cargo-deny is not installed"; \
	fi

advisories: ## known holes in dependencies; depends on the day, so it is not part of `make test`
	cargo deny check advisories

package: ## the release as an archive, a .deb and an .rpm, tried out on a fresh Debian (as root)
	packaging/build.sh
	packaging/test.sh

book: ## build the manual into docs/book (needs mdbook)
	mdbook build docs

clean: ## forget the build and the test tools
	cargo clean
	rm -rf "$(CACHE)/tools"
