# Two commands: `make demo` runs the whole study on a synthetic cohort, `make test` passes the tests.
# Both set up .venv from envs/lock.txt first. They need python3 (3.11 or later), make and a package index.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake
DEMO := config/demo.yaml
STUDY := config/synthetic_study.yaml
# pretrainings of each method in `make study-seeds`, and steps of MI-SimCLR in each
SEEDS ?= 16
SEED_STEPS ?= 500
TENSORFLOW := .venv-tensorflow
# pytest workers; the tests of the whole small study come after, since it uses every core itself
JOBS ?= 2

export OMP_NUM_THREADS ?= 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo study study-seeds test slow-test gpu-check crash-test slurm-test lint format bench clean config docs key kinetics zhang lock

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(VENV)/.ready ## make .venv from the lock

$(VENV)/.ready: envs/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; '$(PYTHON)' is $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	# --no-deps: the lock is complete, and nothing may replace what it names
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement envs/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# A training step takes and frees some 100 MB; to keep them saves the page faults, a twentieth of a step.
demo study study-seeds: export MALLOC_MMAP_THRESHOLD_ ?= 1073741824
demo study study-seeds: export MALLOC_TRIM_THRESHOLD_ ?= 1073741824

demo: setup ## run the whole study on a synthetic cohort
	$(SNAKEMAKE) --cores all --configfile $(DEMO) --quiet rules host
	@$(BIN)/python -m tools.print_summary $(DEMO)

study: setup ## measure label efficiency on a larger synthetic cohort: up to three hours, goes on where it was stopped
	$(SNAKEMAKE) --cores all --rerun-incomplete --configfile $(STUDY) --quiet rules host
	@$(BIN)/python -m tools.study_page $(STUDY) docs

study-seeds: setup ## pretrain each method SEEDS times and judge frozen features: an hour for 16, goes on where it was stopped
	$(BIN)/python benchmarks/evidence/pretraining_seeds.py results/pretraining_seeds --seeds $(SEEDS) --steps $(SEED_STEPS)
	@$(BIN)/python -m tools.seeds_page results/pretraining_seeds docs/pretraining_seeds.md

test: setup lint ## pass the tests: under twenty minutes on two cores
	# loadfile: what the tests of a file share is made once, not by every worker
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not study and not slow" $(ARGS)
	$(BIN)/python -m pytest -m "study and not slow" $(ARGS)

slow-test: setup ## the tests marked slow, the long forms of proofs that `make test` holds in short: fifteen minutes
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m slow $(ARGS)

crash-test: setup ## kill the whole small study ten times and compare what it gives: up to an hour
	ECHOCLR_WHOLE=test_crash $(BIN)/python -m pytest -s tests/whole/test_crash.py $(ARGS)

slurm-test: setup ## the small study on a real SLURM of one node, with all that befalls a cluster: an hour; as root, Debian
	tools/slurm/up.sh
	SLURM_CONF=$${SLURM_TEST_DIR:-/tmp/echoclr-slurm}/etc/slurm.conf ECHOCLR_WHOLE=test_slurm \
	  $(BIN)/python -m pytest -s tests/whole/test_slurm.py $(ARGS); code=$$?; tools/slurm/down.sh; exit $$code

lint: setup ## style, format, rules, configuration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(SNAKEMAKE) --lint --configfile $(DEMO)
	$(BIN)/python config/render.py --check

format: setup ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile rules

bench: setup ## measure against what a user would otherwise run
	$(BIN)/python benchmarks/run_all.py

gpu-check: setup ## ten minutes on a GPU: speed, memory, right numbers, resume, and the settings to use
	$(BIN)/python tools/gpu_check.py

docs: setup ## build the documentation site into site/, every warning an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --site-dir site
	@echo "open site/index.html"

config: setup ## write config.yaml and docs/configuration.md from their definition
	$(BIN)/python config/render.py

key: setup ## make a pseudonym key: make key KEY=/safe/place/pseudonym.key
	@test -n "$(KEY)" || { echo "say where: make key KEY=/safe/place/pseudonym.key"; exit 1; }
	@$(BIN)/python -c "import sys; from echoclr_core.deidentify.identifiers.secret_key import make_key; make_key(sys.argv[1])" "$(KEY)"

kinetics: setup ## fetch torchvision's Kinetics-400 weights into its cache (needs the internet)
	$(BIN)/python -c "from torchvision.models.video import R3D_18_Weights; R3D_18_Weights.KINETICS400_V1.get_state_dict(progress=True)"

zhang: setup ## import Zhang et al.'s published weights: make zhang CHECKPOINT=view_23_e5_class_11-Mar-2018 WEIGHTS=zhang.safetensors
	@test -n "$(CHECKPOINT)" -a -n "$(WEIGHTS)" || { echo "say which and where to: make zhang CHECKPOINT=... WEIGHTS=..."; exit 1; }
	# TensorFlow reads its checkpoint in an environment of its own; only plain arrays leave it
	test -x $(TENSORFLOW)/bin/python || $(PYTHON) -m venv $(TENSORFLOW)
	$(TENSORFLOW)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement envs/tensorflow.txt
	@test ! -e "$(WEIGHTS)" || { echo "$(WEIGHTS) is there already; remove it or name another file"; exit 1; }
	folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && \
	  $(TENSORFLOW)/bin/python envs/tensorflow_variables.py "$(CHECKPOINT)" "$$folder/weights.npz" && \
	  $(BIN)/python -m echoclr_core.views "$$folder/weights.npz" "$(WEIGHTS)"

lock: ## write envs/lock.txt anew from pyproject.toml
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps rapidocr-onnxruntime
	$(BIN)/python envs/write_lock.py

clean: ## remove environments, caches and the synthetic studies; studies of your own stay
	$(PYTHON) tools/clean.py
