"""Match the given videos with their table; pseudonyms, shards, and the views that the table names."""

from echoclr_core.cohort.video_table import read_video_table
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE, pseudonymise
from echoclr_core.video.provided_files import catalogue_videos, with_missing_videos
from echoclr_core.views.tables import PROVIDED_VIEWS
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.secret_key import study_pseudonyms
from workflow_scripts.lib.video_table import video_layout

with job(snakemake, restricted=True) as log:
    chosen, avi = settings(snakemake), snakemake.config["input"]["avi"]
    videos = read_video_table(avi["table"], video_layout(chosen)).videos
    scanned, without_file = catalogue_videos(
        avi["dir"], videos, follow_outside=chosen.outside_links == "follow"
    )
    scanned = with_missing_videos(scanned, videos, without_file)
    pseudonyms = study_pseudonyms(snakemake.config)
    catalogue = pseudonymise(scanned.drop(columns="view"), pseudonyms, snakemake.params.shards)
    by_shard = dict(tuple(catalogue.groupby("shard")))
    views = scanned.set_index("path")["view"]
    for number, (path, provided) in enumerate(
        zip(snakemake.output.shards, snakemake.output.provided, strict=True)
    ):
        rows = by_shard.get(number, catalogue.iloc[:0])
        RESTRICTED_CATALOGUE.write(rows, path)
        PROVIDED_VIEWS.write(rows[["video_id"]].assign(view=rows["path"].map(views)), provided)
    RESTRICTED_CATALOGUE.write(catalogue, snakemake.output.crosswalk)
    log.info("%d files: %s", len(catalogue), catalogue["outcome"].value_counts().to_dict())
    log.info(
        "%d rows of the table without a file, the first of them %s", len(without_file), without_file[:10]
    )
