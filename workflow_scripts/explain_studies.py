"""Grad-CAM of the studies that the reference model is surest of, in both models."""

import json

import numpy as np
import pandas as pd

from echoclr_core.common.files import atomic_path, write_json
from echoclr_core.explain.regions import LANDMARKS
from echoclr_core.explain.saliency import clip_preparer, explain_studies
from echoclr_core.explain.select import most_confident
from echoclr_core.explain.summary import summarise
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import load_classifier
from workflow_scripts.lib.recorded import RECORD
from workflow_scripts.lib.store import open_store
from workflow_scripts.lib.torch_threads import use_threads

with job(snakemake) as log:
    use_threads(snakemake.threads)
    chosen = settings(snakemake)
    loaded = {
        init: load_classifier(path)
        for init, path in zip(snakemake.params.models, snakemake.input.models, strict=True)
    }
    reference = pd.read_parquet(snakemake.input.predictions[0])
    arrays = explain_studies(
        {init: model for init, (model, _) in loaded.items()},
        open_store(snakemake.input.store),
        most_confident(reference, chosen.explain["n_studies"]),
        prepare={
            init: clip_preparer(size=chosen.model["input_size"], normalisation=header.standardisation)
            for init, (_, header) in loaded.items()
        },
        n_frames=chosen.explain["frames"],
        n_randomisations=chosen.explain["n_randomisations"],
        seed=chosen.seed,
        landmarks=LANDMARKS.read(snakemake.input.landmarks) if snakemake.input.landmarks else None,
    )
    with atomic_path(snakemake.output.arrays) as path:
        np.savez_compressed(path, **arrays)
    write_json(snakemake.output.summary, {**summarise(arrays), RECORD: json.loads(snakemake.params.settings)})
