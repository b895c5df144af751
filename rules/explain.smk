# Grad-CAM of two models side by side (paper, Model interpretability), and where their evidence lies.

if SYNTHETIC:

    rule map_valve_landmarks:
        """Where the valve of each synthetic video lies on the masked frames: nothing that is trained reads it."""
        input:
            truth=rules.make_synthetic_cohort.output.truth,
            crosswalk=rules.catalog_archive.output.crosswalk,
            masked=expand_shards(results("masked/{shard}.parquet")),
        output:
            results("explain/landmarks.parquet"),
        log:
            log_file("map_valve_landmarks", restricted=True),
        conda:
            "../envs/data.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            settings=config_slice("mask"),
            code_hash=code_hash("map_valve_landmarks"),
        script:
            "../workflow_scripts/map_valve_landmarks.py"


rule explain_studies:
    """Grad-CAM of the studies that the reference model is surest of, in both models; and of the other's surest errors."""
    input:
        predictions=saliency_inputs("predictions/{task}/{init}/{ratio}/{draw}/internal.parquet"),
        scored=saliency_inputs("predictions/{task}/{init}/{ratio}/{draw}/external.parquet"),
        models=saliency_inputs("selected/{task}/{init}/{ratio}/{draw}/model.safetensors"),
        store=results("clips/store.json"),
        landmarks=results("explain/landmarks.parquet") if SYNTHETIC else [],
    output:
        arrays=results("explain/{task}/gradcam.npz"),
        summary=results("explain/{task}/summary.json"),
        extremes=results("explain/{task}/extremes.npz"),
    log:
        log_file("explain_studies", "{task}"),
    conda:
        "../envs/training.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        settings=config_slice("explain", "model", "study.seed", leave_out=("explain.tasks",)),
        models=GRID.explained,
        numerics=NUMERICS,
        code_hash=code_hash("explain_studies"),
    script:
        "../workflow_scripts/explain_studies.py"


rule explain:
    """Stage 9: saliency maps."""
    input:
        expand(results("explain/{task}/gradcam.npz"), task=config["explain"]["tasks"]),
