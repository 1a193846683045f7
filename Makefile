# make demo: environment, then the workflow on the examples.  make test: all checks.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
CORES ?= 2
HPC_VENV := .venv-hpc
BENCH_VENV := .venv-bench
BENCH_BIN := $(BENCH_VENV)/bin
BENCH_OUT := build/bench
# Options for a full benchmark, for instance: make bench-panel ARGS=--write
ARGS ?=

.PHONY: demo test test-full check bench bench-peers bench-retrieval bench-panel bench-wide-margins bench-screening selftest selftest-expected schemas vocabulary clean bench-spectra bench-spectra-library bench-spectra-retrieval bench-refdb bench-calibration bench-barcode bench-reads bench-library validation bench-lir bench-pdf bench-barcode-accuracy completeness bench-spectral-names hpc-env test-hpc bench-faults fuzz bench-batch

demo: $(VENV)/.installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" "$(BIN)/snakemake" --snakefile Snakefile --directory . --workflow-profile workflow/profiles/default --cores $(CORES) --quiet rules --config output_dir="$(DEMO)" laboratory_root=examples
	@echo
	@echo "Cases and where their files lie (PDF, HTML and JSON in record/, the seal in seal/):"
	@"$(BIN)/musk-id" runs overview --out "$(DEMO)"
	@echo "All cases on one page: $(DEMO)/index.html"

test: $(VENV)/.installed-dev check
	"$(BIN)/python" -m pytest -q -n $(CORES) --dist loadfile

test-full: $(VENV)/.installed-dev check
	"$(BIN)/python" -m pytest -q -n $(CORES) --dist loadfile -m "full or not full"

check: $(VENV)/.installed-dev
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/lint-imports" --no-cache

# Peers live in an environment of their own; vsearch and blastn are Debian's, where they can be had.
bench: $(BENCH_VENV)/.installed
	@bash scripts/system-packages.sh bench
	@"$(BENCH_BIN)/python" -W ignore benchmarks/side_by_side.py
	@"$(BENCH_BIN)/python" benchmarks/panel_specificity.py --quick --out "$(BENCH_OUT)/panel-specificity.json"

bench-peers: $(BENCH_VENV)/.installed
	@bash scripts/system-packages.sh bench
	@"$(BENCH_BIN)/python" -W ignore benchmarks/side_by_side.py --full $(ARGS)

bench-retrieval: $(BENCH_VENV)/.installed
	@"$(BENCH_BIN)/python" -W ignore benchmarks/side_by_side.py spectra --retrieval 54

# Ranking of other laboratories' EI spectra, probability of a first name, when none is given (about four minutes, one
# gigabyte); ARGS="--every 20" for a look, ARGS=--write writes validation/spectra-retrieval.json.
bench-spectra-retrieval: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/spectra_retrieval.py $(ARGS)

bench-panel: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/panel_specificity.py --out "$(BENCH_OUT)/panel-specificity.json" $(ARGS)

bench-wide-margins: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/wide_margins.py $(ARGS)

bench-screening: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/screening_marker.py $(ARGS)

# Library search beside matchms and ms_entropy; for instance: make bench-spectra ARGS="ei --library 50000"
bench-spectra: $(BENCH_VENV)/.installed
	@"$(BENCH_BIN)/python" -W ignore benchmarks/spectra_search.py $(ARGS)

bench-spectra-library: $(VENV)/.installed-dev
	"$(BIN)/python" benchmarks/spectra_library.py

bench-refdb: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/refdb_audit.py $(ARGS)

# Builds the public sets beside the project into a library and compares what it shows with what is shipped;
# ARGS=--rows only writes the shipped figures as rows of validation/calibration.json.
bench-calibration: $(VENV)/.installed-dev
	"$(BIN)/python" benchmarks/calibration.py $(ARGS)

# Values of a peer that the tests of the likelihood kernels hold; ARGS= (empty) writes them.
bench-lir: ARGS = --check
bench-lir: $(BENCH_VENV)/.installed
	@"$(BENCH_BIN)/python" -W ignore benchmarks/lir_vectors.py $(ARGS)

# PDFs of the shipped cases held against PDF/A-3a and PDF/UA-1 by a validator of other authors.
bench-pdf: $(BENCH_VENV)/.installed
	@"$(BENCH_BIN)/python" -W ignore benchmarks/pdf_conformance.py $(ARGS)

