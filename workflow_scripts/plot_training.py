"""Course of pretraining and of the selected fine-tuning runs."""

import json
import math
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.style import own_initialisations, save_figure
from echoclr_core.reporting.training_curves import finetuning_curves, pretraining_curves
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    methods = snakemake.params.methods  # the files are those of each pretraining in turn
    histories = {
        method: [pd.read_parquet(path) for path in snakemake.input.pretrain[place :: len(methods)]]
        for place, method in enumerate(methods)
    }
    orders = math.factorial(snakemake.params.clip_length)
    others = 2 * snakemake.params.batch_size - 1
    chance = {
        "contrastive_loss": math.log(others),
        "contrastive_accuracy": 1 / others,
        "order_loss": math.log(orders),
        "order_accuracy": 1 / orders,
    }
    figure = pretraining_curves(histories, chance=chance)
    save_figure(figure, snakemake.output.pretrain[0].removesuffix(".png"))
    # each file belongs to the wildcards at its place in params
    selected = [
        cell | {"lr": json.loads(Path(path).read_text(encoding="utf-8"))["learning_rate"]}
        for cell, path in zip(snakemake.params.selections, snakemake.input.selected, strict=True)
    ]
    runs = []
    for run, path in zip(snakemake.params.runs, snakemake.input.finetune, strict=True):
        if run in selected:
            names = {"task": run["task"], "init": run["init"], "ratio": float(run["ratio"])}
            place = snakemake.params.draws.index(run["draw"])
            runs.append(pd.read_parquet(path).assign(**names, draw=place))
    figure = finetuning_curves(pd.concat(runs, ignore_index=True), titles=dict(snakemake.params.titles))
    save_figure(figure, snakemake.output.finetune[0].removesuffix(".png"))
