"""Decide the view of every video of one shard."""

from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.options.base import settings_from
from echoclr_core.training.threads import use_threads
from echoclr_core.views.configured import open_classifier
from echoclr_core.views.decision import classify_shard
from echoclr_core.views.keep import kept_views
from echoclr_core.views.sampling import ViewSettings
from echoclr_core.views.tables import VIEW_DECISIONS
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    use_threads(snakemake.threads)
    chosen, own = settings(snakemake), snakemake.config["views"]
    table = SOURCE_FILES.read(snakemake.input.table)
    decisions = classify_shard(
        table.loc[table["outcome"] == "ok", ["video_id", "study_id", "sha256"]],
        snakemake.input.videos,
        open_classifier(
            str(snakemake.input.classifier) or own["weights"],
            chosen.views | {"classes": str(snakemake.input.get("classes", "")) or own["classes"]},
            threads=snakemake.threads,
        ),
        keep=kept_views(chosen.views["keep"]),
        settings=settings_from(ViewSettings, {"frames": chosen.views["frames"], "seed": chosen.seed}),
    )
    VIEW_DECISIONS.write(decisions, snakemake.output[0], settings=snakemake.params.settings)
    log.info("%d videos: %s", len(decisions), decisions["view"].value_counts().to_dict())
