# Two targets do everything on a fresh machine with Go, make and git: `make demo` and `make test`.
# `make check` is what CI runs; its OpenAPI linter needs Node.js. Each target that it calls is a guard by itself.

GO ?= go
MODULES = . examples klarna/otelklarna

# Tools run at these versions, through Go's and npm's own caches.
ACTIONLINT = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
APIDIFF = golang.org/x/exp/cmd/apidiff@v0.0.0-20260908205506-85c1c2202aba
GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.8.0
OASDIFF = github.com/oasdiff/oasdiff@v1.32.1
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT = golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
REDOCLY = @redocly/cli@2.77.0

# The race detector needs a C compiler. Without one the tests run all the same, and say so.
CC_FOUND := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null 2>&1 && echo yes)
CONTRACTS = $(GO) run ./internal/contracts
# What the tests of a package cover at least, in percent, beside the packages of the contracts.
COVER = internal/engine:90 klarna/klarnatest:80 klarna/preflight:90 klarna/placement:90 payway/paywaytest:80

RACE := $(if $(CC_FOUND),-race)

.PHONY: test
test: ## run all tests, with the race detector where there is a C compiler; eleven minutes on two cores
	@$(if $(RACE),,echo "no C compiler was found: the race detector is off")
	@$(if $(RACE),,test -z "$(REQUIRE_RACE)")
	@set -e; for module in $(MODULES); do (cd $$module && $(GO) vet ./... && $(GO) test $(RACE) -timeout 30m ./...); done

.PHONY: demo
demo: ## orders, captures, a refund and a renewal on a fake Klarna server; the last line is an order id
	@cd examples && $(GO) run ./quickstart

ADDR = 127.0.0.1:8080
DB = shop.sqlite

.PHONY: checkout
checkout: ## a shop to buy in with a browser, at http://127.0.0.1:8080, with a back office at /office, on a local sandbox; ADDR=127.0.0.1:8081 moves it, DB=postgres://… changes its database
	@cd examples && $(GO) run ./checkout -addr $(ADDR) -db $(DB)

.PHONY: check
check: REQUIRE_RACE = 1
check: test guards ## everything that CI checks

.PHONY: guards
guards: format words generated tidy staticcheck golangci lint workflows contract surface vulnerabilities cover ## what CI checks beside the tests

.PHONY: generate
generate: ## compile the contracts of api/ into the *.gen.go files
	$(GO) generate ./...

.PHONY: generated
generated: generate ## fail if the committed code is not what the contracts compile to
	@git diff --exit-code -- '*.gen.go' && test -z "$$(git ls-files --others --exclude-standard -- '*.gen.go')" || \
		{ echo "the *.gen.go files are not what the contracts compile to: commit what make generate made"; exit 1; }

.PHONY: format
format: ## fail if a file is not formatted
	@files=$$(gofmt -l .); test -z "$$files" || { echo "not formatted:"; echo "$$files"; exit 1; }

.PHONY: words
words: ## fail on a word that this project does not use, and name what to write instead
	@.ci/words

.PHONY: tidy
tidy: ## fail if a go.mod is not tidy
	@set -e; for module in $(MODULES); do (cd $$module && $(GO) mod tidy -diff); done

.PHONY: staticcheck
staticcheck:
	@set -e; for module in $(MODULES); do (cd $$module && $(GO) run $(STATICCHECK) ./...); done

.PHONY: golangci
golangci: ## run the linters of .golangci.yml
	@set -e; for module in $(MODULES); do (cd $$module && $(GO) run $(GOLANGCI_LINT) run --allow-serial-runners ./...); done

.PHONY: lint
lint: ## lint the contracts, and the document of the control API
	@command -v npx >/dev/null || { echo "make lint needs Node.js (npx)"; exit 1; }
	@documents=$$($(CONTRACTS) '{{.Document}}') && \
		REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) lint --config .redocly.yaml $$documents klarna/klarnatest/control.yaml

.PHONY: workflows
workflows: ## lint the workflows, and fail if an action is not pinned by its commit
	@$(GO) run $(ACTIONLINT) -shellcheck= -pyflakes=
	@! grep -rnE '^[ -]*uses:' .github/workflows | grep -vE 'uses: [^@ ]+@[0-9a-f]{40} # v[0-9.]+$$' || { echo "pin these by the commit, with the version behind it"; exit 1; }

