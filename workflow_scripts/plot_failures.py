"""The surest errors of the last initialisation, by masked frame and saliency map."""

from pathlib import Path

import numpy as np

from echoclr_core.evaluate.failures import FAILURES
from echoclr_core.reporting.failures import SHOWN, failure_figure
from echoclr_core.reporting.style import save_figure
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    failures = FAILURES.read(snakemake.input.failures)
    store = ClipStore.open_manifest(snakemake.input.store)
    maps = {}
    for path in map(Path, snakemake.input.extremes):
        with np.load(path) as stored:
            # The saliency section may show another model than the last initialisation.
            if stored["models"].tolist() == snakemake.params.model:
                task = path.parent.name
                maps |= {
                    (task, str(video)): one
                    for video, one in zip(stored["video_ids"], stored["maps"][0], strict=True)
                }
    for path in map(Path, snakemake.output):
        if path.suffix == ".png":
            task = path.stem.removeprefix("failures_")
            of_task = failures[failures["task"] == task]
            videos = of_task.loc[of_task["number"] <= SHOWN, "video_id"]
            figure = failure_figure(
                of_task,
                {video: store.clip(video, 0, 1)[0] for video in videos},
                {video: one for (name, video), one in maps.items() if name == task},
            )
            save_figure(figure, path.with_suffix(""))
