# Building, running and checking Throng. `make help` lists the targets.

.DEFAULT_GOAL := build
.PHONY: build run test check format clean help headers test-tools peers compare-peers

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
APT_INSTALL = $(SUDO) apt-get update -q && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends
TEST_PACKAGES := $(shell cat .ci/apt-packages)

# Swift's libraries are linked in: the program starts faster and runs on a machine without Swift.
# With lld, which comes with Swift: gold warns of mktemp(3), which FoundationEssentials refers to in a
# function that nothing here calls (swift-argument-parser brings that library in, for JSON).
RELEASE := -c release --product throng --static-swift-stdlib --disable-local-rpath \
	-Xswiftc -no-toolchain-stdlib-rpath -Xswiftc -use-ld=lld

build: headers ## Build the command in release: .build/release/throng
	swift build $(RELEASE)

run: build ## Build, then serve: make run ARGS='--mode thread-per-client'
	@exec .build/release/throng serve $(ARGS)

# The library's tests look for descriptors and threads left behind, so they have a process to themselves.
test: export THRONG_RELEASE = $(CURDIR)/.build/release/throng
test: headers test-tools build ## Run all tests
	swift build --build-tests
	swift test --skip-build --filter '^ThrongTests\.'; status=$$?; \
	swift test --skip-build --skip '^ThrongTests\.' && exit $$status

check: export THRONG_WARNINGS_AS_ERRORS = 1
check: headers ## Lint, house rules, a build without warnings, all tests
	scripts/house-rules
	swift build --build-tests
	$(MAKE) test

peers: ## Build the echo servers to compare with; what cannot be built is left out by name
	@Benchmarks/peers/build

compare-peers: build peers ## Compare Throng's models with them: ARGS=--quick
	@Benchmarks/compare-peers $(ARGS)

format: ## Format the sources in place
	swift format format --in-place --recursive --parallel Package.swift Sources Tests

clean: ## Remove what was built
	swift package clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

# The only system package that building needs.
headers:
	$(if $(wildcard /usr/include/sys/epoll.h /usr/include/*/sys/epoll.h),@:,$(APT_INSTALL) libc6-dev)

test-tools:
	@dpkg --status $(TEST_PACKAGES) >/dev/null 2>&1 || { $(APT_INSTALL) $(TEST_PACKAGES); }
