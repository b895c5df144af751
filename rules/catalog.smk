# What lies in the archive: every file's header, read once, and which shard its study belongs to.


rule catalog_archive:
    """Read every file's header, replace identifiers by pseudonyms, and sort the files into shards of studies."""
    input:
        dicom=USER.produced(config["input"]["dicom_dir"]),
        key=USER.produced(config["input"]["pseudonym_key_file"]),
    output:
        shards=over_shards(f"{RESTRICTED}/catalog/{{shard}}.parquet"),
        crosswalk=f"{RESTRICTED}/crosswalk.parquet",
    log:
        log_file("catalog_archive", restricted=True),
    benchmark:
        benchmark_file("catalog_archive")
    conda:
        "../envs/data.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        archive=USER.archive,
        key=USER.key,
        study_key=config["input"]["study_key"],
        outside_links=config["input"]["outside_links"],
        shards=config["input"]["shards"],
        date_shift_days=config["deidentify"]["date_shift_days"],
        state=f"{RESTRICTED}/state/catalog",
        core=core("catalog_archive"),
    script:
        "../workflow_scripts/catalog_archive.py"


rule catalog:
    """Stage 1: the archive's catalogue."""
    input:
        f"{RESTRICTED}/crosswalk.parquet",
