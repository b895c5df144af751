# Figures, and the one page that holds everything a reader wants.

FIGURES = [name for name in ["figure2", "figure3", "figure_s1", "figure_s2"] if name in GRID.label_figures]
ROBUSTNESS_SHOWN = config["robustness"]["in_report"]
PAGE_KEYS = [
    "explain.tasks",
    "finetune.draws",
    "finetune.initialisations",
    "finetune.learning_rates",
    "finetune.ratios",
    "finetune.tasks",
    "pretrain.methods",
    "pretrain.seeds",
]


rule plot_label_efficiency:
    """Figures 2, 3, S1 and S2: performance against the share of labels."""
    input:
        metrics=results("evaluation/metrics.parquet"),
    output:
        [
            report(figure_files(page), caption=f"../report/{name}.rst", category="Results")
            for name in FIGURES
            for page in pages(name)
        ],
    log:
        log_file("plot_label_efficiency"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        published=PUBLISHED,
        titles=GRID.titles,
        init_titles=GRID.init_titles,
        captions=captions(*FIGURES),
        code_hash=code_hash("plot_label_efficiency"),
    script:
        "../workflow_scripts/plot_label_efficiency.py"


rule plot_evaluation:
    """ROC, precision–recall and decision curves, calibration and subgroups of the models with the most labels."""
    input:
        curve=results("evaluation/calibration_curve.parquet"),
        recalibrated=results("evaluation/recalibrated_curve.parquet"),
        curves=results("evaluation/curves.parquet"),
        decision=results("evaluation/decision_curves.parquet"),
        points=results("evaluation/operating_points.parquet"),
        subgroups=results("evaluation/subgroups.parquet"),
    output:
        roc=report(
            [path for page in pages("roc") for path in figure_files(page)],
            caption="../report/roc.rst",
            category="Results",
        ),
        precision_recall=report(
            [path for page in pages("precision_recall") for path in figure_files(page)],
            caption="../report/precision_recall.rst",
            category="Results",
        ),
        decision_curves=report(
            [path for page in pages("decision_curves") for path in figure_files(page)],
            caption="../report/decision_curves.rst",
            category="Results",
        ),
        recalibration=report(
            [path for page in pages("recalibration") for path in figure_files(page)],
            caption="../report/recalibration.rst",
            category="Results",
        ),
        calibration=report(
            [path for page in pages("calibration") for path in figure_files(page)],
            caption="../report/calibration.rst",
            category="Results",
        ),
        subgroups=report(
            [path for page in pages("subgroups") for path in figure_files(page)],
            caption="../report/subgroups.rst",
            category="Results",
        ),
        technical_subgroups=report(
            [path for page in pages("technical_subgroups") for path in figure_files(page)],
            caption="../report/technical_subgroups.rst",
            category="Results",
        ),
    log:
        log_file("plot_evaluation"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        inits=GRID.inits,
        titles=GRID.titles,
        init_titles=GRID.init_titles,
        captions=captions(
            *("roc", "precision_recall", "decision_curves", "calibration", "recalibration"),
            *("subgroups", "technical_subgroups"),
        ),
        least_cell=config["report"]["least_cell"],
        code_hash=code_hash("plot_evaluation"),
    script:
        "../workflow_scripts/plot_evaluation.py"


rule plot_repeats:
    """Differences between initialisations over draws of the labels and pretrainings."""
    input:
        repeats=results("evaluation/repeats.parquet"),
        claims=results("evaluation/repeat_claims.parquet"),
    output:
        report(
            [path for page in pages("repeats") for path in figure_files(page)],
            caption="../report/repeats.rst",
            category="Results",
        ),
    log:
        log_file("plot_repeats"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        titles=GRID.titles,
        init_titles=GRID.init_titles,
        captions=captions("repeats"),
        code_hash=code_hash("plot_repeats"),
    script:
        "../workflow_scripts/plot_repeats.py"


rule plot_saliency:
    """Figure 4: saliency of two models on the studies the reference is surest of; its film and its check."""
    input:
        results("explain/{task}/gradcam.npz"),
    output:
        figure=report(figure_files("figure4_{task}"), caption="../report/figure4.rst", category="Results"),
        checks=report(
            figure_files("figure4_{task}_checks"), caption="../report/figure4_checks.rst", category="Results"
        ),
        movie=report(
            results("figures/figure4_{task}.mp4"), caption="../report/figure4_movie.rst", category="Results"
        ),
    log:
        log_file("plot_saliency", "{task}"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        titles=GRID.titles,
        init_titles=GRID.init_titles,
        captions=captions("figure4", "figure4_checks", "figure4_movie"),
        scale=config["report"]["saliency_scale"],
        code_hash=code_hash("plot_saliency"),
    script:
        "../workflow_scripts/plot_saliency.py"


rule plot_failures:
    """The surest errors of the last initialisation, by masked frame and saliency map."""
    input:
        failures=results("evaluation/failures.parquet"),
        store=results("clips/store.json"),
        extremes=expand(results("explain/{task}/extremes.npz"), task=config["explain"]["tasks"]),
    output:
        report(
            [path for task in GRID.tasks for path in figure_files(f"failures_{task}")],
            caption="../report/failures.rst",
            category="Results",
        ),
    log:
        log_file("plot_failures"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        model=GRID.inits[-1:],
        init_titles=GRID.init_titles,
        captions=captions("failures"),
        code_hash=code_hash("plot_failures"),
    script:
        "../workflow_scripts/plot_failures.py"


rule plot_flow:
    """From the archive to the sets: every exclusion with its count."""
    input:
        results("cohort/flow.parquet"),
    output:
        report(figure_files("flow"), caption="../report/flow.rst", category="Cohort"),
    log:
        log_file("plot_flow"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        captions=captions("flow"),
        kept=long_names(config["views"]["keep"]),
        least_cell=config["report"]["least_cell"],
        code_hash=code_hash("plot_flow"),
    script:
        "../workflow_scripts/plot_flow.py"


rule plot_montage:
    """Frames before and after masking, for a person to look at."""
    input:
        previews=expand_shards(results("masked/{shard}.preview.npz")),
        audited=AUDITED,
    output:
        montage=report(figure_files("montage"), caption="../report/montage.rst", category="Cohort"),
    log:
        log_file("plot_montage"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=config_slice("report.montage_videos"),
        captions=captions("montage"),
        code_hash=code_hash("plot_montage"),
    script:
        "../workflow_scripts/plot_montage.py"


rule plot_training:
    """Course of pretraining and of the selected fine-tuning runs."""
    input:
        pretrain=expand(results("pretrain/{folder}/history.parquet"), folder=GRID.pretrained()),
        selected=[
            results("selected/{task}/{init}/{ratio}/{draw}/best_lr.json".format(**cell))
            for cell in GRID.selections()
        ],
        finetune=[
            results("finetune/{task}/{init}/{ratio}/{draw}/{lr}/history.parquet".format(**cell))
            for cell in GRID.runs()
        ],
    output:
        pretrain=report(figure_files("pretraining"), caption="../report/pretraining.rst", category="Training"),
        finetune=report(figure_files("finetuning"), caption="../report/finetuning.rst", category="Training"),
    log:
        log_file("plot_training"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        methods=GRID.methods,
        draws=GRID.draws,
        selections=GRID.selections(),
        runs=GRID.runs(),
        clip_length=config["pretrain"]["clip_length"],
        batch_size=config["pretrain"]["batch_size"],
        titles=GRID.titles,
        init_titles=GRID.init_titles,
        captions=captions("pretraining", "finetuning"),
        code_hash=code_hash("plot_training"),
    script:
        "../workflow_scripts/plot_training.py"


rule plot_views:
    """Confusion matrix and calibration of the view classifier."""
    input:
        results("views/classifier.json"),
    output:
        confusion=report(figure_files("views"), caption="../report/views.rst", category="Cohort"),
        calibration=figure_files("views_calibration"),
    log:
        log_file("plot_views"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        captions=captions("views"),
        code_hash=code_hash("plot_views"),
    script:
        "../workflow_scripts/plot_views.py"


rule build_report:
    """One self-contained page: cohort, figures, tables, saliency, training, audit, settings."""
    input:
        **{name: results(f"evaluation/{name}.parquet") for name in EVALUATION},
        **{name: results(f"evaluation/{name}.parquet") if len(GRID.draws) > 1 else [] for name in REPEATS},
        figures=[results(f"figures/{page}.png") for name in FIGURES for page in pages(name)],
        saliency=expand(results("figures/figure4_{task}.png"), task=config["explain"]["tasks"]),
        saliency_checks=expand(results("figures/figure4_{task}_checks.png"), task=config["explain"]["tasks"]),
        saliency_movies=expand(results("figures/figure4_{task}.mp4"), task=config["explain"]["tasks"]),
        saliency_summary=expand(results("explain/{task}/summary.json"), task=config["explain"]["tasks"]),
        cohort=[results(f"figures/{name}.png") for name in ["flow", "montage", "contact_sheet"]],
        training=[results(f"figures/{name}.png") for name in ["pretraining", "finetuning"]],
        views=(
            [results(f"figures/{name}.png") for name in ["views", "views_calibration"]]
            if VIEWS_TRAINED
            else []
        ),
        view_decisions=expand_shards(results("views/{shard}.parquet")),
        views_report=results("views/classifier.json") if VIEWS_TRAINED else [],
        labels=results("cohort/labels.parquet"),
        flow=results("cohort/flow.parquet"),
        unmatched=results("cohort/unmatched.parquet"),
        split=results("cohort/split.json"),
        studies=results("cohort/studies.parquet"),
        videos=results("cohort/videos.parquet"),
        subsets=results("cohort/subsets.parquet"),
        table1=results("cohort/table1.csv"),
        table_s1=results("cohort/table_s1.csv"),
        tables=[results(f"evaluation/{name}.csv") for name in TASK_TABLES],
        curve_figures=[
            results(f"figures/{page}.png")
            for name in ["roc", "precision_recall", "decision_curves"]
            for page in pages(name)
        ],
        recalibration_figures=[results(f"figures/{page}.png") for page in pages("recalibration")],
        calibration_figures=[results(f"figures/{page}.png") for page in pages("calibration")],
        subgroup_figures=[results(f"figures/{page}.png") for page in pages("subgroups")],
        technical_figures=[results(f"figures/{page}.png") for page in pages("technical_subgroups")],
        robustness=results("evaluation/robustness.parquet") if ROBUSTNESS_SHOWN else [],
        failure_causes=results("evaluation/failure_causes.parquet"),
        failure_figures=[results(f"figures/failures_{task}.png") for task in GRID.tasks],
        audit=expand_shards(results("deidentified/audit/{shard}.parquet")),
        repeat_figures=(
            [results(f"figures/{page}.png") for page in pages("repeats")] if len(GRID.draws) > 1 else []
        ),
        audit_summary=rules.check_audit.output[0],
        files=expand_shards(results("deidentified/{shard}.parquet")),
        masked=expand_shards(results("masked/{shard}.parquet")),
        selected=[
            results("selected/{task}/{init}/{ratio}/{draw}/best_lr.json".format(**cell))
            for cell in GRID.selections()
        ],
        runs=expand(results("pretrain/{method}/run.json"), method=GRID.methods),
    output:
        page=results("report.html"),
        settings=results("settings.json"),
        manuscript=results("manuscript.md"),
        references=results("references.bib"),
        checklist=results("checklist.html"),
        checklist_files=[results(f"checklist{suffix}") for suffix in (".csv", ".md", ".tex")],
    log:
        log_file("build_report"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        # Which results the page is about, and how it looks. All other settings stand recorded with the results.
        page=config_slice("study.name", "report", *PAGE_KEYS, "synthetic", leave_out=("synthetic.folder",)),
        cells=[[cell[key] for key in ("task", "init", "ratio", "draw")] for cell in GRID.selections()],
        source="videos" if VIDEOS_PROVIDED else "DICOM files",
        kept=short_names(config["views"]["keep"]),
        titles=GRID.titles,
        units=GRID.units,
        init_titles=GRID.init_titles,
        inits=GRID.inits,
        methods=GRID.methods,
        code_hash=code_hash("build_report"),
    script:
        "../workflow_scripts/build_report.py"


rule write_provenance:
    """Versions, commit, machine, times, costs by stage and digests of a finished run; a run crate."""
    input:
        report=results("report.html"),
        settings=results("settings.json"),
        tables=rules.evaluate.input,
        files=expand_shards(results("deidentified/{shard}.parquet")),
        labels=results("cohort/labels.parquet"),
        studies=results("cohort/studies.parquet"),
        videos=results("cohort/videos.parquet"),
        split=results("cohort/split.json"),
        runs=expand(results("pretrain/{method}/run.json"), method=GRID.methods),
    output:
        page=results("provenance.html"),
        facts=results("provenance.json"),
        crate=results("ro-crate-metadata.json"),
        workflow=results("workflow.smk"),
    log:
        log_file("write_provenance"),
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code_hash=code_hash("write_provenance"),
    script:
        "../workflow_scripts/write_provenance.py"


rule report:
    """Stage 10: the report."""
    input:
        rules.build_report.output,
        rules.write_provenance.output,
        f"{RESTRICTED}/crosswalk.parquet",
        DATES,
        rules.make_table1.output,
        rules.make_result_tables.output,
        rules.evaluate.input,
