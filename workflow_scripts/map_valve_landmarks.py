"""Where the aortic valve of each synthetic video lies on the masked frames: for the saliency checks alone."""

import json

import pandas as pd

from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.explain.regions import LANDMARKS, map_valve_landmarks
from echoclr_core.video.tables import MASKED_VIDEOS
from workflow_scripts.lib.job import job

with job(snakemake, restricted=True) as log:
    mask = json.loads(snakemake.params.settings)["mask"]
    # The truth goes by the files' own UIDs; only the pseudonym leaves this job.
    crosswalk = RESTRICTED_CATALOGUE.read(snakemake.input.crosswalk)[["sop_uid", "video_id"]]
    truth = pd.read_parquet(
        snakemake.input.truth, columns=["sop_uid", "valve_x", "valve_y", "px_per_cm"]
    ).merge(crosswalk.dropna(), on="sop_uid")
    masked = pd.concat([MASKED_VIDEOS.read(path) for path in snakemake.input.masked], ignore_index=True)
    found = map_valve_landmarks(truth, masked, size=mask["size"], keep_aspect=mask["keep_aspect"])
    LANDMARKS.write(found, snakemake.output[0])
    log.info("%d of %d masked videos show an aortic valve", len(found), len(masked))
