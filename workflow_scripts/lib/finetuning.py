"""One fine-tuning job from its inputs to its result files."""

import json
from types import SimpleNamespace

from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
from echoclr_core.cohort.training_videos import subset_videos, validation_videos
from echoclr_core.common.files import write_json
from echoclr_core.common.recorded import RECORD
from echoclr_core.finetune.export import save_model
from echoclr_core.finetune.run import FinetuneResult, finetune
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import HISTORY
from echoclr_core.models.encoder import EncoderSettings
from echoclr_core.options.base import settings_from
from echoclr_core.training.gpu import require_gpu
from echoclr_core.training.progress import TIMINGS
from echoclr_core.training.repeat_seeds import finetuning_seed
from echoclr_core.training.threads import use_threads
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.models import initial_state


def train_model(snakemake, chosen: SimpleNamespace) -> FinetuneResult:
    """Fine-tune; ``chosen`` are the rule's settings."""
    use_threads(snakemake.threads)
    require_gpu(int(snakemake.resources.get("gpu", 0) or 0), snakemake.config["compute"]["device"])
    compute, cell = snakemake.config["compute"], snakemake.wildcards
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    subset = SUBSETS.read(snakemake.input.subset)
    encoder = EncoderSettings(**json.loads(snakemake.params.initialisation)["encoder"])
    fields = dict(chosen.finetune)
    scaled = fields.pop("scale_validation")
    return finetune(
        ClipStore.open_manifest(snakemake.input.store),
        subset_videos(videos, studies, subset, task=cell.task),
        validation_videos(
            videos,
            studies,
            task=cell.task,
            share=cell.ratio if scaled else "1",
            draw=snakemake.params.label_draw,
            seed=chosen.seed,
        ),
        encoder,
        initial_state(cell.init, str(snakemake.input.weights), snakemake.config, encoder),
        _settings(fields, chosen, snakemake),
        state_dir=snakemake.params.state,
        device=compute["device"],
        jobs_per_gpu=compute["jobs_per_gpu"],
        workers=compute["loader_workers"],
        checkpoint_minutes=compute["checkpoint_minutes"],
    )


def _settings(fields: dict, chosen: SimpleNamespace, snakemake) -> FinetuneSettings:
    compute, cell = snakemake.config["compute"], snakemake.wildcards
    return settings_from(
        FinetuneSettings,
        {
            **fields,
            "checkpoint_every": snakemake.config["finetune"]["checkpoint_every"],
            "learning_rate": float(cell.lr),
            "input_size": chosen.model["input_size"],
            "augmentation": chosen.augmentation,
            "normalisation": json.loads(snakemake.params.initialisation)["normalisation"],
            "precision": compute["precision"],
            "memory_format": compute["memory_format"],
            "deterministic": compute["deterministic"],
            "seed": finetuning_seed(chosen.seed, snakemake.params.label_draw, snakemake.params.pretraining),
        },
    )


def write_model(result: FinetuneResult, snakemake) -> None:
    """Write weights, history, timings and record, each whole."""
    cell = snakemake.wildcards
    save_model(
        snakemake.output.model,
        result,
        task=cell.task,
        label_rule=snakemake.config["tasks"][cell.task],
        initialisation=cell.init,
    )
    HISTORY.write(result.history, snakemake.output.history)
    TIMINGS.write(result.timings, snakemake.output.timings)
    record = {
        **result.run,
        RECORD: json.loads(snakemake.params.settings),
        "learning_rate": cell.lr,
    }
    write_json(snakemake.output.run, record)
