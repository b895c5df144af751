"""The views of one shard as the table of videos names them."""

from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.views.provided import provided_decisions
from echoclr_core.views.tables import PROVIDED_VIEWS, VIEW_DECISIONS
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    table = SOURCE_FILES.read(snakemake.input.table)
    decisions = provided_decisions(
        table.loc[table["outcome"] == "ok", ["video_id", "study_id"]],
        PROVIDED_VIEWS.read(snakemake.input.provided),
        dict(snakemake.params.keep),
    )
    VIEW_DECISIONS.write(decisions, snakemake.output[0])
    log.info("%d videos: %s", len(decisions), decisions["view"].value_counts().to_dict())
