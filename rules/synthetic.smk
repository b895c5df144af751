# The embedded default: a synthetic cohort written as DICOM files where input.dicom_dir points, if config asks for it.

if SYNTHETIC:

    BESIDE_LABELS = Path(config["input"]["labels"]).parent

    rule make_synthetic_cohort:
        """Write phantom studies as DICOM files, their labels, labelled views, and a key for the pseudonyms."""
        output:
            dicom=directory(config["input"]["dicom_dir"]),
            labels=config["input"]["labels"],
            views=config["views"]["labels"] or str(BESIDE_LABELS / "view_labels.csv"),
            truth=str(BESIDE_LABELS / "truth.parquet"),
            frames=str(BESIDE_LABELS / "truth_frames.parquet"),
            odd=str(BESIDE_LABELS / "odd_files.parquet"),
            key=config["input"]["pseudonym_key_file"],
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
            settings=section("synthetic", "study.seed"),
            core=core("make_synthetic_cohort"),
        script:
            "../workflow_scripts/make_synthetic_cohort.py"
