# Bundles: trained models with all that is needed to score new studies.


rule export_bundle:
    """Write models, settings, view classifier, thresholds and model card of one task and initialisation."""
    input:
        models=expand(
            results("selected/{task}/{init}/{ratio}/{draw}/model.safetensors"),
            ratio=GRID.export_ratio,
            draw=GRID.export_draws,
            allow_missing=True,
        ),
        validation=expand(
            results("predictions/{task}/{init}/{ratio}/{draw}/validation.parquet"),
            ratio=GRID.export_ratio,
            draw=GRID.export_draws,
            allow_missing=True,
        ),
        subsets=expand(
            results("cohort/subsets/{task}_{ratio}_{draw}.parquet"),
            ratio=GRID.export_ratio,
            draw=sorted({GRID.label_draw_of(draw) for draw in GRID.export_draws}),
            allow_missing=True,
        ),
        videos=results("cohort/videos.parquet"),
        studies=results("cohort/studies.parquet"),
        flow=results("cohort/flow.parquet"),
        split=results("cohort/split.json"),
        store=results("clips/store.json"),
        files=expand_shards(results("deidentified/{shard}.parquet")),
        masked=expand_shards(results("masked/{shard}.parquet")),
        classifier=CLASSIFIER if VIEWS_TRAINED else [],
        metrics=results("evaluation/metrics.parquet"),
        operating_points=results("evaluation/operating_points.parquet"),
        calibration=results("evaluation/calibration.parquet"),
        subgroups=results("evaluation/subgroups.parquet"),
    output:
        directory(results("export/{task}_{init}")),
    log:
        log_file("export_bundle", "{task}_{init}"),
    conda:
        "../envs/predict.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        settings=config_slice(
            "deidentify",
            "views",
            "mask",
            "clip",
            "finetune.batch_size",
            "evaluate.target_rate",
            "evaluate.calibration_bins",
            "study.seed",
            leave_out=(
                *NO_FILE_KEYS,
                *(f"views.{key}" for key in ("labels", "weights", "classes", "epochs")),
            ),
        ),
        draws=GRID.export_draws,
        ratio=GRID.export_ratio,
        onnx=config["export"]["onnx"],
        title=lambda wildcards: dict(GRID.titles)[wildcards.task],
        init_titles=GRID.init_titles,
        classifier=USER.view_classifier,
        least_cell=config["report"]["least_cell"],
        synthetic=SYNTHETIC,
        numerics=NUMERICS,
        code_hash=code_hash("export_bundle"),
    script:
        "../workflow_scripts/export_bundle.py"


rule export:
    """Bundles of trained models, one a task and initialisation; not part of the study's own plan."""
    input:
        (
            refusals.refuse_target("export", export_problems(config))
            if export_problems(config)
            else expand(results("export/{task}_{init}"), task=GRID.export_tasks, init=GRID.export_inits)
        ),
