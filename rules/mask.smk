# Kept videos: convex-hull mask, 112 x 112, AVI; then one decoded store for all training jobs.


rule mask_shard:
    """Mask a shard's kept videos outside the hull, downsample, write AVI (paper, Preprocessing)."""
    input:
        views=results("views/{shard}.parquet"),
        table=results("deidentified/{shard}.parquet"),
        videos=results("deidentified/{shard}"),
    output:
        videos=directory(results("masked/{shard}")),
        table=results("masked/{shard}.parquet"),
        preview=results("masked/{shard}.preview.npz"),
    log:
        log_file("mask_shard", "{shard}"),
    benchmark:
        benchmark_file("mask_shard", "{shard}")
    conda:
        "../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=config_slice("mask"),
        state=f"{STATE}/mask/{{shard}}",
        code_hash=code_hash("mask_shard"),
    script:
        "../workflow_scripts/mask_shard.py"


rule build_clip_store:
    """Decode a shard's masked videos once into a memory map that every training job reads."""
    input:
        table=results("masked/{shard}.parquet"),
        videos=results("masked/{shard}"),
        # says of which videos the frame rate is known
        files=results("deidentified/{shard}.parquet") if config["clip"]["frame_rate"] else [],
    output:
        frames=results("clips/{shard}.npy"),
        index=results("clips/{shard}.parquet"),
    log:
        log_file("build_clip_store", "{shard}"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        size=config["mask"]["size"],
        settings=config_slice("clip"),
        code_hash=code_hash("build_clip_store"),
    script:
        "../workflow_scripts/build_clip_store.py"


rule index_clip_store:
    """List the shards of the store with their digests: the one small file that training jobs stand on."""
    input:
        frames=expand_shards(results("clips/{shard}.npy")),
        index=expand_shards(results("clips/{shard}.parquet")),
        audited=AUDITED,
    output:
        results("clips/store.json"),
    log:
        log_file("index_clip_store"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code_hash=code_hash("index_clip_store"),
    script:
        "../workflow_scripts/index_clip_store.py"


rule mask:
    """Stage 4: masked videos and the clip store."""
    input:
        expand_shards(results("masked/{shard}.parquet")),
        results("clips/store.json"),
