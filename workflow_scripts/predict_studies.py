"""Predict the validation set and both test sets with the selected models of a task, ratio and draw."""

from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.finetune.scoring import predict_together
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import PREDICTIONS
from echoclr_core.models.classifier_file import read_header
from echoclr_core.training.gpu import require_gpu
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import encoder_settings, load_classifier
from workflow_scripts.lib.store import open_store
from workflow_scripts.lib.torch_threads import use_threads
from workflow_scripts.lib.training_data import SETS, labelled_videos

with job(snakemake) as log:
    use_threads(snakemake.threads)
    chosen, compute = settings(snakemake), settings(snakemake, "compute").compute
    require_gpu(int(snakemake.resources.get("gpu", 0) or 0), compute["device"])
    task, inits = snakemake.wildcards.task, snakemake.params.inits
    encoder = encoder_settings(chosen.model)
    paths = dict(zip(inits, snakemake.input.models, strict=True))
    failed = {init: fault for init, path in paths.items() if (fault := read_header(path).failure)}
    for init, fault in failed.items():
        log.warning("%s has no trained model and predicts nothing: %s", init, fault)
    models = {init: load_classifier(path, encoder) for init, path in paths.items() if init not in failed}
    scoring = {
        init: FinetuneSettings(
            clip_length=chosen.clip_length,
            eval_clips_per_video=chosen.eval_clips_per_video,
            batch_size=chosen.batch_size,
            input_size=chosen.model["input_size"],
            kinetics_standardisation=init == "kinetics400",
        )
        for init in inits
    }
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    store = open_store(snakemake.input.store)
    for cohort, set_name in SETS.items():
        rows = labelled_videos(videos[videos["set"] == set_name], studies, task)
        tables = predict_together(
            models,
            store,
            rows,
            scoring,
            device=compute["device"],
            precision=compute["precision"],
            jobs_per_gpu=snakemake.config["compute"]["jobs_per_gpu"],
            workers=snakemake.config["compute"]["loader_workers"],
        )
        for init, path in zip(inits, snakemake.output[cohort], strict=True):
            PREDICTIONS.write(tables.get(init, PREDICTIONS.empty()), path)
        log.info("%s: %d videos, %d studies", cohort, len(rows), rows["study_id"].nunique())
