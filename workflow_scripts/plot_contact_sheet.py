"""The audit's contact sheet: the brightest value over time of each video, those it objects to first."""

import numpy as np
import pandas as pd

from echoclr_core.reporting.montage import contact_sheet
from echoclr_core.reporting.style import save_figure
from workflow_scripts.lib.job import job

MOST = 30  # pictures, large enough to read letters in
COLUMNS = 3

with job(snakemake) as log:
    loaded = [np.load(path) for path in snakemake.input.pictures]
    frames = [frame for arrays in loaded for frame in arrays["frames"]]
    outcomes = pd.concat([pd.read_parquet(path) for path in snakemake.input.tables], ignore_index=True)
    if not frames:
        raise ValueError("contact sheet: no video was audited; set deidentify.audit_videos above 0")
    wrong = np.flatnonzero(outcomes["outcome"] != "clean")
    clean = np.flatnonzero(outcomes["outcome"] == "clean")
    left = min(max(MOST - len(wrong), 0), len(clean))
    spread = clean[np.linspace(0, max(len(clean) - 1, 0), left).round().astype(int)]
    chosen = [*wrong[:MOST], *spread]
    ids, words = outcomes["video_id"], outcomes["outcome"].str.replace("_", " ").str.upper()
    names = [ids[i] if outcomes["outcome"][i] == "clean" else f"{ids[i]}: {words[i]}" for i in chosen]
    figure = contact_sheet([frames[i] for i in chosen], names, columns=COLUMNS)
    save_figure(figure, snakemake.output[0].removesuffix(".png"))
    log.info("%d of %d audited videos shown, %d objected to", len(chosen), len(frames), len(wrong))
