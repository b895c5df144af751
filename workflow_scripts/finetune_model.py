"""Fine-tune one model: one task, initialisation, label subset and learning rate."""

import json
import shutil
from pathlib import Path

from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
from echoclr_core.common.files import write_json
from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.lifetime import GRACE_SECONDS
from echoclr_core.finetune.export import save_model
from echoclr_core.finetune.run import finetune
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import HISTORY
from echoclr_core.training.gpu import require_gpu
from echoclr_core.training.progress import TIMINGS
from echoclr_core.training.settings import settings_from
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import augmentation_fields, encoder_settings, initial_state, label_rule_of
from workflow_scripts.lib.recorded import RECORD
from workflow_scripts.lib.seeds import seed_of
from workflow_scripts.lib.store import open_store
from workflow_scripts.lib.torch_threads import use_threads
from workflow_scripts.lib.training_data import subset_videos, validation_videos

# Held until the results are written and the state is removed: an orphan of an earlier run may still be at it.
with (
    job(snakemake, story=f"{snakemake.params.state}/story.log") as log,
    hold_folder(snakemake.params.state, wait_seconds=GRACE_SECONDS),
):
    use_threads(snakemake.threads)
    chosen, compute = settings(snakemake), settings(snakemake, "compute").compute
    require_gpu(int(snakemake.resources.get("gpu", 0) or 0), compute["device"])
    cell = snakemake.wildcards
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    subsets = SUBSETS.read(snakemake.input.subsets)
    encoder = encoder_settings(chosen.model)
    scaled = chosen.finetune.pop("scale_validation")
    result = finetune(
        open_store(snakemake.input.store),
        subset_videos(videos, studies, subsets, task=cell.task, ratio=float(cell.ratio), draw=int(cell.draw)),
        validation_videos(
            videos,
            studies,
            task=cell.task,
            share=cell.ratio if scaled else "1",
            draw=snakemake.params.label_draw,
            seed=chosen.seed,
        ),
        encoder,
        initial_state(
            cell.init, str(snakemake.input.weights), snakemake.config["finetune"]["kinetics_weights"], encoder
        ),
        settings_from(
            FinetuneSettings,
            {
                **chosen.finetune,
                "learning_rate": float(cell.lr),
                "input_size": chosen.model["input_size"],
                "augmentation": augmentation_fields(chosen.augmentation),
                "kinetics_standardisation": cell.init == "kinetics400",
                "precision": compute["precision"],
                "memory_format": compute["memory_format"],
                "deterministic": compute["deterministic"],
                "seed": seed_of(chosen.seed, int(cell.draw)),
            },
        ),
        state_dir=snakemake.params.state,
        device=compute["device"],
        jobs_per_gpu=snakemake.config["compute"]["jobs_per_gpu"],
        workers=snakemake.config["compute"]["loader_workers"],
        checkpoint_minutes=snakemake.config["compute"]["checkpoint_minutes"],
    )
    record = {
        **result.run,
        RECORD: json.loads(snakemake.params.settings),
        "learning_rate": cell.lr,
    }
    save_model(
        snakemake.output.model,
        result,
        task=cell.task,
        label_rule=label_rule_of(snakemake.config, cell.task),
        initialisation=cell.init,
    )
    HISTORY.write(result.history, snakemake.output.history)
    TIMINGS.write(result.timings, snakemake.output.timings)
    write_json(snakemake.output.run, record)
    log.info("%s", record)
    # The results are written: what an interrupted attempt would have resumed from is not needed any more.
    shutil.rmtree(Path(snakemake.params.state), ignore_errors=True)
