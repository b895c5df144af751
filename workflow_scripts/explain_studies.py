"""Grad-CAM of the studies that the reference model is surest of, in both models."""

import json

import numpy as np
import pandas as pd

from echoclr_core.common.files import atomic_path, write_json
from echoclr_core.common.recorded import RECORD
from echoclr_core.explain.regions import LANDMARKS
from echoclr_core.explain.saliency import clip_preparer, explain_studies
from echoclr_core.explain.select import most_confident, most_wrong
from echoclr_core.explain.summary import summarise
from echoclr_core.models.classifier_file import load_classifier
from echoclr_core.training.threads import use_threads
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.job import job, settings

SHOWN = 3  # errors of each kind and test set, as in the figure of failures

with job(snakemake) as log:
    use_threads(snakemake.threads)
    chosen = settings(snakemake)
    loaded = {
        init: load_classifier(path)
        for init, path in zip(snakemake.params.models, snakemake.input.models, strict=True)
    }
    prepares = {
        init: clip_preparer(size=chosen.model["input_size"], normalisation=header.standardisation)
        for init, (_, header) in loaded.items()
    }
    store = ClipStore.open_manifest(snakemake.input.store)
    reference = pd.read_parquet(snakemake.input.predictions[0])
    arrays = explain_studies(
        {init: model for init, (model, _) in loaded.items()},
        store,
        most_confident(reference, chosen.explain["n_studies"]),
        prepare=prepares,
        n_frames=chosen.explain["frames"],
        n_randomisations=chosen.explain["n_randomisations"],
        seed=chosen.seed,
        landmarks=LANDMARKS.read(snakemake.input.landmarks) if snakemake.input.landmarks else None,
    )
    with atomic_path(snakemake.output.arrays) as path:
        np.savez_compressed(path, **arrays)
    # The surest errors of the model beside the reference, for the figure of failures.
    last = snakemake.params.models[-1]
    scored = (snakemake.input.predictions[-1], snakemake.input.scored[-1])
    wrong = pd.concat([most_wrong(pd.read_parquet(path), SHOWN) for path in scored], ignore_index=True)
    errors = explain_studies(
        {last: loaded[last][0]},
        store,
        wrong,
        prepare={last: prepares[last]},
        n_frames=chosen.explain["frames"],
        n_randomisations=0,
        seed=chosen.seed,
    )
    with atomic_path(snakemake.output.extremes) as path:
        np.savez_compressed(path, **{name: errors[name] for name in ("models", "video_ids", "maps")})
    write_json(snakemake.output.summary, {**summarise(arrays), RECORD: json.loads(snakemake.params.settings)})