# For instance: make bench-barcode ARGS="--references 10000 200000"
bench-barcode: $(VENV)/.installed
	@bash scripts/system-packages.sh bench
	@"$(BIN)/python" benchmarks/barcode_match.py $(ARGS)

# Names of mammals with a wide library; for instance: make bench-barcode-accuracy ARGS="--half development"
bench-barcode-accuracy: $(VENV)/.installed
	@bash scripts/system-packages.sh bench
	@"$(BIN)/python" benchmarks/barcode_accuracy.py $(ARGS)

# For instance: make bench-library ARGS="--records 20000 200000"
bench-library: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/library_size.py $(ARGS)

# Mixtures of reads by level, planted chimeras, and time beside the vsearch chain.
bench-reads: $(VENV)/.installed
	@bash scripts/system-packages.sh bench
	@"$(BIN)/python" benchmarks/reads.py $(ARGS)

# Single names that the rule of identification gives to public spectra, and how many are wrong.
bench-spectral-names: $(VENV)/.installed-dev
	"$(BIN)/python" benchmarks/spectral_names.py $(ARGS)

# The environment of a cluster, and a Slurm of one host for the tests; skipped where Slurm cannot be installed.
hpc-env: $(HPC_VENV)/.installed
	@bash tests/hpc/slurm-local.sh install || echo "Slurm is not installed: the tests of the cluster are skipped"

test-hpc: $(VENV)/.installed-dev hpc-env
	"$(BIN)/python" -m pytest -q -m "full or not full" tests/hpc

# Kills at random moments; ARGS=--full for 100 kills of runs of 24 cases and 10 of a run of 300.
bench-faults: $(VENV)/.installed
	@"$(BIN)/python" benchmarks/faults.py $(ARGS)

# Cases from files to sealed records, beside the usual way; in full: make bench-batch ARGS=--full
bench-batch: $(VENV)/.installed
	@bash scripts/system-packages.sh bench
	@"$(BIN)/python" benchmarks/batch.py $(ARGS)

# Damaged files for every reader; the full lane: make fuzz ARGS="--inputs 100000"
fuzz: $(VENV)/.installed-dev
	@"$(BIN)/python" benchmarks/fuzz.py $(ARGS)

selftest: $(VENV)/.installed
	"$(BIN)/musk-id" selftest

schemas: $(VENV)/.installed
	"$(BIN)/python" scripts/write_schemas.py

vocabulary: $(VENV)/.installed
	"$(BIN)/python" scripts/write_vocabulary.py

completeness: $(VENV)/.installed
	"$(BIN)/python" scripts/write_completeness.py

validation: $(VENV)/.installed
	"$(BIN)/python" scripts/write_validation.py

selftest-expected: $(VENV)/.installed
	"$(BIN)/python" scripts/write_selftest.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Python 3.11 to 3.13 is needed, found %d.%d; name another one with: make PYTHON=python3.12 ..." % v)'
	@$(PYTHON) -m venv $(VENV)

# Only files with the digests of constraints.txt are installed; nothing is looked for beyond them.
PIP := "$(BIN)/python" -m pip --disable-pip-version-check install --quiet --no-deps

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Musk-ID and what it needs into $(VENV) ..."
	@$(PIP) --require-hashes -r constraints.txt
	@$(PIP) --no-build-isolation -e .
	@touch "$@"

$(VENV)/.installed-dev: constraints-dev.txt | $(VENV)/.installed
	@echo "Installing what the checks need into $(VENV) ..."
	@$(PIP) --require-hashes -r constraints-dev.txt
	@touch "$@"

$(HPC_VENV)/.installed: pyproject.toml constraints.txt constraints-hpc.txt | $(VENV)/bin/python
	@echo "Installing Musk-ID and the SLURM executor into $(HPC_VENV) ..."
	@$(PYTHON) -m venv $(HPC_VENV)
	@"$(HPC_VENV)/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints.txt -r constraints-hpc.txt
	@"$(HPC_VENV)/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch "$@"

$(BENCH_VENV)/.installed: pyproject.toml constraints-bench.txt
	@echo "Installing Musk-ID and the packages it is compared with into $(BENCH_VENV) ..."
	@$(PYTHON) -m venv $(BENCH_VENV)
	@"$(BENCH_BIN)/python" -m pip install --quiet --disable-pip-version-check -c constraints-bench.txt -e ".[bench]"
	@touch "$@"

clean:
	rm -rf build .snakemake $(VENV) $(BENCH_VENV) $(HPC_VENV)
