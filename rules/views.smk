# Which echocardiographic view each video shows.

VIEWS_TRAINED = config["views"]["classifier"] == "compact" and not config["views"]["weights"]
CLASSIFIER = results("views/classifier.safetensors")

if VIEWS_TRAINED:

    rule import_view_labels:
        """Translate the table of labelled views into pseudonyms."""
        input:
            labels=USER.produced(config["views"]["labels"]),
            catalog=expand_shards(f"{RESTRICTED}/catalog/{{shard}}.parquet"),
        output:
            results("views/labels.parquet"),
        log:
            log_file("import_view_labels", restricted=True),
        conda:
            "../envs/data.yaml"
        resources:
            mem_mb=2000,
            runtime=20,
        params:
            labels=USER.view_labels,
            settings=config_slice("input.released_columns"),
            code_hash=code_hash("import_view_labels"),
        script:
            "../workflow_scripts/import_view_labels.py"

    rule train_view_classifier:
        """Train the compact view network on the labelled videos, split by patient."""
        input:
            labels=results("views/labels.parquet"),
            videos=expand_shards(results("deidentified/{shard}")),
            tables=expand_shards(results("deidentified/{shard}.parquet")),
        output:
            weights=results("views/classifier.safetensors"),
            record=results("views/training.json"),
        log:
            log_file("train_view_classifier"),
        benchmark:
            benchmark_file("train_view_classifier")
        conda:
            "../envs/training.yaml"
        threads: config["compute"]["threads"]
        resources:
            mem_mb=8000,
            runtime=120,
        params:
            settings=config_slice(
                "views",
                "study.seed",
                leave_out=("views.labels", "views.weights", "views.classes", "views.onnx"),
            ),
            numerics='{"device": "cpu"}',
            finished=f"{STATE}/finished/views",
            code_hash=code_hash("train_view_classifier"),
        script:
            "../workflow_scripts/train_view_classifier.py"

    rule assess_view_classifier:
        """Confusion, recall, precision and calibration on the held-out videos."""
        input:
            results("views/training.json"),
        output:
            results("views/classifier.json"),
        log:
            log_file("assess_view_classifier"),
        conda:
            "../envs/data.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code_hash=code_hash("assess_view_classifier"),
        script:
            "../workflow_scripts/assess_view_classifier.py"


rule classify_views:
    """Average the view probabilities of ten random frames of each video of a shard (paper, View Classification)."""
    input:
        table=results("deidentified/{shard}.parquet"),
        videos=results("deidentified/{shard}"),
        classifier=CLASSIFIER if VIEWS_TRAINED else [],
    output:
        results("views/{shard}.parquet"),
    log:
        log_file("classify_views", "{shard}"),
    benchmark:
        benchmark_file("classify_views", "{shard}")
    conda:
        "../envs/training.yaml"
    threads: 4
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=config_slice(
            "views",
            "study.seed",
            leave_out=("views.labels", "views.weights", "views.classes", "views.epochs"),
        ),
        classifier=USER.view_classifier,
        code_hash=code_hash("classify_views"),
    script:
        "../workflow_scripts/classify_views.py"


rule views:
    """Stage 3: the view of every video."""
    input:
        expand_shards(results("views/{shard}.parquet")),
        AUDITED,
