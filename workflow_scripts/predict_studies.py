"""Predict the validation set and both test sets with the selected model."""

import json
from pathlib import Path

from echoclr_core.cohort import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.finetune.scoring import predict
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import PREDICTIONS
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import encoder_settings, load_classifier
from workflow_scripts.lib.store import open_store
from workflow_scripts.lib.torch_threads import use_threads
from workflow_scripts.lib.training_data import SETS, labelled_videos

with job(snakemake) as log:
    use_threads(snakemake.threads)
    chosen, compute = settings(snakemake), settings(snakemake, "compute").compute
    task, init = snakemake.wildcards.task, snakemake.wildcards.init
    rate = json.loads(Path(snakemake.input.selected).read_text(encoding="utf-8"))["lr"]
    [weights] = [path for path in snakemake.input.models if Path(path).parent.name == rate]
    model = load_classifier(weights, encoder_settings(chosen.model))
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    store = open_store(snakemake.input.store)
    scoring = FinetuneSettings(
        clip_length=chosen.clip_length,
        evaluation_clips=chosen.evaluation_clips,
        batch_size=chosen.batch_size,
        input_size=chosen.model["input_size"],
        kinetics_standardisation=init == "kinetics400",
    )
    for cohort, set_name in SETS.items():
        rows = labelled_videos(videos[videos["set"] == set_name], studies, task)
        table = predict(model, store, rows, scoring, device=compute["device"], precision=compute["precision"])
        PREDICTIONS.write(table, snakemake.output[cohort])
        log.info("%s: %d videos, %d studies", cohort, len(table), table["study_id"].nunique())
