# Configuration, paths and the grid. Nothing here opens a large table or imports torch: the Snakefile is read again in
# every cluster job. What is more than a name stands in workflow_scripts/lib, where it is tested.

import gc
import sys
from pathlib import Path

ROOT = Path(workflow.current_basedir).parent
sys.path.insert(0, str(ROOT))

from echoclr_core.common.core_dumps import disable_core_dumps
from echoclr_core.design.bundles import export_problems
from echoclr_core.design.initialisations import SSL, initialisation_settings
from echoclr_core.design.paper_tasks import paper_tasks
from echoclr_core.design.sets import COHORTS, PREDICTION_SETS
from echoclr_core.design.tasks import label_rule, task_rules
from echoclr_core.views.keep import kept_views, long_names, short_names
from workflow_scripts.lib import config_slices, containers, file_checks, last_words, refusals
from workflow_scripts.lib import shard_count, slurm, synthetic_folder
from workflow_scripts.lib.catalogue_changes import CatalogueChanges
from workflow_scripts.lib.catalogue_record import settings_digest
from workflow_scripts.lib.config_checks import resolve_config
from workflow_scripts.lib.copied_study import record_times, restore_times, warn_of_missing_records
from workflow_scripts.lib.decisions import PlannedDecisions
from workflow_scripts.lib.layout import CELL, Layout
from workflow_scripts.lib.store_memory import training_memory
from workflow_scripts.lib.planned_trainings import print_planned_trainings
from workflow_scripts.lib.patients import PATIENT_RESULTS, Patients
from workflow_scripts.lib.numerics import gpu_asked_for, numerics
from workflow_scripts.lib.python_path import keep_code_facts, prepend_pythonpath
from workflow_scripts.lib.table_checks import check_tables
from workflow_scripts.lib.user_files import UserFiles
from workflow_scripts.lib.workflow_process import announce_workflow, cancel_timers, record_workflow

# The graph of jobs stays to the end; to search it for garbage again and again was a tenth of planning.
gc.set_threshold(100_000)
prepend_pythonpath(ROOT)
keep_code_facts(Path(".snakemake"))
announce_workflow()
disable_core_dumps()  # of the handlers as well: they read the label tables

# Linting reads the rules without data.
NEEDS_DATA = workflow.is_main_process and "--lint" not in sys.argv

refusals.refuse_copies_of_logs(workflow.output_settings.show_failed_logs)
config = resolve_config(config, ROOT, check_paths=NEEDS_DATA)
config = config_slices.in_order(config)
config["input"]["shards"] = shard_count.shard_count(config)
if NEEDS_DATA:
    check_tables(config)

LAYOUT = Layout(config, ROOT)
GRID = LAYOUT.grid
RESTRICTED = LAYOUT.restricted
STATE = LAYOUT.state
SYNTHETIC = LAYOUT.synthetic
if NEEDS_DATA:
    file_checks.warn_of_missing_files(config, synthetic=SYNTHETIC, arguments=sys.argv)
    restore_times(STATE, [LAYOUT.folder] + [config["synthetic"]["folder"]] * SYNTHETIC)
    warn_of_missing_records(STATE)
VIDEOS_PROVIDED = LAYOUT.videos_provided

# Whose numbers stand beside ours, and of which tasks; empty for none.
PUBLISHED = (
    {"source": config["report"]["published_source"], "tasks": paper_tasks(config)}
    if config["report"]["published"]
    else {}
)

results = LAYOUT.results
log_file = LAYOUT.log_file
benchmark_file = LAYOUT.benchmark_file
code_hash = LAYOUT.code_hash
method_slice = LAYOUT.method_slice
expand_shards = LAYOUT.expand_shards
maybe_temp = LAYOUT.maybe_temp
initial_weights = LAYOUT.initial_weights
learning_rate_runs = LAYOUT.learning_rate_runs
saliency_inputs = LAYOUT.saliency_inputs
figure_files = LAYOUT.figure_files
captions = LAYOUT.captions
pages = LAYOUT.pages
config_slice = config_slices.slices_of(config)

# Every rule that merges shards depends on the audit's verdict: whatever the target, nothing is built on videos that the
# audit refused. A plain edge: behind an `ancient` one Snakemake misses changes (tests/workflow/test_engine.py).
AUDITED = results("deidentified/audit.json")

# Digests of the user's own files; linting and the processes of single jobs read none.
USER = UserFiles(config, active=NEEDS_DATA, made_here=SYNTHETIC)

# What the numbers of trainings and predictions depend on of section `compute`. Scripts read the section itself from the
# configuration: how many processes load data, say, is no reason to run again.
NUMERICS = numerics(
    config["compute"],
    gpu_requested=gpu_asked_for(
        workflow.resource_settings.overwrite_resources,
        ("pretrain_encoder", "finetune_model", "predict_studies"),
    ),
)
