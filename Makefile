# The front door. It makes the Python environment and calls `gateweave`; `make` alone explains itself.

BOARD ?= ulx3s
MODEL ?= cqmlp
export BOARD MODEL DATA RECIPE STRATEGY FLOW FPS ONNX CALIBRATION OUTPUTS WHEELS JOBS PYTHON
export PACKAGE PORT HOST VIRTUAL FAULTS COUNT PERSIST CABLE METER

ENVIRONMENT := toolchain/setup/environment.sh
BIN := .venv/bin
# A killed make ends its build, too.
RUN := setpriv --pdeathsig TERM $(BIN)/gateweave
PYTEST := $(BIN)/python -m pytest
# Files stay whole, since their tests share what is slow to make.
PARALLEL := --numprocesses auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help build plan show verify flash run measure report boards models doctor test check bench clean clean-env system-deps environment

help:
	@echo 'Gateweave takes a trained network to an FPGA bitstream, bit-exact at every stage, with open tools only.'
	@echo
	@echo '  make build         train, export, generate, simulate, synthesise, route and pack (BOARD=$(BOARD) MODEL=$(MODEL))'
	@echo '  make plan          what `make build` would run, and why'
	@echo '  make show          what the newest build came to: accuracy, resources, timing, files'
	@echo '  make verify        build, then run the routed chip (or the bitstream read back) by its pins'
	@echo '  make flash         check the newest package, the cable and the FPGA, and load it (PERSIST=1: into flash memory)'
	@echo '  make run           send the test set through the board (VIRTUAL=1: its Verilated chip; HOST=user@address: by SSH)'
	@echo '  make measure       latency and energy where it runs (HOST=user@address, METER=joulescope); says so where no sensor is'
	@echo '  make report        one HTML page per build, and build/report.html across all'
	@echo '  make boards        the boards        make models    the models and their recipes'
	@echo '  make doctor        is this machine ready?'
	@echo '  make test          all tests         make check     linters, types and fast tests only'
	@echo '  make bench         benchmarks against peers'
	@echo '  make clean         remove all builds (make clean-env removes the Python environment)'
	@echo '  make system-deps   install the Debian packages that are missing'
	@echo
	@echo 'Choose with variables:'
	@echo '  BOARD=icebreaker       a folder of boards/        MODEL=cqmlp          a folder of models/'
	@echo '  RECIPE=published       how to train it            DATA=folder          train on real captures'
	@echo '  STRATEGY=unrolled      one inference a clock      FPS=50000, FPS=max   inferences per second to aim at'
	@echo '  FLOW=dataflow          AMD boards: our own RTL instead of FINN     JOBS=2  cores to use'
	@echo '  OUTPUTS=classes        of an ONNX file: only labels count          OUTPUTS=values  every number does'
	@echo
	@echo 'Example: make build BOARD=icebreaker FPS=max'

build plan show flash run measure report boards models doctor: environment
	@$(RUN) $@

verify: environment
	@$(ENVIRONMENT) check verify
	@$(RUN) verify

test: environment
	@$(ENVIRONMENT) check test
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) -q $(PARALLEL)

check: environment
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) -q $(PARALLEL) tests/fast

.PHONY: lint
lint:
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: environment
	@$(ENVIRONMENT) venv requirements-bench.txt
	@$(PYTEST) -q -s tests/benchmarks

clean:
	rm -rf build

clean-env:
	rm -rf .venv

system-deps:
	@$(ENVIRONMENT) system-deps

environment:
	@$(ENVIRONMENT) venv requirements.txt
