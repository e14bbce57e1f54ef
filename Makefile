# The targets a person types. What they do in detail stands in scripts/.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run test bench soak build dev csr tools

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: build ## Builds what changed and starts Concierge on http://localhost:3000
	@exec target/release/concierge serve

test: ## Runs every check there is, in the order of their cost
	@scripts/test.sh

bench: build ## Measures how fast it is and prints a table; PART=refresh for one part
	@scripts/bench.sh $(PART)

soak: build ## Minutes of load and of property tests; SOAK_MINUTES=5 SOAK_CASES=20000
	@scripts/soak.sh

build: tools ## Builds target/release/concierge, one file with the site inside; FEATURES=vault,aws,azure
	@FEATURES="$(FEATURES)" scripts/build.sh

dev: tools ## Rebuilds, restarts and reloads the browser at each change
	@. scripts/env.sh && exec cargo leptos watch -- serve

csr: ## Builds the client-rendered bundle in dist/ with Trunk
	@scripts/csr.sh

tools: ## Installs the build tools that are missing
	@scripts/tools.sh
