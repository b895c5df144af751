# Metrics, intervals and tests at study level; Tables S2 and S3.

# as echoclr_core.evaluate.EVALUATION (tests/workflow/test_grid.py holds them together)
EVALUATION = [
    "metrics",
    "comparisons",
    "operating_points",
    "calibration",
    "calibration_curve",
    "recalibrated_curve",
    "curves",
    "decision_curves",
    "subgroups",
    "subgroup_differences",
]
TASK_TABLES = LAYOUT.task_tables()
# as echoclr_core.evaluate.repeats.REPEAT_TABLES; made where there is more than one draw or pretraining
REPEATS = ["repeats", "repeat_means", "repeat_claims"]


rule describe_acquisition:
    """Vendor, frame rate, size, masked share and view margin of each study, for the technical subgroups."""
    input:
        videos=results("cohort/videos.parquet"),
        files=expand_shards(results("deidentified/{shard}.parquet")),
        masked=expand_shards(results("masked/{shard}.parquet")),
        views=expand_shards(results("views/{shard}.parquet")),
    output:
        results("cohort/technical.parquet"),
    log:
        log_file("describe_acquisition"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code_hash=code_hash("describe_acquisition"),
    script:
        "../workflow_scripts/describe_acquisition.py"


rule evaluate_ratio:
    """Bootstrap every initialisation on shared resamples, for one task and label ratio, all draws and test sets."""
    input:
        predictions=lambda wildcards: expand(
            results("predictions/{task}/{init}/{ratio}/{draw}/{cohort}.parquet"),
            task=wildcards.task,
            ratio=wildcards.ratio,
            init=GRID.inits,
            draw=GRID.draws,
            cohort=PREDICTION_SETS,
        ),
        studies=results("cohort/studies.parquet"),
        technical=results("cohort/technical.parquet"),
        subsets=expand(
            results("cohort/subsets/{task}_{ratio}_{draw}.parquet"),
            draw=GRID.label_draws,
            allow_missing=True,
        ),
    output:
        **{name: results(f"evaluation/parts/{{task}}_{{ratio}}_{name}.parquet") for name in EVALUATION},
    log:
        log_file("evaluate_ratio", "{task}_{ratio}"),
    benchmark:
        benchmark_file("evaluate_ratio", "{task}_{ratio}")
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=config_slice("evaluate", "study.seed"),
        inits=GRID.inits,
        draws=GRID.draws,
        label_draws=[GRID.label_draw_of(draw) for draw in GRID.draws],
        code_hash=code_hash("evaluate_ratio"),
    script:
        "../workflow_scripts/evaluate_ratio.py"


rule collect_evaluation:
    """Join the parts; adjust the p-values by Holm within each task and test set."""
    input:
        **{
            name: expand(
                results(f"evaluation/parts/{{task}}_{{ratio}}_{name}.parquet"),
                task=GRID.tasks,
                ratio=GRID.ratios,
            )
            for name in EVALUATION
        },
    output:
        **{name: results(f"evaluation/{name}.parquet") for name in EVALUATION},
    log:
        log_file("collect_evaluation"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code_hash=code_hash("collect_evaluation"),
    script:
        "../workflow_scripts/collect_evaluation.py"


rule list_failures:
    """Studies that the last initialisation calls wrongly with the most labels, and what they have in common."""
    input:
        predictions=expand(
            results("predictions/{task}/{init}/{ratio}/0/{cohort}.parquet"),
            task=GRID.tasks,
            init=GRID.inits[-1:],
            ratio=GRID.ratios[-1:],
            cohort=COHORTS,
        ),
        points=results("evaluation/operating_points.parquet"),
        technical=results("cohort/technical.parquet"),
    output:
        failures=results("evaluation/failures.parquet"),
        causes=results("evaluation/failure_causes.parquet"),
    log:
        log_file("list_failures"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code_hash=code_hash("list_failures"),
    script:
        "../workflow_scripts/list_failures.py"


rule analyse_repeats:
    """AUROC over draws of the labels and pretrainings: every repeat, means, claims, and how many they need."""
    input:
        predictions=[
            results("predictions/{task}/{init}/{ratio}/{draw}/{cohort}.parquet").format(**cell)
            for cell in GRID.predictions()
        ],
        studies=results("cohort/studies.parquet"),
    output:
        **{name: results(f"evaluation/{name}.parquet") for name in REPEATS},
    log:
        log_file("analyse_repeats"),
    benchmark:
        benchmark_file("analyse_repeats")
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=config_slice("evaluate", "study.seed"),
        repeats={draw: [GRID.label_draw_of(draw), GRID.pretraining_of(draw)] for draw in GRID.draws},
        cells=GRID.predictions(),  # of each input file, in their order
        code_hash=code_hash("analyse_repeats"),
    script:
        "../workflow_scripts/analyse_repeats.py"


rule make_result_tables:
    """Tables S2 (LVH) and S3 (severe AS) in the paper's layout, as CSV, Markdown and LaTeX."""
    input:
        metrics=results("evaluation/metrics.parquet"),
        comparisons=results("evaluation/comparisons.parquet"),
    output:
        [results(f"evaluation/{name}{suffix}") for name in TASK_TABLES for suffix in (".csv", ".md", ".tex")],
    log:
        log_file("make_result_tables"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        titles=GRID.titles,
        init_titles=GRID.init_titles,
        published=PUBLISHED,
        code_hash=code_hash("make_result_tables"),
    script:
        "../workflow_scripts/make_result_tables.py"


rule evaluate:
    """Stage 8: metrics, comparisons, Tables S2 and S3."""
    input:
        rules.collect_evaluation.output,
        rules.list_failures.output,
        rules.make_result_tables.output,
        rules.analyse_repeats.output if len(GRID.draws) > 1 else [],
