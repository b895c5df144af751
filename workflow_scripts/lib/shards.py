"""One shard of source files made into full-size grey videos, from DICOM files or from given videos."""

from collections.abc import Callable

import pandas as pd

from echoclr_core.common.shard_cache import remove_kept
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.options.base import settings_from
from workflow_scripts.lib.decisions import shard_decisions
from workflow_scripts.lib.job import job, settings

LIMITS = ("timeout_seconds", "memory_megabytes")  # a file's; not among the params


def file_settings(snakemake) -> DeidentifySettings:
    """How a rule's files are deidentified."""
    limits = {name: snakemake.config["deidentify"][name] for name in LIMITS}
    return settings_from(DeidentifySettings, settings(snakemake).deidentify | limits)


def write_shard(snakemake, folder: str, write: Callable[..., pd.DataFrame]) -> None:
    """Run the shard of a rule whose files lie below ``folder``.

    ``write`` is :func:`~echoclr_core.deidentify.source_shard.write_source_shard` with the kind of the files
    filled in.
    """
    with job(snakemake, restricted=True) as log:
        kept = snakemake.params.kept if snakemake.config["deidentify"]["keep_videos"] else None
        if kept is None:
            remove_kept(snakemake.params.kept)
        table = write(
            RESTRICTED_CATALOGUE.read(snakemake.input.catalog),
            folder,
            snakemake.output.videos,
            snakemake.params.state,
            settings=file_settings(snakemake),
            decisions=shard_decisions(snakemake),
            kept_dir=kept,
            workers=snakemake.threads,
            on_delivery=lambda table: SOURCE_FILES.write(
                table, snakemake.output.table, settings=snakemake.params.settings
            ),
            on_detail=lambda video, text: log.info("%s %s", video, text),
        )
        log.info("%d files: %s", len(table), table["outcome"].value_counts().to_dict())
