"""Score the studies of one shard of new patients."""

from pathlib import Path

from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from echoclr_core.predict.bundle import load_bundle
from echoclr_core.predict.files import patient_files
from echoclr_core.predict.shard import score_shard, write_pages
from echoclr_core.predict.tables import PATIENT_FILES, PATIENT_PREDICTIONS, PATIENT_VIDEOS
from echoclr_core.training.gpu import require_gpu
from echoclr_core.training.threads import use_threads
from echoclr_core.video.resampling import known_rates_only
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.tables import VIEW_DECISIONS
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    use_threads(snakemake.threads)
    inputs, outputs, compute = snakemake.input, snakemake.output, snakemake.config["compute"]
    require_gpu(int(snakemake.resources.get("gpu", 0) or 0), compute["device"])
    bundles = [load_bundle(path) for path in snakemake.config["predict"]["bundles"]]
    files = patient_files(
        SOURCE_FILES.read(inputs.files),
        VIEW_DECISIONS.read(inputs.views),
        MASKED_VIDEOS.read(inputs.masked),
        known_frame_rate=known_rates_only(bundles[0].clip_settings()),  # equal for all bundles
    )
    store = ClipStore.open([inputs.index], [inputs.frames])
    videos, predictions = score_shard(
        bundles,
        store,
        files,
        device=compute["device"],
        jobs_per_gpu=compute["jobs_per_gpu"],
        workers=compute["loader_workers"],
    )
    Path(outputs.pages).mkdir(parents=True, exist_ok=True)
    if snakemake.params.pages:
        audit = AUDIT.read(inputs.audit)
        clean = set(audit.loc[audit["outcome"] == "clean", "video_id"])
        write_pages(outputs.pages, bundles, store, (files, videos, predictions), clean)
    PATIENT_FILES.write(files, outputs.files)
    PATIENT_VIDEOS.write(videos, outputs.videos)
    PATIENT_PREDICTIONS.write(predictions, outputs.predictions)
    log.info("%d files: %s", len(files), files["outcome"].value_counts().to_dict())
