# Building, running and checking Throng. `make help` lists the targets.

.DEFAULT_GOAL := build
.PHONY: build run test check pre-commit coverage docs format clean help headers test-tools \
	peers compare-peers

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
APT_INSTALL = $(SUDO) apt-get update -q && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends
TEST_PACKAGES := $(shell cat .ci/apt-packages)

# Relative relocations take 1.1 MB less; glibc reads them since version 2.36.
RELR := $(shell getconf GNU_LIBC_VERSION 2>/dev/null | awk '$$2 >= 2.36 { \
	print "-Xlinker -z -Xlinker pack-relative-relocs" }')

# SwiftPM passes the module maps of C libraries in the order of a hash table. Where that order changes from run to
# run, it builds half of the targets again.
BUILD := SWIFT_DETERMINISTIC_HASHING=1 swift build

# Swift's libraries are linked in: the program starts faster and runs on a machine without Swift.
# With lld, which comes with Swift: gold warns of mktemp(3), which FoundationEssentials refers to in a
# function that nothing here calls (swift-argument-parser brings that library in, for JSON).
RELEASE := -c release --product throng --static-swift-stdlib --disable-local-rpath \
	-Xswiftc -no-toolchain-stdlib-rpath -Xswiftc -use-ld=lld -Xlinker --no-export-dynamic $(RELR)

# The LLVM tools that come with the compiler.
LLVM = $(dir $(shell readlink -f "$$(command -v swift)"))
COMMAND := .build/release/throng

build: headers ## Build the command in release: .build/release/throng, its symbols in throng.debug
	$(BUILD) $(RELEASE)
	@grep -q gnu_debuglink $(COMMAND) || { \
	  $(LLVM)llvm-objcopy --only-keep-debug $(COMMAND) $(COMMAND).debug && \
	  cd $(dir $(COMMAND)) && \
	  $(LLVM)llvm-objcopy --strip-all --add-gnu-debuglink=throng.debug throng; }

run: build ## Build, then serve: make run ARGS='--mode thread-per-client'
	@exec .build/release/throng serve $(ARGS)

# What a message costs, and the command's behaviour, are tested with the release build.
test: export THRONG_RELEASE = $(CURDIR)/$(COMMAND)
test: export THRONG_COMMAND = $(THRONG_RELEASE)
test: headers test-tools build ## Run all tests
	$(BUILD) --build-tests
	swift test --skip-build
	$(BUILD) --package-path Examples --build-tests
	swift test --skip-build --package-path Examples

check: export THRONG_WARNINGS_AS_ERRORS = 1
check: headers ## Lint, house rules, a build without warnings, all tests
	scripts/house-rules
	$(BUILD) --build-tests
	$(MAKE) test

pre-commit: headers ## Lint, house rules, a build, and the tests that need no server: for every commit
	scripts/house-rules
	$(BUILD) --build-tests
	swift test --skip-build --filter '^(Throng(Command|Handlers|Report)|TerminalClient)Tests\.' --skip BrowserTests

# In a folder of its own: the instrumented build would replace the other one.
coverage: headers test-tools ## Run all tests, and print the lines covered per target; pages: HTML=1
	$(BUILD) --scratch-path .build-coverage --enable-code-coverage --build-tests
	swift test --scratch-path .build-coverage --enable-code-coverage --skip-build
	@scripts/coverage .build-coverage $(HTML)

docs: export THRONG_DOCUMENTATION = 1
docs: headers ## Build the documentation of the library: .build/docs
	swift package --allow-writing-to-directory .build/docs generate-documentation --target Throng \
	  --output-path .build/docs --transform-for-static-hosting --warnings-as-errors

peers: ## Build the echo servers to compare with; what cannot be built is left out by name
	@Benchmarks/peers/build

compare-peers: build peers ## Compare Throng's models with them: ARGS=--quick; over TLS: TLS=1
	@Benchmarks/compare-peers $(if $(TLS),--tls) $(ARGS)

format: ## Format the sources in place
	swift format format --in-place --recursive --parallel Package.swift Sources Tests

clean: ## Remove what was built
	swift package clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

# The only system packages that building needs: the second for ThrongTLS and the command.
headers:
	$(if $(wildcard /usr/include/sys/epoll.h /usr/include/*/sys/epoll.h),@:,$(APT_INSTALL) libc6-dev)
	$(if $(wildcard /usr/include/openssl/ssl.h),@:,$(APT_INSTALL) libssl-dev)

test-tools:
	@dpkg --status $(TEST_PACKAGES) >/dev/null 2>&1 || { $(APT_INSTALL) $(TEST_PACKAGES); }
	@test -d .build/python || python3 -m pip install -q --target .build/python -r .ci/python-packages
