# Supervised fine-tuning: task x initialisation x label ratio x draw x learning rate; selection; prediction.


rule finetune_model:
    """Fine-tune the encoder on one label subset at one learning rate (paper, Supervised fine-tuning)."""
    input:
        digest=LAYOUT.of_label_draw("cohort/digests/{task}_{ratio}_{label_draw}.json"),
        weights=initial_weights,
        videos=results("cohort/videos.parquet"),
        studies=results("cohort/studies.parquet"),
        subset=LAYOUT.of_label_draw("cohort/subsets/{task}_{ratio}_{label_draw}.parquet"),
        store=results("clips/store.json"),
    output:
        model=results(f"finetune/{CELL}/{{lr}}/model.safetensors"),
        history=results(f"finetune/{CELL}/{{lr}}/history.parquet"),
        timings=results(f"finetune/{CELL}/{{lr}}/timings.parquet"),
        run=results(f"finetune/{CELL}/{{lr}}/run.json"),
    log:
        log_file("finetune_model", f"{CELL}/{{lr}}"),
    benchmark:
        benchmark_file("finetune_model", f"{CELL}/{{lr}}")
    conda:
        "../envs/training.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=lambda wildcards, input, attempt: training_memory(input.store, attempt),
        runtime=720,
    params:
        settings=config_slice(
            "finetune",
            "model",
            "augmentation",
            "study.seed",
            leave_out=tuple(
                f"finetune.{key}"
                for key in (
                    "tasks",
                    "initialisations",
                    "ratios",
                    "draws",
                    "low_label_threshold",
                    "learning_rates",
                    "kinetics_weights",
                    "checkpoint_every",
                    "study_score",
                )
            ),
        ),
        label_rule=lambda wildcards: label_rule(config, wildcards.task),
        initialisation=lambda wildcards: initialisation_settings(config, wildcards.init),
        provided_weights=lambda wildcards: USER.initial_weights(wildcards.init),
        label_draw=lambda wildcards: GRID.label_draw_of(wildcards.draw),
        pretraining=lambda wildcards: GRID.pretraining_of(wildcards.draw),
        numerics=NUMERICS,
        state=f"{STATE}/finetune/{CELL}/{{lr}}",
        finished=f"{STATE}/finished/finetune/{CELL}/{{lr}}",
        code_hash=code_hash("finetune_model"),
    script:
        "../workflow_scripts/finetune_model.py"


rule select_learning_rate:
    """Choose the learning rate with the lowest validation loss at its early-stopped checkpoint."""
    input:
        runs=learning_rate_runs("run.json"),
        models=learning_rate_runs("model.safetensors"),
    output:
        selected=results(f"selected/{CELL}/best_lr.json"),
        model=results(f"selected/{CELL}/model.safetensors"),
    log:
        log_file("select_learning_rate", CELL),
    conda:
        "../envs/training.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        rates=lambda wildcards: GRID.rates(wildcards.init, wildcards.ratio),
        code_hash=code_hash("select_learning_rate"),
    script:
        "../workflow_scripts/select_learning_rate.py"


# One job for all initialisations of a task, ratio and draw: each clip is read and prepared once for all of them, and the
# evaluation waits for all of them anyhow.
rule predict_studies:
    """Predict both test sets and the validation set with the selected models: clips, videos, studies."""
    input:
        models=expand(results(f"selected/{CELL}/model.safetensors"), init=GRID.inits, allow_missing=True),
        digest=LAYOUT.of_label_draw("cohort/digests/{task}_{ratio}_{label_draw}.json"),
        videos=results("cohort/videos.parquet"),
        studies=results("cohort/studies.parquet"),
        store=results("clips/store.json"),
    output:
        **{
            cohort: expand(
                results(f"predictions/{CELL}/{cohort}.parquet"), init=GRID.inits, allow_missing=True
            )
            for cohort in PREDICTION_SETS
        },
    log:
        log_file("predict_studies", "{task}/{ratio}/{draw}"),
    benchmark:
        benchmark_file("predict_studies", "{task}/{ratio}/{draw}")
    conda:
        "../envs/training.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=lambda wildcards, input, attempt: training_memory(input.store, attempt),
        runtime=240,
    params:
        settings=config_slice(
            "finetune.clip_length",
            "finetune.frame_stride",
            "finetune.eval_clips_per_video",
            "finetune.batch_size",
            "finetune.study_score",
            "model",
            "study.seed",
        ),
        inits=GRID.inits,
        numerics=NUMERICS,
        finished=f"{STATE}/finished/predictions/{{task}}/{{ratio}}/{{draw}}",
        code_hash=code_hash("predict_studies"),
    script:
        "../workflow_scripts/predict_studies.py"


rule finetune:
    """Stage 7: fine-tuned models, the selection among them, predictions."""
    input:
        [
            results("predictions/{task}/{init}/{ratio}/{draw}/internal.parquet".format(**cell))
            for cell in GRID.selections()
        ],
