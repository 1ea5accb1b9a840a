# make help lists the targets. Everything needs Go alone; test, demo-postgres also Java 17
# for Apache Kafka. Servers are downloaded once into a cache (REPLIQATE_CACHE, default the user's cache folder).

GO ?= go
# The flavour in which programs are built, here as in internal/gobuild: one alone, so that a package is compiled once.
BUILD := CGO_ENABLED=0 GOFLAGS="$(strip $(GOFLAGS) -trimpath)"
# go test, with a summary of what was left out.
TEST := $(GO) run ./internal/suite/cmd/gotest
# The race detector needs a C compiler; without one the same tests run without it.
RACE := $(shell command -v gcc >/dev/null 2>&1 && echo -race)
SOAK ?= 10m
FUZZTIME ?= 10s
BENCH_ROWS ?= 1000000
BENCH_ROUNDS ?= 5
BENCH_ON ?= postgresql,mariadb,sqlite

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 18

demo: ## the main job with nothing but Go: SQLite, in-process Kafka and Redis, a SIGKILL half way
	@$(BUILD) $(GO) run ./examples/demo

demo-postgres: ## the same with real PostgreSQL, Apache Kafka and Redis
	@$(BUILD) $(GO) run ./examples/demo -postgres

demo-mysql: ## the same with MariaDB in the place of PostgreSQL
	@$(BUILD) $(GO) run ./examples/demo -mysql

test-fast: ## the tests that need neither servers nor compiling, in a minute; says what it leaves out
	$(TEST) -short ./...

recording: ## record the demo as docs/demo.svg (run make demo before: what is compiled then need not be shown)
	$(GO) run ./internal/recording -out docs/demo.svg make demo

test: servers ## every test, the end-to-end suite on real servers included, and a little fuzzing
	$(TEST) $(RACE) -timeout 20m ./...
	@$(MAKE) --no-print-directory fuzz FUZZTIME=20000x

servers: ## download the servers that the tests start
	$(BUILD) $(GO) run ./internal/testserver/cmd/fetch-servers

ORACLE := .cache/oracle
oracle: servers ## rewrite the differential vectors (needs Python)
	python3 -m venv $(ORACLE) && $(ORACLE)/bin/pip install -q -r scripts/oracle/requirements.txt
	$(BUILD) $(GO) run ./internal/oracle/cmd/make-vectors -python $(ORACLE)/bin/python

# A number of runs (20000x) always ends well; with a time (10s) go test fails now and then, with "context deadline
# exceeded", when the time is over in the middle of a run.
fuzz: ## each fuzz target for as long, or as many runs, as FUZZTIME says
	@$(GO) list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r pkg dir; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$dir"/*_test.go 2>/dev/null | cut -c6-); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg </dev/null || exit 1; \
		done; \
	done

# golangci-lint, pinned in a module of its own: tools/go.mod.
LINT := $(BUILD) $(GO) tool -modfile=tools/go.mod golangci-lint

lint: ## gofmt, go vet, and golangci-lint as .golangci.yaml has it (staticcheck among it)
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not gofmt-ed:"; echo "$$out"; exit 1; }
	$(BUILD) $(GO) vet ./...
	$(LINT) run ./...

GORELEASER := $(BUILD) $(GO) tool -modfile=tools/goreleaser/go.mod goreleaser

release-check: ## check .goreleaser.yaml
	$(GORELEASER) check

release-snapshot: ## build what a release has, into dist/, and publish nothing (RELEASE.md)
	$(GORELEASER) release --snapshot --clean

# A recipe with a line for each file in schemas/. A schema that needs flags has them in a variable named after its
# file, such as: flags-orders := --without note
define each-schema
$(foreach schema,$(sort $(wildcard schemas/*.sql)),
	$(BUILD) $(GO) run ./cmd/repliqate-gen $(strip --schema $(schema) $(flags-$(basename $(notdir $(schema)))) $(1)))
endef

generate: ## regenerate the committed examples
	$(call each-schema)

config-docs: ## rewrite the tables of docs/configure.md and docs/config.schema.json from the table of keys
	$(GO) run ./gen/configfile/write

types-docs: ## rewrite the examples of docs/types.md from the values that tests publish
	$(GO) run ./internal/specimens/write

generate-check: ## fail if the committed examples are not what the generator writes
	$(call each-schema,--check)

bench: servers ## rows/s and CPU of a dump, of this with and without Kafka, and of a generic replicator, on each engine
	@$(BUILD) $(GO) run ./bench -rows $(BENCH_ROWS) -rounds $(BENCH_ROUNDS) -on $(BENCH_ON)

bench-latency: servers ## from commit to consumer, an insert each 2 ms, at three poll intervals
	@$(BUILD) $(GO) run ./bench -latency -rows 3000 -rounds 3

soak: servers ## the simulation for as long as SOAK says, then the crash loop: SOAK, and 100 kills at least
	$(GO) test -timeout 0 ./replicate/loop/internal/simulation -run 'TestSimulation$$' -args -sim.for=$(SOAK)
	$(GO) test -timeout 0 -v ./internal/crashloop -args -crash.kills=100 -crash.for=$(SOAK) -crash.patient=1

.PHONY: help recording demo demo-postgres demo-mysql test-fast test servers oracle fuzz lint release-check release-snapshot generate config-docs types-docs generate-check bench bench-latency soak
