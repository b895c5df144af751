# The embedded default: a synthetic cohort written as DICOM files below synthetic.folder, if config asks for it.

if SYNTHETIC:

    rule make_synthetic_cohort:
        """Write phantom studies as DICOM files, their labels, labelled views, and a key for the pseudonyms."""
        output:
            # Snakemake removes outputs before the job: none of these paths is ever one that the user named.
            **{
                name: directory(path) if name == "dicom" else path
                for name, path in synthetic_folder.output_paths(config).items()
            },
        log:
            log_file("make_synthetic_cohort"),
        benchmark:
            benchmark_file("make_synthetic_cohort")
        conda:
            "../envs/data.yaml"
        threads: 16
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            settings=config_slice("synthetic", "study.seed", leave_out=("synthetic.folder",)),
            code_hash=code_hash("make_synthetic_cohort"),
        script:
            "../workflow_scripts/make_synthetic_cohort.py"
