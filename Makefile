# The front door. It makes the Python environment and calls `gateweave`; `make` alone explains itself.

BOARD ?= ulx3s
MODEL ?= cqmlp
# Every variable that may stand on the command line; `make help` explains each.
VARIABLES := BOARD MODEL DATA RECIPE STRATEGY FLOW FPS CLOCK NETWORK ONNX TEST CALIBRATION OUTPUTS WHEELS VECTORS TOGGLES SPLIT THEN JOBS \
    PYTHON PACKAGE PORT HOST VIRTUAL FAULTS COUNT THRESHOLD WIDTH PERSIST CABLE METER PNR SNAKEMAKE_ARGS GATEWEAVE_BUILD_DIR GATEWEAVE_MODELS
export $(VARIABLES)

# A misspelt variable would build something else for minutes, without a word.
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
UNKNOWN := $(firstword $(filter-out $(VARIABLES) SHELL,$(GIVEN)))
ifdef UNKNOWN
NEAR := $(shell python3 -c 'import difflib, sys; print(*difflib.get_close_matches(sys.argv[1].upper(), sys.argv[2:], 1))' \
    '$(subst ','\'',$(UNKNOWN))' $(VARIABLES))
$(error unknown variable $(UNKNOWN)$(if $(NEAR),; did you mean $(NEAR)?); `make help` lists them)
endif

ENVIRONMENT := toolchain/setup/environment.sh
BIN := .venv/bin
# A killed make ends its build, too.
RUN := setpriv --pdeathsig TERM $(BIN)/gateweave
# Bytecode is kept, whatever the environment says: pytest rewrites the assertions of a file once then, not in each worker of each run.
# The makes that tests start are not part of this one.
PYTEST := env --unset=PYTHONDONTWRITEBYTECODE --unset=MAKEFLAGS $(BIN)/python -m pytest
# Files stay whole, since their tests share what is slow to make, and in their order: the slowest come first, so that no
# worker is left with them at the end. (By default xdist begins with the files that hold the most tests.)
PARALLEL := --numprocesses auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help build compare plan show explain verify flash run measure report boards models doctor test check bench docs clean clean-env system-deps environment

