# Full-size grey videos with everything outside the ultrasound sector black, under pseudonyms.


rule deidentify_shard:
    """Decode each video of a shard, keep its sector only, write it as AVI; every source file becomes one row."""
    input:
        catalog=f"{RESTRICTED}/catalog/{{shard}}.parquet",
        dicom=ancient(if_there(config["input"]["dicom_dir"])),
    output:
        videos=full_size(results("deidentified/{shard}")),
        table=results("deidentified/{shard}.parquet"),
    log:
        log_file("deidentify_shard", "{shard}", restricted=True),
    benchmark:
        benchmark_file("deidentify_shard", "{shard}")
    conda:
        "../envs/data.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        settings=section("deidentify", leave_out=("deidentify.keep_videos", "deidentify.audit_videos")),
        state=f"{RESTRICTED}/state/deidentify/{{shard}}",
        core=core("deidentify_shard"),
    script:
        "../workflow_scripts/deidentify_shard.py"


rule audit_shard:
    """Read a sample of the written videos back: nothing outside the sector, no static text inside it."""
    input:
        table=results("deidentified/{shard}.parquet"),
        videos=results("deidentified/{shard}"),
    output:
        table=results("deidentified/audit/{shard}.parquet"),
        thumbnails=results("deidentified/audit/{shard}.npz"),
    log:
        log_file("audit_shard", "{shard}"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=section("deidentify.audit_videos", "study.seed"),
        core=core("audit_shard"),
    script:
        "../workflow_scripts/audit_shard.py"


rule deidentify:
    """Stage 2: deidentified videos and their audit."""
    input:
        over_shards(results("deidentified/{shard}.parquet")),
        over_shards(results("deidentified/audit/{shard}.parquet")),
