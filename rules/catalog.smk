# What lies in the archive: every file's header, read once, and which shard its study belongs to.

CATALOGUE_STATE = f"{RESTRICTED}/state/catalog"
CATALOGUE_SETTINGS = settings_digest(
    USER.key,
    config["input"]["study_key"],
    config["input"]["outside_links"],
    config["input"]["shards"],
    code_hash("catalog_archive"),
)
CHANGES = CatalogueChanges(
    config, CATALOGUE_STATE, f"{RESTRICTED}/catalog", archive=USER.archive, settings=CATALOGUE_SETTINGS
)
if VIDEOS_PROVIDED:
    CHANGED_SHARDS = LAYOUT.shards
elif NEEDS_DATA:
    CHANGED_SHARDS = CHANGES.planned(LAYOUT.shards)
else:
    CHANGED_SHARDS = CHANGES.of_job(LAYOUT.shards)
# For the script of list_archive; a parameter that differs from plan to plan would start it at each of them.
config["catalogue"] = {"shards": CHANGED_SHARDS}


rule list_archive:
    """Note the names, sizes and times of the archive's files; the catalogue follows when they change."""
    output:
        f"{RESTRICTED}/catalog/listed.txt",
    log:
        log_file("list_archive", restricted=True),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        archive=USER.archive,
        settings=CATALOGUE_SETTINGS,
        state=CATALOGUE_STATE,
    script:
        "../workflow_scripts/list_archive.py"


# Of a catalogue that exists, only the tables of changed shards are outputs: within one run every consumer of an output
# of a job that runs, runs as well.
rule catalog_archive:
    """Read every file's header, replace identifiers by pseudonyms, and sort the files into shards of studies."""
    input:
        listed=rules.list_archive.output,
        dicom=USER.produced(config["input"]["dicom_dir"]),
        key=USER.produced(config["input"]["pseudonym_key_file"]),
    output:
        shards=expand(f"{RESTRICTED}/catalog/{{shard}}.parquet", shard=CHANGED_SHARDS),
        crosswalk=f"{RESTRICTED}/crosswalk.parquet",
        removed=f"{RESTRICTED}/catalog/removed.json",
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
        key=USER.key,
        study_key=config["input"]["study_key"],
        outside_links=config["input"]["outside_links"],
        shards=config["input"]["shards"],
        state=CATALOGUE_STATE,
        code_hash=code_hash("catalog_archive"),
    script:
        "../workflow_scripts/catalog_archive.py"


rule catalog:
    """Stage 1: the archive's catalogue."""
    input:
        f"{RESTRICTED}/crosswalk.parquet",
