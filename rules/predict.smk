# New patients: the rules of the study for another archive, with the settings of the bundles, then their scores. The
# study's own plan does not depend on any of this.

PATIENTS = Patients(config, active=NEEDS_DATA)

if not PATIENTS.problems:

    NEW = PATIENTS.folder
    RESTRICTED_NEW = f"{RESTRICTED}/{NEW}"
    NEW_SHARDS = [f"{number:04d}" for number in range(PATIENTS.shards)]

    use rule catalog_archive as catalog_patients with:
        input:
            # the key of a synthetic cohort as well must be there: no rule of the study runs for new patients
            listed=[],
            dicom=[],
            key=[],
        output:
            shards=expand(f"{RESTRICTED_NEW}/catalog/{{shard}}.parquet", shard=NEW_SHARDS),
            crosswalk=f"{RESTRICTED_NEW}/crosswalk.parquet",
            removed=f"{RESTRICTED_NEW}/catalog/removed.json",
        log:
            log_file("catalog_patients", PATIENTS.chosen["name"], restricted=True),
        benchmark:
            benchmark_file("catalog_patients", PATIENTS.chosen["name"])
        params:
            archive=PATIENTS.archive,
            folder_key="predict.dicom_dir",
            shards=PATIENTS.shards,
            state=f"{RESTRICTED_NEW}/state/catalog",

    use rule deidentify_shard as deidentify_patients with:
        input:
            catalog=f"{RESTRICTED_NEW}/catalog/{{shard}}.parquet",
        output:
            videos=maybe_temp(results(f"{NEW}/deidentified/{{shard}}")),
            table=results(f"{NEW}/deidentified/{{shard}}.parquet"),
        log:
            log_file("deidentify_patients", f"{PATIENTS.chosen['name']}/{{shard}}", restricted=True),
        benchmark:
            benchmark_file("deidentify_patients", f"{PATIENTS.chosen['name']}/{{shard}}")
        params:
            settings=PATIENTS.deidentify_settings(),
            folder_key="predict.dicom_dir",
            state=f"{RESTRICTED_NEW}/state/deidentify/{{shard}}",
            kept=f"{STATE}/{NEW}/deidentified/{{shard}}",
            decisions=None,

    use rule audit_shard as audit_patients with:
        input:
            table=results(f"{NEW}/deidentified/{{shard}}.parquet"),
            videos=results(f"{NEW}/deidentified/{{shard}}"),
            catalog=f"{RESTRICTED_NEW}/catalog/{{shard}}.parquet",
        output:
            table=results(f"{NEW}/deidentified/audit/{{shard}}.parquet"),
            pictures=results(f"{NEW}/deidentified/audit/{{shard}}.npz"),
        log:
            log_file("audit_patients", f"{PATIENTS.chosen['name']}/{{shard}}", restricted=True),
        params:
            settings=PATIENTS.audit_settings(),

    rule unpack_bundles:
        """Check the bundles file by file and put their view classifier where the rules of the study look for it."""
        output:
            classifier=results(f"{NEW}/view_classifier{PATIENTS.classifier_suffix}"),
            classes=results(f"{NEW}/view_classes.txt"),
        log:
            log_file("unpack_bundles", PATIENTS.chosen["name"]),
        conda:
            "../envs/predict.yaml"
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            bundles=PATIENTS.bundles,
            code_hash=code_hash("unpack_bundles"),
        script:
            "../workflow_scripts/unpack_bundles.py"

    use rule classify_views as classify_patients with:
        input:
            table=results(f"{NEW}/deidentified/{{shard}}.parquet"),
            videos=results(f"{NEW}/deidentified/{{shard}}"),
            classifier=results(f"{NEW}/view_classifier{PATIENTS.classifier_suffix}"),
            classes=results(f"{NEW}/view_classes.txt"),
        output:
            results(f"{NEW}/views/{{shard}}.parquet"),
        log:
            log_file("classify_patients", f"{PATIENTS.chosen['name']}/{{shard}}"),
        benchmark:
            benchmark_file("classify_patients", f"{PATIENTS.chosen['name']}/{{shard}}")
        params:
            settings=PATIENTS.view_settings(),
            classifier="",

    use rule mask_shard as mask_patients with:
        input:
            views=results(f"{NEW}/views/{{shard}}.parquet"),
            table=results(f"{NEW}/deidentified/{{shard}}.parquet"),
            videos=results(f"{NEW}/deidentified/{{shard}}"),
        output:
            videos=directory(results(f"{NEW}/masked/{{shard}}")),
            table=results(f"{NEW}/masked/{{shard}}.parquet"),
            preview=results(f"{NEW}/masked/{{shard}}.preview.npz"),
        log:
            log_file("mask_patients", f"{PATIENTS.chosen['name']}/{{shard}}"),
        benchmark:
            benchmark_file("mask_patients", f"{PATIENTS.chosen['name']}/{{shard}}")
        params:
            settings=PATIENTS.mask_settings(),
            state=f"{STATE}/{NEW}/mask/{{shard}}",

    use rule build_clip_store as build_patient_clips with:
        input:
            table=results(f"{NEW}/masked/{{shard}}.parquet"),
            videos=results(f"{NEW}/masked/{{shard}}"),
            files=results(f"{NEW}/deidentified/{{shard}}.parquet"),
        output:
            frames=results(f"{NEW}/clips/{{shard}}.npy"),
            index=results(f"{NEW}/clips/{{shard}}.parquet"),
        log:
            log_file("build_patient_clips", f"{PATIENTS.chosen['name']}/{{shard}}"),
        params:
            size=PATIENTS.frame_size,
            settings=PATIENTS.clip_settings(),

    rule predict_patients:
        """Score the studies of a shard with every bundle; a page a study."""
        input:
            files=results(f"{NEW}/deidentified/{{shard}}.parquet"),
            audit=results(f"{NEW}/deidentified/audit/{{shard}}.parquet"),
            views=results(f"{NEW}/views/{{shard}}.parquet"),
            masked=results(f"{NEW}/masked/{{shard}}.parquet"),
            frames=results(f"{NEW}/clips/{{shard}}.npy"),
            index=results(f"{NEW}/clips/{{shard}}.parquet"),
        output:
            predictions=results(f"{NEW}/shards/{{shard}}/predictions.parquet"),
            files=results(f"{NEW}/shards/{{shard}}/files.parquet"),
            videos=results(f"{NEW}/shards/{{shard}}/videos.parquet"),
            pages=directory(results(f"{NEW}/pages/{{shard}}")),
        log:
            log_file("predict_patients", f"{PATIENTS.chosen['name']}/{{shard}}"),
        benchmark:
            benchmark_file("predict_patients", f"{PATIENTS.chosen['name']}/{{shard}}")
        conda:
            "../envs/predict.yaml"
        threads: config["compute"]["threads"]
        resources:
            mem_mb=lambda wildcards, attempt: 8000 * attempt,
            runtime=240,
        params:
            bundles=PATIENTS.bundles,
            pages=PATIENTS.chosen["pages"],
            numerics=NUMERICS,
            code_hash=code_hash("predict_patients"),
        script:
            "../workflow_scripts/predict_patients.py"

    rule collect_patients:
        """Join the shards: predictions, files and videos of all new studies."""
        input:
            predictions=expand(results(f"{NEW}/shards/{{shard}}/predictions.parquet"), shard=NEW_SHARDS),
            files=expand(results(f"{NEW}/shards/{{shard}}/files.parquet"), shard=NEW_SHARDS),
            videos=expand(results(f"{NEW}/shards/{{shard}}/videos.parquet"), shard=NEW_SHARDS),
        output:
            [results(f"{NEW}/{name}") for name in PATIENT_RESULTS],
        log:
            log_file("collect_patients", PATIENTS.chosen["name"]),
        conda:
            "../envs/predict.yaml"
        resources:
            mem_mb=2000,
            runtime=20,
        params:
            code_hash=code_hash("collect_patients"),
        script:
            "../workflow_scripts/collect_patients.py"


rule predict:
    """New studies scored by bundles: predict.dicom_dir and predict.bundles; no part of the study's own plan."""
    input:
        refusals.refuse_target("predict", PATIENTS.problems)
        if PATIENTS.problems
        else rules.collect_patients.output,
