"""Frames before and after masking."""

import numpy as np

from echoclr_core.reporting.montage import before_after
from echoclr_core.reporting.style import save_figure
from workflow_scripts.lib.job import job, settings


def gather(paths, *names):
    """The arrays ``names`` of all shards, item by item."""
    loaded = [np.load(path) for path in paths]
    return [[item for arrays in loaded for item in arrays[name]] for name in names]


def evenly(count, items):
    """Places of at most ``count`` of ``items``, spread over all."""
    return np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int))


with job(snakemake) as log:
    count = settings(snakemake).montage_videos
    before, after, names = gather(snakemake.input.previews, "before", "after", "video_ids")
    if not names:
        raise ValueError("montage: no video was masked; see cohort/flow.parquet for where they went")
    chosen = evenly(count, names)
    figure = before_after(*([items[place] for place in chosen] for items in (before, after, names)))
    save_figure(figure, snakemake.output.montage[0].removesuffix(".png"))
