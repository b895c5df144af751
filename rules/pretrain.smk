# Self-supervised pretraining, by the methods of echoclr_core/pretrain/methods/.

# Which encoders there are, and what changes no number of one.
PRETRAIN_NO_NUMBER = [
    "methods",
    "method_options",  # of its own method each pretraining, in params.method
    "seeds",
    "tensorboard",
    "checkpoint_every",
    "activation_checkpointing",
]


rule pretrain_encoder:
    """Pretrain the encoder on all training-set videos (paper, Self-supervised pretraining)."""
    input:
        digest=results("cohort/digests/pretrain.json"),
        videos=results("cohort/videos.parquet"),
        store=results("clips/store.json"),
        labels=results("cohort/studies.parquet") if config["pretrain"]["probe_every"] else [],
    output:
        encoder=results("pretrain/{method}{pretrain_seed}/encoder.safetensors"),
        history=results("pretrain/{method}{pretrain_seed}/history.parquet"),
        timings=results("pretrain/{method}{pretrain_seed}/timings.parquet"),
        run=results("pretrain/{method}{pretrain_seed}/run.json"),
    log:
        log_file("pretrain_encoder", "{method}{pretrain_seed}"),
    benchmark:
        benchmark_file("pretrain_encoder", "{method}{pretrain_seed}")
    conda:
        "../envs/training.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=lambda wildcards, input, attempt: training_memory(input.store, attempt),
        runtime=1440,
    params:
        settings=config_slice(
            "pretrain",
            "model",
            "augmentation",
            "study.seed",
            leave_out=[f"pretrain.{key}" for key in PRETRAIN_NO_NUMBER],
        ),
        method=method_slice,
        numerics=NUMERICS,
        state=f"{STATE}/pretrain/{{method}}{{pretrain_seed}}",
        finished=f"{STATE}/finished/pretrain/{{method}}{{pretrain_seed}}",
        events=results("tensorboard/pretrain/{method}{pretrain_seed}"),
        tasks=GRID.tasks if config["pretrain"]["probe_every"] else [],
        code_hash=code_hash("pretrain_encoder"),
    script:
        "../workflow_scripts/pretrain_encoder.py"


rule pretrain:
    """Stage 6: pretrained encoders."""
    input:
        expand(results("pretrain/{folder}/encoder.safetensors"), folder=GRID.pretrained()),
