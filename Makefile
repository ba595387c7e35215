# Thin: each target calls a script or a CMake preset. Binaries land in build/bin.
.DEFAULT_GOAL := help
.PHONY: help deps build run demo test test-full test-fresh bench lint fuzz clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

deps: ## install the Debian and npm packages that are missing
	@scripts/install-deps

build: deps ## build the programs (release) into build/bin
	@cmake --preset release
	@cmake --build build --target programs

run: build ## start simulated hosts and the server, provision desktops, keep serving until Ctrl-C
	@scripts/run

demo: build ## the same, and exit
	@scripts/demo

test: deps ## all tests; unit tests again under ASan and UBSan; fuzz corpora replayed
	@scripts/test

test-full: deps ## everything under ASan, UBSan and TSan, and long fuzzing
	@scripts/test-full

test-fresh: ## make demo and make test in a fresh Debian 12 (root)
	@scripts/test-fresh

bench: deps ## run the benchmarks, results in build/bench/results
	@scripts/bench

lint: deps ## layout, layers and clang-tidy (scripts/lint --changed for what differs from HEAD)
	@scripts/lint

fuzz: deps ## fuzz every parser of foreign bytes for a minute each
	@scripts/fuzz

clean: ## remove build/
	@rm -rf build
