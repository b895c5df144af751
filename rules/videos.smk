# input.avi: videos that come deidentified and without DICOM. They take the place of the catalogue's and of the
# deidentification's outputs, so that everything after runs as it does for DICOM files.

if VIDEOS_PROVIDED:

    # How the table of videos is read; where it lies is no setting.
    TABLE_KEYS = ("input.avi", "input.columns", "input.extra_columns", "input.released_columns")
    NO_TABLE_KEYS = ("input.avi.dir", "input.avi.table")

    ruleorder: catalog_videos > catalog_archive
    ruleorder: import_videos > deidentify_shard
    ruleorder: import_video_labels > import_labels

    rule catalog_videos:
        """Match the files of the folder with the rows of the table; pseudonyms and shards of studies."""
        output:
            shards=expand_shards(f"{RESTRICTED}/catalog/{{shard}}.parquet"),
            crosswalk=f"{RESTRICTED}/crosswalk.parquet",
            # by shard: new studies must leave the views of the other shards as they are
            provided=expand_shards(results("views/provided/{shard}.parquet")),
        log:
            log_file("catalog_videos", restricted=True),
        conda:
            "../envs/data.yaml"
        resources:
            mem_mb=2000,
            runtime=30,
        params:
            archive=USER.archive,
            labels=USER.labels,
            key=USER.key,
            settings=config_slice(*TABLE_KEYS, "input.outside_links", leave_out=NO_TABLE_KEYS),
            shards=config["input"]["shards"],
            code_hash=code_hash("catalog_videos"),
        script:
            "../workflow_scripts/catalog_videos.py"

    rule import_video_labels:
        """Labels of the studies from the table of videos, their keys replaced by pseudonyms."""
        output:
            results("cohort/labels.parquet"),
        log:
            log_file("import_video_labels", restricted=True),
        conda:
            "../envs/data.yaml"
        resources:
            mem_mb=1000,
            runtime=20,
        params:
            labels=USER.labels,
            key=USER.key,
            settings=config_slice(
                *TABLE_KEYS, "input.max_age", "evaluate.age_column", leave_out=NO_TABLE_KEYS
            ),
            code_hash=code_hash("import_video_labels"),
        script:
            "../workflow_scripts/import_video_labels.py"

    rule import_videos:
        """Decode each video of a shard and write it anew, grey; every file becomes one row."""
        input:
            catalog=f"{RESTRICTED}/catalog/{{shard}}.parquet",
        output:
            videos=maybe_temp(results("deidentified/{shard}")),
            table=results("deidentified/{shard}.parquet"),
        log:
            log_file("import_videos", "{shard}", restricted=True),
        benchmark:
            benchmark_file("import_videos", "{shard}")
        conda:
            "../envs/data.yaml"
        threads: 8
        resources:
            mem_mb=8000,
            runtime=240,
        params:
            settings=config_slice("deidentify", leave_out=NO_FILE_KEYS),
            state=f"{RESTRICTED}/state/deidentify/{{shard}}",
            kept=f"{STATE}/deidentified/{{shard}}",
            code_hash=code_hash("import_videos"),
        script:
            "../workflow_scripts/import_videos.py"


if config["views"]["classifier"] == "provided":

    ruleorder: import_views > classify_views

    rule import_views:
        """The views that the table names; without a column for them every video is of the first kept view."""
        input:
            table=results("deidentified/{shard}.parquet"),
            provided=results("views/provided/{shard}.parquet"),
        output:
            results("views/{shard}.parquet"),
        log:
            log_file("import_views", "{shard}"),
        conda:
            "../envs/data.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            keep=[list(pair) for pair in kept_views(config["views"]["keep"]).items()],
            code_hash=code_hash("import_views"),
        script:
            "../workflow_scripts/import_views.py"
