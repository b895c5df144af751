# Grad-CAM of two models side by side (paper, Model interpretability).


rule explain_studies:
    """Grad-CAM of the studies that the reference model is surest of, in both models."""
    input:
        predictions=explained("predictions/{task}/{init}/{ratio}/{draw}/internal.parquet"),
        selected=explained("selected/{task}/{init}/{ratio}/{draw}/best_lr.json"),
        models=explained("finetune/{task}/{init}/{ratio}/{draw}/{lr}/model.safetensors"),
        store=ancient(results("clips/store.json")),
    output:
        arrays=results("explain/{task}/gradcam.npz"),
        summary=results("explain/{task}/summary.json"),
    log:
        log_file("explain_studies", "{task}"),
    conda:
        "../envs/training.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        settings=section("explain", "model", "study.seed", leave_out=("explain.tasks",)),
        models=GRID.explained,
        compute=section("compute"),
        core=core("explain_studies"),
    script:
        "../workflow_scripts/explain_studies.py"


rule explain:
    """Stage 9: saliency maps."""
    input:
        expand(results("explain/{task}/gradcam.npz"), task=config["explain"]["tasks"]),
