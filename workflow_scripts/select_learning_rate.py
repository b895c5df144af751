"""Choose the learning rate with the lowest validation loss; its weights are the selected ones."""

import json
from pathlib import Path

from echoclr_core.common.files import copy_file, write_json
from echoclr_core.common.recorded import RECORD, joined, nested
from echoclr_core.finetune.select import select_learning_rate
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    runs = [json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.runs]
    shown = ("learning_rate", "validation_loss", "best_epoch", "epochs", "outcome", "reason")
    selected = select_learning_rate({name: run[name] for name in shown if name in run} for run in runs)
    # Without a winner, the first candidate's file: its header says that there is no model, and why.
    rate = selected["learning_rate"] or selected["candidates"][0]["learning_rate"]
    [weights] = [path for path in snakemake.input.models if Path(path).parent.name == rate]
    copy_file(weights, snakemake.output.model)
    write_json(snakemake.output.selected, {**selected, RECORD: nested(joined(snakemake.input.runs))})
    log.info("selected %s", selected)
