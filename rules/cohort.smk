# Labels, exclusions, split, label subsets, Table 1.

SUBSETS = expand(
    results("cohort/subsets/{task}_{ratio}_{draw}.parquet"),
    task=GRID.tasks,
    ratio=GRID.ratios,
    draw=GRID.label_draws,
)


rule import_labels:
    """Read the table of labels and replace its identifiers by pseudonyms; of dates only the year is kept."""
    input:
        labels=USER.produced(config["input"]["labels"]),
        key=USER.produced(config["input"]["pseudonym_key_file"]),
    output:
        results("cohort/labels.parquet"),
    log:
        log_file("import_labels", restricted=True),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        labels=USER.labels,
        key=USER.key,
        settings=config_slice(
            "input.columns",
            "input.extra_columns",
            "input.released_columns",
            "input.max_age",
            "evaluate.age_column",
            "cohort.several_patients",
        ),
        code_hash=code_hash("import_labels"),
    script:
        "../workflow_scripts/import_labels.py"


rule build_cohort:
    """Join videos and labels, count every exclusion, split the development years by study or patient."""
    input:
        labels=results("cohort/labels.parquet"),
        files=expand_shards(results("deidentified/{shard}.parquet")),
        views=expand_shards(results("views/{shard}.parquet")),
        masked=expand_shards(results("masked/{shard}.parquet")),
        view_labels=results("views/labels.parquet") if VIEWS_TRAINED else [],
        removed=[] if VIDEOS_PROVIDED else f"{RESTRICTED}/catalog/removed.json",
        audited=AUDITED,
    output:
        videos=results("cohort/videos.parquet"),
        studies=results("cohort/studies.parquet"),
        flow=results("cohort/flow.parquet"),
        unmatched=results("cohort/unmatched.parquet"),
        split=results("cohort/split.json"),
    log:
        log_file("build_cohort"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings=config_slice("cohort", "study.seed"),
        known_frame_rate=bool(config["clip"]["frame_rate"])
        and config["clip"]["missing_frame_rate"] == "exclude",
        tasks=task_rules(config),
        code_hash=code_hash("build_cohort"),
    script:
        "../workflow_scripts/build_cohort.py"


# One job a subset: a further ratio or draw leaves the others as they are.
rule draw_subset:
    """Draw the labelled training studies of a task, ratio and draw, nested, the same for all initialisations; digest
    what is trained on them."""
    input:
        studies=results("cohort/studies.parquet"),
        videos=results("cohort/videos.parquet"),
        store=results("clips/store.json"),
    output:
        subset=results("cohort/subsets/{task}_{ratio}_{draw}.parquet"),
        digest=results("cohort/digests/{task}_{ratio}_{draw}.json"),
    log:
        log_file("draw_subset", "{task}_{ratio}_{draw}"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=config_slice("finetune.scale_validation", "study.seed"),
        code_hash=code_hash("draw_subset"),
    script:
        "../workflow_scripts/draw_subset.py"


rule collect_subsets:
    """Join the label subsets."""
    input:
        SUBSETS,
    output:
        results("cohort/subsets.parquet"),
    log:
        log_file("collect_subsets"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code_hash=code_hash("collect_subsets"),
    script:
        "../workflow_scripts/collect_subsets.py"


rule digest_pretraining:
    """One small digest of what pretraining reads: an encoder is pretrained again only when that changed."""
    input:
        videos=results("cohort/videos.parquet"),
        studies=results("cohort/studies.parquet"),
        split=results("cohort/split.json"),
        store=results("clips/store.json"),
    output:
        results("cohort/digests/pretrain.json"),
    log:
        log_file("digest_pretraining"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        probe=bool(config["pretrain"]["probe_every"]),
        code_hash=code_hash("digest_pretraining"),
    script:
        "../workflow_scripts/digest_pretraining.py"


rule make_table1:
    """Describe the cohort by set: Table 1, and Table S1 with grades, years and videos per study."""
    input:
        studies=results("cohort/studies.parquet"),
    output:
        table1=multiext(results("cohort/table1"), ".csv", ".md", ".tex"),
        table_s1=multiext(results("cohort/table_s1"), ".csv", ".md", ".tex"),
    log:
        log_file("make_table1"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        titles=GRID.titles,
        least_cell=config["report"]["least_cell"],
        code_hash=code_hash("make_table1"),
    script:
        "../workflow_scripts/make_table1.py"


rule cohort:
    """Stage 5: cohort, split, subsets, Table 1."""
    input:
        rules.build_cohort.output,
        results("cohort/digests/pretrain.json"),
        results("cohort/subsets.parquet") if GRID.tasks else [],
        rules.make_table1.output,
