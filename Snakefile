"""The EchoCLR study: from a folder of echocardiogram DICOM files to the paper's tables and figures."""

import atexit

from snakemake.utils import min_version

min_version("9.20.0")


# The paper's study; an overlay given with --configfile is merged over it.
configfile: f"{workflow.current_basedir}/config.yaml"


include: "rules/common.smk"


# Of all rules that follow. Named only where it is used: Snakemake would record it for every job, and its report claim it.
if containers.in_container(workflow):
    if NEEDS_DATA:
        containers.check_image(Path.cwd())

    container: containers.IMAGE


# one file a stage, in the order the data flows
include: "rules/synthetic.smk"
include: "rules/catalog.smk"
include: "rules/deidentify.smk"
include: "rules/views.smk"
include: "rules/videos.smk"
include: "rules/mask.smk"
include: "rules/cohort.smk"
include: "rules/pretrain.smk"
include: "rules/finetune.smk"
include: "rules/evaluate.smk"
include: "rules/robustness.smk"
include: "rules/explain.smk"
include: "rules/report.smk"
include: "rules/export.smk"
include: "rules/predict.smk"


report: "report/workflow.rst"


wildcard_constraints:
    shard=r"\d{4}",
    task="|".join(GRID.tasks) or "none",
    init="|".join(GRID.known_inits),
    method="|".join(SSL),
    pretrain_seed=r"(_seed\d+)?",
    cohort="internal|external",
    draw=r"\d+(_seed\d+)?",
    ratio=r"[0-9.]+",
    lr=r"[0-9.e+-]+",


localrules:
    all,
    list_archive,


rule all:
    default_target: True
    input:
        # without tasks the study ends with pretraining
        rules.report.input
        if GRID.tasks
        else [rules.mask.input, rules.cohort.input, rules.pretrain.input, DATES],
        DICOM_TABLES,


if workflow.resource_settings.nodes:  # jobs go to a cluster
    slurm.requeue_by_default(workflow.rules)


if NEEDS_DATA:  # the last words of a dry run
    atexit.register(print_planned_trainings, workflow)


# What needs files is asked last, when it is known that jobs will run.
onstart:
    file_checks.require_files(config, synthetic=SYNTHETIC, targets=workflow.dag_settings.targets)
    if any(job.rule.name == "make_synthetic_cohort" for job in workflow.dag.needrun_jobs()):
        refusals.refuse_changed_cohort(config)
    if file_checks.runs_study(workflow.dag_settings.targets):
        shard_count.record_count(config)
        record_times(STATE)
    if "predict" in workflow.dag_settings.targets:
        PATIENTS.record_shards()
    record_workflow(Path(".snakemake"))
    if slurm.is_slurm(workflow):
        slurm.check_cluster(workflow)


onsuccess:
    cancel_timers()
    ran = [job.rule.name for job in workflow.dag.finished_jobs]
    if ran and workflow.is_main_process:
        stages = set(workflow.dag_settings.targets) - {"all", "report", "export", "predict"}
        print(
            last_words.describe_success(
                ran, Path(LAYOUT.folder), patients=PATIENTS.folder, whole=not stages
            ),
            file=sys.stderr,
        )


onerror:
    cancel_timers()
    print(last_words.describe_failure(workflow.scheduler.failed, sys.argv), file=sys.stderr)
