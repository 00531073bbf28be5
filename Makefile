# Two commands matter: `make demo` and `make test`. Both install what they need, or name it where they may not.
SHELL := /bin/bash
CARGO ?= cargo
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets (this)
	@echo "Afterword: the last word after every support call or chat."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# In the dev profile: half the wait of release on a first start, and what is slow without optimisation (whisper.cpp,
# password hashing, audio) is optimised there too; see [profile.dev.package] in Cargo.toml.
.PHONY: demo
demo: build-deps ## Serve a company with example data on http://127.0.0.1:8080 (ARGS='--listen …' to pass options)
	@test -x $${CARGO_TARGET_DIR:-target}/debug/afterword || echo "Building; the first time takes some minutes."
	$(CARGO) build --quiet
	@scripts/fetch-demo-model.sh "$${CARGO_TARGET_DIR:-target}/debug/afterword"
	$(CARGO) run --quiet -- demo $(ARGS)

.PHONY: test
test: export AFTERWORD_REQUIRE_TOOLS = 1
test: test-deps check ## All that CI runs; ends with one line that counts the tests
	scripts/test.sh $(ARGS)

.PHONY: check
check: check-format check-lints check-docs check-openapi check-files ## Format, lints, docs, licences, spec drift: no tests of behaviour

BENCH_PARTS := answers ten-million mail speech transcription rest
.PHONY: bench $(BENCH_PARTS)
bench: build-deps ## Measure, and write BENCHMARKS.md (make bench speech: one part)
	$(CARGO) bench --bench load -- $(filter $(BENCH_PARTS),$(MAKECMDGOALS)) $(ARGS)
$(BENCH_PARTS):
	@:

.PHONY: fuzz
fuzz: build-deps ## Fuzz every decoder, ten minutes each (SECONDS_EACH=60 TARGETS="wav flac"); see fuzz/README.md
	SECONDS_EACH=$(SECONDS_EACH) TARGETS="$(TARGETS)" fuzz/run.sh

.PHONY: fmt
fmt: ## Format the source
	$(CARGO) fmt

.PHONY: openapi
openapi: build-deps ## Write openapi.yaml anew, from the code
	$(CARGO) build --quiet
	$(CARGO) run --quiet -- openapi > openapi.yaml

.PHONY: audit
audit: ## Known vulnerabilities in dependencies (needs cargo-deny and a network)
	$(CARGO) deny check

.PHONY: build-deps test-deps
build-deps:
	@scripts/install-build-deps.sh
test-deps: build-deps
	@scripts/install-test-deps.sh

.PHONY: check-format check-lints check-docs check-openapi check-files
check-format:
	$(CARGO) fmt --check
check-lints: build-deps
	$(CARGO) clippy --quiet --all-targets -- -D warnings
check-docs: build-deps
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps --document-private-items
check-openapi:
	@scripts/lint-openapi.sh
# Licences of the dependencies, which module may use which, and the generated openapi.yaml.
check-files: build-deps
	$(CARGO) test --quiet --test it -- licences:: architecture:: openapi:: --skip schemathesis --skip clients
