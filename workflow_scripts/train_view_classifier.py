"""Train the compact view network on the labelled videos."""

import json
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.common.recorded import RECORD
from echoclr_core.common.row_digest import digest_of_rows
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.views.chance import refuse_chance
from echoclr_core.views.tables import VIEW_LABELS
from workflow_scripts.lib.finished import finished_results
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
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
    outputs = {name: snakemake.output[name] for name in ("weights", "record")}
    pixels = usable["video_id"].map({video: sha256 for video, (_, sha256) in written.items()})
    kept = finished_results(
        snakemake, snakemake.params.finished, videos=digest_of_rows(usable.assign(sha256=pixels))
    )
    if kept.restore(outputs):
        log.info("finished before with the same settings, videos and code: results put in place")
    else:
        # torch: seconds to load
        from echoclr_core.training.threads import use_threads
        from echoclr_core.views.files import save_classifier
        from workflow_scripts.lib.view_training import train_on_videos

        use_threads(snakemake.threads)
        classifier, record = train_on_videos(usable, written, settings(snakemake), log)
        save_classifier(classifier, snakemake.output.weights)
        write_json(snakemake.output.record, {**record, RECORD: json.loads(snakemake.params.settings)})
        kept.keep(outputs)
    refuse_chance(json.loads(Path(snakemake.output.record).read_text(encoding="utf-8")))
