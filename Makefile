# One command sets up and runs the main job, one passes all tests: make demo, make test.

GO       ?= go
FUZZTIME ?= 60s
TOPOLOGIES := $(wildcard topologies/*.cue)

.PHONY: build test conformance lint golden bench profile fuzz demo deps release licences vulncheck clean

build: ## the binary, bin/topoc
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/topoc ./cmd/topoc

demo: build ## build one of the example topologies and show what was made
	bin/topoc build topologies/two-clusters.cue -o out/two-clusters
	@echo && find out/two-clusters -type f | sort
	@echo && cat out/two-clusters/calico/cluster-a/bgppeers.yaml

test: deps ## all tests; says what it skipped and why. TOPOC_REQUIRE=all: fail where something needed is missing
	.ci/test

conformance: deps ## its tests alone: against Calico's own code, a real API server, real daemons. N=50: so many random topologies
	TOPOC_RANDOM=$(N) .ci/test conformance

deps: ## the programs that tests hold the output against: from Debian where that is allowed
	.ci/deps

lint: ## gofmt, go vet and the rules of the house
	.ci/lint

golden: ## rewrite goldens and out/; read the difference before you commit it
	TOPOC_UPDATE=1 $(GO) test ./compiler/load -run TestTableIsTheSchema -count=1 # first: it is code that all else is built with
	$(MAKE) build
	TOPOC_UPDATE=1 $(GO) test ./... -count=1
	$(foreach t,$(TOPOLOGIES),bin/topoc build $(t) -o out/$(basename $(notdir $(t))) &&) true

bench: ## benchmarks, and the ratios that must hold
	.ci/bench

profile: ## cmd/topoc/default.pgo, by which Go compiles topoc for what takes the time of large topologies
	mkdir -p bin
	$(GO) test -trimpath ./compiler -run '^$$' -bench BenchmarkBuild -benchtime 3x -cpuprofile $(CURDIR)/bin/build.pprof -o bin/build.test
	$(GO) -C .ci/tools run ./profile <bin/build.pprof >cmd/topoc/default.pgo

fuzz: ## every fuzz target, FUZZTIME each
	.ci/fuzz $(FUZZTIME)

release: ## dist/: what is committed, for Linux, macOS and Windows on amd64 and arm64, with checksums and lists of modules
	rm -rf dist
	$(GO) -C .ci/tools run ./release -repo ../.. -o ../../dist

licences: ## rewrite THIRD_PARTY_LICENSES.md after a change of modules
	TOPOC_UPDATE=1 $(GO) -C .ci/tools test ./thirdparty -run Table -count=1

vulncheck: ## known vulnerabilities in what topoc calls
	.ci/vulncheck

clean:
	rm -rf bin dist
