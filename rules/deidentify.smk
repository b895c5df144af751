# Full-size grey videos with everything outside the ultrasound sector black, under pseudonyms.

# What does not change how a file is deidentified.
NO_FILE_KEYS = [
    f"deidentify.{key}"
    for key in (
        "keep_videos",
        "decisions",
        "write_dicom",
        "audit_videos",
        "max_text_rate",
        "date_shift_days",
        "timeout_seconds",
        "memory_megabytes",
    )
]

DECISIONS = PlannedDecisions(config, active=NEEDS_DATA)


rule deidentify_shard:
    """Decode each video of a shard, keep its sector only, write it as AVI; every source file becomes one row."""
    input:
        catalog=f"{RESTRICTED}/catalog/{{shard}}.parquet",
    output:
        videos=maybe_temp(results("deidentified/{shard}")),
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
        settings=config_slice("deidentify", "input.study_key", leave_out=NO_FILE_KEYS),
        state=f"{RESTRICTED}/state/deidentify/{{shard}}",
        kept=f"{STATE}/deidentified/{{shard}}",
        decisions=DECISIONS.of_shard,
        code_hash=code_hash("deidentify_shard"),
    script:
        "../workflow_scripts/deidentify_shard.py"


rule audit_shard:
    """Read a sample of the written videos back: black outside the sector, no text, no identifier."""
    input:
        table=results("deidentified/{shard}.parquet"),
        videos=results("deidentified/{shard}"),
        catalog=f"{RESTRICTED}/catalog/{{shard}}.parquet",
    output:
        table=results("deidentified/audit/{shard}.parquet"),
        pictures=results("deidentified/audit/{shard}.npz"),
    log:
        log_file("audit_shard", "{shard}", restricted=True),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=config_slice("deidentify.audit_videos", "study.seed"),
        code_hash=code_hash("audit_shard"),
    script:
        "../workflow_scripts/audit_shard.py"


rule plot_contact_sheet:
    """One frame of each audited video, those that the audit objects to first, for a person to look at."""
    input:
        pictures=expand_shards(results("deidentified/audit/{shard}.npz")),
        tables=expand_shards(results("deidentified/audit/{shard}.parquet")),
    output:
        figure_files("contact_sheet"),
    log:
        log_file("plot_contact_sheet"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code_hash=code_hash("plot_contact_sheet"),
    script:
        "../workflow_scripts/plot_contact_sheet.py"


rule check_audit:
    """End the run here if the audit found what may not go out; the contact sheet is drawn before."""
    input:
        audit=expand_shards(results("deidentified/audit/{shard}.parquet")),
        tables=expand_shards(results("deidentified/{shard}.parquet")),
        contact=rules.plot_contact_sheet.output,
    output:
        results("deidentified/audit.json"),
    log:
        log_file("check_audit"),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=config_slice("deidentify.max_text_rate"),
        code_hash=code_hash("check_audit"),
    script:
        "../workflow_scripts/check_audit.py"


# Dates have a table of their own, so that moving them otherwise starts nothing but this.
DATES = [results("deidentified/dates.parquet")]
DATES *= config["deidentify"]["date_shift_days"] is not None and not VIDEOS_PROVIDED


rule shift_dates:
    """Move the date of each study by the patient's secret number of days."""
    input:
        crosswalk=f"{RESTRICTED}/crosswalk.parquet",
    output:
        results("deidentified/dates.parquet"),
    log:
        log_file("shift_dates", restricted=True),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        date_shift_days=config["deidentify"]["date_shift_days"],
        code_hash=code_hash("shift_dates"),
    script:
        "../workflow_scripts/shift_dates.py"


DICOM_TABLES = expand_shards(results("dicom/{shard}.parquet")) if config["deidentify"]["write_dicom"] else []


rule write_dicom_shard:
    """Write each deidentified video of a shard as a DICOM file and search it for identifiers of its source."""
    input:
        catalog=f"{RESTRICTED}/catalog/{{shard}}.parquet",
        table=results("deidentified/{shard}.parquet"),
        videos=results("deidentified/{shard}"),
        dates=DATES,
    output:
        files=directory(results("dicom/{shard}")),
        table=results("dicom/{shard}.parquet"),
    log:
        log_file("write_dicom_shard", "{shard}", restricted=True),
    benchmark:
        benchmark_file("write_dicom_shard", "{shard}")
    conda:
        "../envs/data.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        settings=config_slice("deidentify.codec"),
        key=USER.key,
        code_hash=code_hash("write_dicom_shard"),
    script:
        "../workflow_scripts/write_dicom_shard.py"


rule review_shard:
    """Pictures of a shard's quarantined and doubtful videos before they were masked, and their fitted sectors."""
    input:
        catalog=f"{RESTRICTED}/catalog/{{shard}}.parquet",
        table=results("deidentified/{shard}.parquet"),
        audit=results("deidentified/audit/{shard}.parquet"),
    output:
        f"{RESTRICTED}/review/{{shard}}.parquet",
    log:
        log_file("review_shard", "{shard}", restricted=True),
    benchmark:
        benchmark_file("review_shard", "{shard}")
    conda:
        "../envs/data.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        settings=config_slice("deidentify", leave_out=NO_FILE_KEYS),
        code_hash=code_hash("review_shard"),
    script:
        "../workflow_scripts/review_shard.py"


rule write_review_pages:
    """HTML pages on which a person accepts, rejects or corrects quarantined and doubtful videos."""
    input:
        expand_shards(f"{RESTRICTED}/review/{{shard}}.parquet"),
    output:
        directory(f"{RESTRICTED}/review/pages"),
    log:
        log_file("write_review_pages", restricted=True),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        decisions=DECISIONS.digest,
        code_hash=code_hash("write_review_pages"),
    script:
        "../workflow_scripts/write_review_pages.py"


rule write_contact_pages:
    """The contact sheet as HTML pages: some hundred audited videos at readable size, objections first."""
    input:
        pictures=expand_shards(results("deidentified/audit/{shard}.npz")),
        tables=expand_shards(results("deidentified/audit/{shard}.parquet")),
    output:
        directory(f"{RESTRICTED}/review/contact_sheet"),
    log:
        log_file("write_contact_pages", restricted=True),
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        code_hash=code_hash("write_contact_pages"),
    script:
        "../workflow_scripts/write_contact_pages.py"


rule review:
    """Pages to look at, in restricted/review: decisions about single videos, and the contact sheet."""
    input:
        refusals.refuse_review if VIDEOS_PROVIDED else rules.write_review_pages.output,
        rules.write_contact_pages.output,


rule deidentify:
    """Stage 2: deidentified videos and their audit, and moved dates if they are wanted."""
    input:
        expand_shards(results("deidentified/{shard}.parquet")),
        rules.check_audit.output,
        DATES,
        DICOM_TABLES,
