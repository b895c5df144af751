"""Deidentified DICOM files of one shard."""

from echoclr_core.deidentify.dicom_output.shard import DICOM_FILES, write_dicom_shard
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.identifiers.shifted_dates import SHIFTED_DATES
from echoclr_core.deidentify.tables import SOURCE_FILES
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.secret_key import study_pseudonyms
from workflow_scripts.lib.source_folder import source_folder

with job(snakemake, restricted=True) as log:
    dates = [SHIFTED_DATES.read(path) for path in snakemake.input.get("dates", [])]
    table = write_dicom_shard(
        RESTRICTED_CATALOGUE.read(snakemake.input.catalog),
        SOURCE_FILES.read(snakemake.input.table),
        snakemake.input.videos,
        source_folder(snakemake),
        snakemake.output.files,
        pseudonyms=study_pseudonyms(snakemake.config),
        dates=dict(dates[0][["video_id", "shifted_date"]].to_numpy()) if dates else None,
        lossy_codec=settings(snakemake).codec == "mjpeg",
        workers=snakemake.threads,
        on_detail=lambda video, text: log.info("%s %s", video, text),
    )
    DICOM_FILES.write(table, snakemake.output.table)
    log.info("%d DICOM files: %s", len(table), table["outcome"].value_counts().to_dict())
