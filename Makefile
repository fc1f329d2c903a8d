# Words for daily work; `make` alone lists them. Go tools are pinned in tools/go.mod.
SHELL := bash -o pipefail
TOOL := go tool -modfile=tools/go.mod
FUZZTIME ?= 10s
BENCH ?=
ROOMS ?=
COUNT ?= 10
SOAK ?= 10m
OLD ?=
NEW ?= bench.out

.PHONY: help fmt tidy lint test race fuzz cover bench benchcmp latency peers instructions performance measure build demo examples interop chaos soak vuln ci

help: ## list these words
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

fmt: ## format every Go file
	gofmt -w .

tidy: ## tidy go.mod here and in the nested modules
	.ci/modules go mod tidy

lint: ## gofmt, go vet and staticcheck
	@files=$$(gofmt -l .) && test -z "$$files" || { echo "not formatted, run make fmt:" $$files >&2; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

test: ## the whole suite, with the race detector; what reads packets, without assembly too
	go test -race ./...
	go test -race -tags=purego ./decode ./fuzz

race: ## the suite again and again on 1, 2 and 4 Ps, for what shows up rarely
	go test -race -count=5 -cpu=1,2,4 ./...

fuzz: ## every fuzz target for FUZZTIME
	.ci/fuzz $(FUZZTIME)

cover: ## statements covered, by function; cover.out for go tool cover -html
	go test -coverpkg=./... -coverprofile=cover.out ./... && go tool cover -func=cover.out

bench: ## benchmarks of ROOMS (none: all), COUNT times, into bench/results for benchstat; BENCH=pattern: those alone, into NEW
	$(if $(BENCH),.ci/bench '$(BENCH)' $(COUNT) | tee $(NEW),.ci/rooms bench/results txt $(COUNT) $(ROOMS))

benchcmp: ## run ROOMS again and compare with bench/results; OLD=file: compare it with NEW, run nothing
	@$(if $(OLD),$(TOOL) benchstat $(OLD) $(NEW),.ci/rooms bench/results out $(COUNT) $(ROOMS) >/dev/null && for f in bench/results/*.out; do \
		$(TOOL) benchstat "$${f%.out}.txt" "$$f"; done; rm -f bench/results/*.out)

latency: ## each profile and the floors from end to end, plain and TLS: bench/latency
	go run ./bench/latency -json bench/results/latency.json $(LATENCY)

peers: ## other designs of the same thing under the same loads, and queues alone: bench/peers
	cd bench/peers && go run . -transports plain -json ../results/peers.json $(PEERS) && go run . rings -json ../results/rings.json

instructions: ## instructions of the hot paths, counted by valgrind: bench/instructions
	go run ./bench/instructions -o bench/results/instructions.txt

performance: ## tables and plots of docs/PERFORMANCE.md, from bench/results
	go run ./bench/report && cd bench/plot && go run .

measure: bench latency peers instructions performance ## all of bench/results, on a machine that does nothing else, and what is made of it

build: ## the command, as ./kiteticker
	go build -o kiteticker ./cmd/kiteticker

demo: ## 9,000 instruments of a simulated exchange, live
	go run ./cmd/kiteticker demo

examples: ## build every example, and let pace prove its books
	go build -o /dev/null ./examples/...
	go run ./examples/pace -duration 2s

interop: ## the simulated exchange against the official JavaScript client (npm)
	cd kitetest/interop && npm ci && node interop.js

chaos: ## every fault between client and exchange: when it was told and healed, and where each tick went
	cd internal/chaos && go run .

soak: ## random faults at full load for SOAK, until everything adds up; one JSON object
	cd internal/chaos && go run . -soak $(SOAK)

vuln: ## known vulnerabilities in what we call
	$(TOOL) govulncheck ./...

ci: ## everything that a change must pass
	.ci/run
