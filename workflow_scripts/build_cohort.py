"""Join videos and labels, count every exclusion, split the development years."""

import json
from pathlib import Path

import pandas as pd

from echoclr_core.cohort.build import build_cohort
from echoclr_core.cohort.digests import split_record
from echoclr_core.cohort.flow import FLOW
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.cohort.unmatched import UNMATCHED
from echoclr_core.common.files import write_json
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.design.tasks import tasks_of
from echoclr_core.options.base import settings_from
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.tables import VIEW_DECISIONS, VIEW_LABELS
from workflow_scripts.lib.job import job, settings


def read_all(schema, paths):
    """The shards of one table, joined."""
    return pd.concat([schema.read(path) for path in paths], ignore_index=True)


with job(snakemake) as log:
    chosen = settings(snakemake)
    used_for_views = snakemake.input.get("view_labels") or None
    gone = snakemake.input.get("removed")
    gone = json.loads(Path(gone).read_text(encoding="utf-8")) if gone else {"studies": 0, "files": 0}
    cohort_settings = settings_from(
        CohortSettings,
        chosen.cohort
        | {
            "seed": chosen.seed,
            "tasks": tasks_of(snakemake.params.tasks),
            "known_frame_rate": bool(snakemake.params.known_frame_rate),
        },
    )
    cohort = build_cohort(
        read_all(SOURCE_FILES, snakemake.input.files),
        read_all(VIEW_DECISIONS, snakemake.input.views),
        read_all(MASKED_VIDEOS, snakemake.input.masked),
        LABELS.read(snakemake.input.labels),
        settings=cohort_settings,
        excluded_studies=VIEW_LABELS.read(used_for_views)["study_id"].unique() if used_for_views else (),
        removed=(gone["studies"], gone["files"]),
    )
    record = json.dumps(
        json.loads(snakemake.params.settings) | {"tasks": json.loads(snakemake.params.tasks)}, sort_keys=True
    )
    COHORT_VIDEOS.write(cohort.videos, snakemake.output.videos)
    COHORT_STUDIES.write(cohort.studies, snakemake.output.studies, settings=record)
    FLOW.write(cohort.flow, snakemake.output.flow)
    UNMATCHED.write(cohort.unmatched, snakemake.output.unmatched)
    write_json(snakemake.output.split, split_record(cohort.studies, cohort_settings))
    log.info("studies a set: %s", cohort.studies["set"].value_counts().to_dict())
    log.info("flow:\n%s", cohort.flow.to_string())
