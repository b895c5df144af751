# The test videos perturbed as a scanner or a hand could: a target of its own, part of the study where it asks for it.

if GRID.tasks:

    rule perturb_studies:
        """Score both test sets of a task with perturbed videos, with the models of the most labels."""
        input:
            models=expand(
                results("selected/{task}/{init}/{ratio}/0/model.safetensors"),
                init=GRID.inits,
                ratio=GRID.ratios[-1],
                allow_missing=True,
            ),
            videos=results("cohort/videos.parquet"),
            studies=results("cohort/studies.parquet"),
            store=results("clips/store.json"),
        output:
            results("robustness/{task}.parquet"),
        log:
            log_file("perturb_studies", "{task}"),
        benchmark:
            benchmark_file("perturb_studies", "{task}")
        conda:
            "../envs/training.yaml"
        threads: config["compute"]["threads"]
        resources:
            mem_mb=lambda wildcards, input, attempt: training_memory(input.store, attempt),
            runtime=480,
        params:
            settings=config_slice(
                "finetune.clip_length",
                "finetune.frame_stride",
                "finetune.eval_clips_per_video",
                "finetune.batch_size",
                "finetune.study_score",
                "robustness.perturbations",
                "model",
                "study.seed",
            ),
            ratio=GRID.ratios[-1],
            inits=GRID.inits,
            numerics=NUMERICS,
            code_hash=code_hash("perturb_studies"),
        script:
            "../workflow_scripts/perturb_studies.py"

    rule evaluate_robustness:
        """Change of AUROC by perturbation, with paired intervals on the resamples of all other intervals."""
        input:
            perturbed=expand(results("robustness/{task}.parquet"), task=GRID.tasks),
            plain=expand(
                results("predictions/{task}/{init}/{ratio}/0/{cohort}.parquet"),
                task=GRID.tasks,
                init=GRID.inits,
                ratio=GRID.ratios[-1:],
                cohort=COHORTS,
            ),
            studies=results("cohort/studies.parquet"),
        output:
            results("evaluation/robustness.parquet"),
        log:
            log_file("evaluate_robustness"),
        conda:
            "../envs/reporting.yaml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            settings=config_slice("evaluate", "study.seed"),
            code_hash=code_hash("evaluate_robustness"),
        script:
            "../workflow_scripts/evaluate_robustness.py"


rule perturb:
    """The test sets with perturbed videos."""
    input:
        results("evaluation/robustness.parquet") if GRID.tasks else [],
