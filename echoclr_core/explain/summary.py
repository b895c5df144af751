"""The numbers that stand beside the saliency figure, from the arrays of ``explain_studies``."""

from collections.abc import Mapping

import numpy as np


def summarise(arrays: Mapping[str, np.ndarray]) -> dict:
    """Means over the studies shown, model by model; None where nothing is known.

    Returns
    -------
    dict
        For JSON. n_studies, frames, looped (videos repeated because they are short), sector_area,
        valve_area (shares of the picture), stages, reference (name of the model that
        chose the studies), and ``models``: name to empty_maps (without positive
        evidence), greatest (of the unscaled map), sector_share, valve_share, valve_peak (share of the maps
        that are greatest on the valve), correlations (by stage, from output to input). ``studies`` lists
        what is shown: study_id, video_id, label, study_probability, clip_probabilities by model.
    """
    models = [str(name) for name in arrays["models"]]
    return {
        "n_studies": len(arrays["study_ids"]),
        "frames": int(arrays["clips"].shape[1]),
        "looped": int(arrays["looped"].sum()),
        "sector_area": _mean(arrays["sector_area"]),
        "valve_area": _mean(arrays["valve_area"]),
        "stages": [str(stage) for stage in arrays["stages"]],
        "reference": models[0],
        "models": {name: _one_model(arrays, row) for row, name in enumerate(models)},
        "studies": [
            {
                "study_id": str(arrays["study_ids"][place]),
                "video_id": str(arrays["video_ids"][place]),
                "label": int(arrays["labels"][place]),
                "study_probability": float(arrays["study_probabilities"][place]),
                "clip_probabilities": {
                    name: float(arrays["probabilities"][row, place]) for row, name in enumerate(models)
                },
            }
            for place in range(len(arrays["study_ids"]))
        ],
    }


def _one_model(arrays: Mapping[str, np.ndarray], row: int) -> dict:
    maps = arrays["maps"][row]
    return {
        "empty_maps": int((maps.max(axis=(1, 2)) == 0).sum()),
        "greatest": float(maps.max()),
        "sector_share": _mean(arrays["sector_share"][row]),
        "valve_share": _mean(arrays["valve_share"][row]),
        "valve_peak": _mean(arrays["valve_peak"][row]),
        "correlations": [_mean(stage) for stage in arrays["correlations"][row]],
    }


def _mean(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None