help:
	@echo 'Gateweave takes a trained network to an FPGA bitstream, bit-exact at every stage, with open tools only.'
	@echo
	@echo 'What one does, in this order:'
	@echo '  1. make build      train, export, generate, simulate, synthesise, route and pack (BOARD=ulx3s MODEL=cqmlp by default);'
	@echo '                     a network of your own: NETWORK=file, or MODEL=folder, which `gateweave new` begins'
	@echo '  2. make run        every answer against the network: VIRTUAL=1 of the Verilated chip, without a board'
	@echo '  3. make flash      check the newest package, the cable and the FPGA, and load it (PERSIST=1: into flash memory); then'
	@echo '                     make run again, of the board (HOST=user@address: by SSH)'
	@echo '  4. make measure    latency and energy where it runs (HOST=user@address, METER=joulescope); says so where no sensor is'
	@echo '  5. make report     one HTML page per build, and build/report.html across all'
	@echo
	@echo 'And besides:'
	@echo '  make plan          what `make build` would run, and why'
	@echo '  make show          what the newest build came to: accuracy, resources, timing, files'
	@echo '  make explain       which layer limits it, and what another folding, more resources or another board would give'
	@echo '  make verify        build, then run the routed chip (or the bitstream read back) by its pins'
	@echo '  make compare       build, then train the float reference and the random split; AMD boards: make the other cores, too'
	@echo '  make boards        the boards        make models    the models and their recipes'
	@echo '  make doctor        is this machine ready?'
	@echo '  make test          all tests         make check     linters, types and fast tests only'
	@echo '  make bench         benchmarks against peers'
	@echo '  make docs          this documentation and the API as web pages, in build/site; a broken link ends it'
	@echo '  make clean         remove all builds (make clean-env removes the Python environment)'
	@echo '  make system-deps   install the Debian packages that are missing'
	@echo
	@echo 'Choose what is built:'
	@echo '  BOARD=icebreaker       a folder of boards/        MODEL=cqmlp          a name of `make models`, or a folder anywhere'
	@echo '  RECIPE=published       how to train it            DATA=folder          train on real captures'
	@echo '  STRATEGY=unrolled      one inference a clock      FPS=50000, FPS=max   inferences per second to aim at'
	@echo '  CLOCK=62.5             open boards: MHz that it must run at; without it the fastest of a few that it bears'
	@echo '  FLOW=dataflow          AMD boards: our own RTL instead of FINN'
	@echo '  NETWORK=file           a network of your own in place of MODEL: QONNX, ONNX, TFLite (another name: ONNX=file)'
	@echo '  TEST=file.npz          x, y to prove it on'
	@echo '  CALIBRATION=file.npz   inputs to calibrate it on      WHEELS=1         put the Python wheels into the package'
	@echo '  VECTORS=1000           to simulate a large core on: as many as fit five minutes without it'
	@echo '  TOGGLES=1              count bits that change in the simulation, to compare energy'
	@echo '  SPLIT=node             cut behind it: the board computes what stands before, its host the rest'
	@echo '  THEN=host.onnx         of a NETWORK that `gateweave split` has cut: what its host computes; make run takes it, too'
	@echo '  OUTPUTS=classes        of such a file: only labels count          OUTPUTS=values  every number does'
	@echo 'Choose where it runs (flash, run, measure):'
	@echo '  PACKAGE=folder         instead of the newest build    PORT=/dev/ttyUSB0    serial port of an open board'
	@echo '  HOST=user@address      a board that runs Linux        VIRTUAL=1            the Verilated chip, no board'
	@echo '  CABLE=BUS:DEVICE       one of several cables          PERSIST=1            flash memory: kept after power-off'
	@echo '  COUNT=1000             vectors to send                FAULTS=bits=1e-4     on the line of a virtual board'
	@echo '  WIDTH=50               run: percent of the channels of a network that runs at several widths'
	@echo '  THRESHOLD=1=300        run: another threshold of a network that decides, as STAGE=LEAD'
	@echo '  METER=joulescope       a power meter at this computer'
	@echo 'Choose how to work:'
	@echo '  JOBS=2                 cores to use                   PYTHON=python3.12    makes the environment'
	@echo '  PNR=native             the nextpnr on the PATH        PNR=auto             the same, where there is one'
	@echo '  SNAKEMAKE_ARGS=...     further words for Snakemake    GATEWEAVE_BUILD_DIR=folder   instead of build/'
	@echo '  GATEWEAVE_MODELS=a:b   further folders that hold models, separated like those of PATH'
	@echo
	@echo 'Example: make build BOARD=icebreaker FPS=max'

build compare plan show explain flash run measure report boards models doctor: environment
	@$(RUN) $@

verify: environment
	@$(ENVIRONMENT) check verify
	@$(RUN) verify

# Linters and tests at the same time: mypy has one process. All tests take long: what linters find stands among their dots.
AT_ONCE := --no-print-directory --jobs=2

test: environment
	@$(ENVIRONMENT) check test
	@$(MAKE) $(AT_ONCE) lint all-tests

check: environment
	@$(MAKE) $(AT_ONCE) --output-sync=target lint fast

.PHONY: lint fast all-tests
fast:
	@$(PYTEST) -q $(PARALLEL) tests/fast

all-tests:
	@$(PYTEST) -q $(PARALLEL)

lint:
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

bench: environment
	@$(ENVIRONMENT) venv requirements-bench.txt
	@$(PYTEST) -q -s tests/benchmarks

# Not --quiet: MkDocs then counts no warnings, and a broken link passes. The variable silences news of Material's successor.
docs: environment
	@$(ENVIRONMENT) venv requirements-docs.txt
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo 'documentation: build/site/index.html'

# Not from under a build that runs: it holds the lock.
clean:
	@[ ! -e build/.lock ] || flock --nonblock build/.lock true \
	    || { echo 'error: a build runs in build/; wait for it, or end it first' >&2; exit 1; }
	rm -rf build

clean-env:
	rm -rf .venv

system-deps:
	@$(ENVIRONMENT) system-deps

environment:
	@$(ENVIRONMENT) venv requirements.txt
