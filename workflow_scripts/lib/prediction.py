"""Predictions of some models of a task, ratio and draw, from the inputs to the tables."""

import logging
from collections.abc import Mapping
from types import SimpleNamespace

from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.cohort.training_videos import labelled_videos
from echoclr_core.design.sets import SETS
from echoclr_core.finetune.scoring import predict_together
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import PREDICTIONS
from echoclr_core.models.classifier_file import load_classifier, read_header
from echoclr_core.models.heads import Classifier
from echoclr_core.training.gpu import require_gpu
from echoclr_core.training.threads import use_threads
from echoclr_core.video.store import ClipStore

logger = logging.getLogger(__name__)


def load_models(
    snakemake, chosen: SimpleNamespace, models: Mapping[str, str]
) -> tuple[dict[str, Classifier], dict[str, FinetuneSettings]]:
    """The trained models and how each is scored, on the device that the job asked for.

    An initialisation without a trained model is logged and left out of the first.
    """
    use_threads(snakemake.threads)
    require_gpu(int(snakemake.resources.get("gpu", 0) or 0), snakemake.config["compute"]["device"])
    headers = {init: read_header(path) for init, path in models.items()}
    failed = {init: header.failure for init, header in headers.items() if header.failure}
    for init, fault in failed.items():
        logger.warning("%s has no trained model and predicts nothing: %s", init, fault)
    loaded = {init: load_classifier(path)[0] for init, path in models.items() if init not in failed}
    scoring = {
        init: FinetuneSettings(
            clip_length=chosen.clip_length,
            frame_stride=chosen.frame_stride,
            eval_clips_per_video=chosen.eval_clips_per_video,
            batch_size=chosen.batch_size,
            input_size=chosen.model["input_size"],
            normalisation=headers[init].standardisation,
        )
        for init in models
    }
    return loaded, scoring


def predict(
    snakemake, chosen: SimpleNamespace, models: Mapping[str, str], targets: Mapping[str, Mapping[str, str]]
) -> None:
    """Predict every set with some initialisations.

    Parameters
    ----------
    chosen
        The rule's settings.
    models
        Initialisation to the file of its selected weights.
    targets
        Initialisation to the table of each set.
    """
    loaded, scoring = load_models(snakemake, chosen, models)
    compute = snakemake.config["compute"]
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    store = ClipStore.open_manifest(snakemake.input.store)
    for cohort, set_name in SETS.items():
        rows = labelled_videos(videos[videos["set"] == set_name], studies, snakemake.wildcards.task)
        tables = predict_together(
            loaded,
            store,
            rows,
            scoring,
            device=compute["device"],
            precision=compute["precision"],
            jobs_per_gpu=compute["jobs_per_gpu"],
            workers=compute["loader_workers"],
            study_score=chosen.study_score,
        )
        for init in models:
            PREDICTIONS.write(tables.get(init, PREDICTIONS.empty()), targets[init][cohort])