.PHONY: contract
contract: ## fail if a contract breaks what it stated at the last tag
	@documents=$$($(CONTRACTS) '{{.Document}}') && GO="$(GO)" .ci/contract $(OASDIFF) $$documents

.PHONY: surface
surface: ## compare what the packages export with the last tag; from v1 on, fail if a user's build would break
	@packages=$$($(CONTRACTS) '{{.Package}} {{.Generated}}') && \
		GO="$(GO)" .ci/surface $(APIDIFF) $$packages gen/types klarna/preflight klarna/placement klarna/klarnatest payway/paywaytest klarna/otelklarna

.PHONY: vulnerabilities
vulnerabilities: ## look for known vulnerabilities that the code reaches
	@GO="$(GO)" .ci/vulnerabilities $(GOVULNCHECK) $(MODULES)

.PHONY: docs
docs: ## compare the Go blocks of the Markdown files with their sources, and compile those
	@$(GO) test ./internal/docs/...

.PHONY: spec-diff
spec-diff: ## compare a document from Klarna's portal with ours: make spec-diff UPSTREAM=file.json [CONTRACT=payments]
	@$(GO) build -o bin/spec-diff ./internal/specdiff/cmd
	@bin/spec-diff -contract "$(CONTRACT)" "$(UPSTREAM)"

.PHONY: release-files
release-files: ## build what a release holds into dist/: make release-files VERSION=v0.1.0
	@GO="$(GO)" .ci/release-files "$(VERSION)"

.PHONY: release-notes
release-notes: ## print what CHANGELOG.md says about a version: make release-notes VERSION=v0.1.0
	@.ci/release-notes "$(VERSION)"

.PHONY: cover
cover: ## fail if too little of a package is covered by its tests
	@set -e; packages=$$($(CONTRACTS) '{{.Package}}:{{.MinCover}}'); for want in $$packages $(COVER); do \
		package=$${want%:*}; least=$${want#*:}; \
		out=$$($(GO) test -coverprofile=coverage.out ./$$package 2>&1) || { echo "$$out"; exit 1; }; \
		$(GO) tool cover -func=coverage.out | awk -v p=$$package -v least=$$least \
			'/^total:/ { sub("%", "", $$3); printf "%s: %s %% of statements covered, at least %s %%\n", p, $$3, least; exit $$3 + 0 < least + 0 }'; \
	done

BENCH = .
BENCH_RUNS = 10

.PHONY: bench
bench: ## measure side by side with hand-written net/http code, and preflight by the number of lines; BENCH=Stubbed runs fewer
	@mkdir -p bin && rm -f bin/bench.txt
	@$(GO) test -c -o bin/klarna.test ./klarna && $(GO) test -c -o bin/preflight.test ./klarna/preflight
	@for run in $$(seq $(BENCH_RUNS)); do \
		echo "run $$run of $(BENCH_RUNS)"; \
		(cd klarna && ../bin/klarna.test -test.run '^$$' -test.bench '$(BENCH)' -test.skip Ratio -test.benchtime 500ms) 2>/dev/null >>bin/bench.txt || exit 1; \
	done
	@(cd klarna/preflight && ../../bin/preflight.test -test.run '^$$' -test.bench '$(BENCH)' -test.count 3) | sed '/^PASS/d'
	@$(GO) run $(BENCHSTAT) -col '/by@(hand ours default)' bin/bench.txt
	@echo "in turns, so that a few percent can be told:"
	@(cd klarna && ../bin/klarna.test -test.run '^$$' -test.bench Ratio -test.benchtime 1x -test.count 3) | grep '^Benchmark'

.PHONY: profile
profile: ## leave CPU and allocation profiles of a stubbed call in bin/
	@mkdir -p bin
	$(GO) test -run '^$$' -bench 'StubbedCreateSession/lines=3/by=ours' -benchtime 3s -cpuprofile bin/cpu.prof -memprofile bin/mem.prof -memprofilerate 1 -o bin/klarna.test ./klarna
	@echo "look at them with: $(GO) tool pprof -http=: bin/klarna.test bin/cpu.prof"

.PHONY: test-live
test-live: ## run the contract suite against Klarna's playground; needs credentials in the environment
	KLARNA_LIVE=1 $(GO) test -count=1 -v -run '^TestContractSuite$$' ./klarna

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
