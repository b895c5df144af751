"""Train the compact view network on the labelled videos."""

import json
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.views.files import save_classifier
from echoclr_core.views.sampling import sample_frames
from echoclr_core.views.tables import VIEW_LABELS
from echoclr_core.views.training import ViewTrainingSettings, train_view_classifier
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.recorded import RECORD
from workflow_scripts.lib.torch_threads import use_threads

with job(snakemake) as log:
    use_threads(snakemake.threads)
    chosen = settings(snakemake)
    labels = VIEW_LABELS.read(snakemake.input.labels)
    # which shard's folder holds a video that was written, and its digest
    written = {
        video: (Path(folder) / f"{video}.avi", sha256)
        for folder, path in zip(snakemake.input.videos, snakemake.input.tables, strict=True)
        for video, outcome, sha256 in SOURCE_FILES.read(path)[["video_id", "outcome", "sha256"]].itertuples(
            index=False
        )
        if outcome == "ok"
    }
    usable = labels[labels["video_id"].isin(written)]
    log.info("%d labelled videos, %d of them deidentified", len(labels), len(usable))
    classifier, report = train_view_classifier(
        [
            sample_frames(path, video, count=chosen.views["frames"], seed=chosen.seed, sha256=sha256)
            for video, (path, sha256) in ((video, written[video]) for video in usable["video_id"])
        ],
        usable["view"].tolist(),
        usable["patient_id"].tolist(),
        settings=ViewTrainingSettings(
            plax=chosen.views["plax_class"], epochs=chosen.views["epochs"], seed=chosen.seed
        ),
        on_progress=lambda row: log.info("%s", row),
    )
    save_classifier(classifier, snakemake.output.weights)
    write_json(snakemake.output.report, {**report, RECORD: json.loads(snakemake.params.settings)})
