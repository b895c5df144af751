# Self-supervised pretraining: SimCLR, MI-SimCLR, EchoCLR.


rule pretrain_encoder:
    """Pretrain the encoder on all training-set videos (paper, Self-supervised pretraining)."""
    input:
        digest=results("cohort/digests/pretrain.json"),
        videos=ancient(results("cohort/videos.parquet")),
        store=ancient(results("clips/store.json")),
    output:
        encoder=results("pretrain/{method}/encoder.safetensors"),
        history=results("pretrain/{method}/history.parquet"),
        timings=results("pretrain/{method}/timings.parquet"),
        run=results("pretrain/{method}/run.json"),
    log:
        log_file("pretrain_encoder", "{method}"),
    benchmark:
        benchmark_file("pretrain_encoder", "{method}")
    conda:
        "../envs/training.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=16000,
        runtime=2880,
    params:
        settings=section("pretrain", "model", "augmentation", "study.seed", leave_out=("pretrain.methods",)),
        compute=section("compute"),
        state=f"{STATE}/pretrain/{{method}}",
        core=core("pretrain_encoder"),
    script:
        "../workflow_scripts/pretrain_encoder.py"


rule pretrain:
    """Stage 6: pretrained encoders."""
    input:
        expand(results("pretrain/{method}/encoder.safetensors"), method=GRID.methods),
