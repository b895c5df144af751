"""The arrays behind the saliency figure. M models, S studies, T frames, H rows, W columns."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from echoclr_core.explain.gradcam import class_activation, zoom_map
from echoclr_core.explain.sanity import SCOPES, randomisation_check, sector_of, share_inside
from echoclr_core.video.augmentation import normalise, resize_clips, standardise_kinetics
from echoclr_core.video.sampling import is_short
from echoclr_core.video.store import ClipStore

Prepare = Callable[[np.ndarray], Tensor]


def clip_preparer(*, size: int | None = None, kinetics: bool = False) -> Prepare:
    """A function from a stored clip (T, H, W) uint8 to a model's input (3, T, h, w) float32.

    Shrunk to ``size`` (None: as it is), scaled to [0, 1] by the clip's own minimum and maximum, three equal
    channels, and standardised as Kinetics-400 for the Kinetics initialisation only.
    """

    def prepare(clip: np.ndarray) -> Tensor:
        clips = torch.from_numpy(np.ascontiguousarray(clip))[None]
        if size is not None and clips.shape[2:] != (size, size):
            clips = resize_clips(clips, size)
        channels = normalise(clips)[:, None].expand(-1, 3, -1, -1, -1)
        return (standardise_kinetics(channels) if kinetics else channels)[0]

    return prepare


def explain_studies(
    models: Mapping[str, nn.Module],
    store: ClipStore,
    selection: pd.DataFrame,
    *,
    prepare: Prepare | Mapping[str, Prepare] | None = None,
    n_frames: int = 32,
    zoom_order: int = 1,
    redraws: int = 3,
    seed: int = 0,
    keep_volumes: bool = False,
) -> dict[str, np.ndarray]:
    """Grad-CAM of every model on the first frames of every selected video.

    The clip that is shown is the clip that is scored: its own probability is stored, beside the study's.

    Parameters
    ----------
    models
        Name (the initialisation) to classifier with one logit.
    store
        Clip store with the selected videos.
    selection
        From :func:`~echoclr_core.explain.most_confident`.
    prepare
        (T, H, W) uint8 to (C, T, h, w) float: one for all models, or one for each by name; None for
        ``clip_preparer()``.
    n_frames
        Frames from the beginning (the paper's 32); a shorter video is repeated as a loop (``looped``).
    zoom_order
        As :func:`~echoclr_core.explain.grad_cam`.
    redraws, seed
        Of :func:`~echoclr_core.explain.randomisation_check`; 0 leaves its arrays NaN.
    keep_volumes
        Also return ``clips`` and ``volumes`` (for moving pictures).

    Returns
    -------
    dict
        For ``numpy.savez``; no object arrays.
        models (M,), video_ids, study_ids (S,) text; labels (S,) int64; study_probabilities (S,) float64 of
        the selecting model; looped (S,) bool; frame (S, H, W) uint8, the first frames;
        probabilities (M, S) float64 of these very clips;
        maps (M, S, H, W) float32, maximum over time of the unscaled maps;
        scale () float32, the largest value of all maps: the top of the figure's one colour scale;
        sector_share (M, S) float64, share of a map's sum inside the sector, and sector_area (S,), the
        sector's share of the picture (what a flat map would reach);
        correlation_last_block, correlation_all (M, S) float64 of the randomisation check;
        with ``keep_volumes`` clips (S, T, H, W) uint8 and volumes (M, S, T, H, W) float32.

    Raises
    ------
    ValueError
        If models or selection are empty, ``prepare`` lacks a model, or a video is not in the store.
    """
    if not models or selection.empty:
        raise ValueError(
            f"saliency: {len(models)} models, {len(selection)} videos; at least one of each is needed"
        )
    prepares = _by_model(prepare, models)
    video_ids = [str(video_id) for video_id in selection["video_id"]]
    clips = np.stack([store.clip(video_id, 0, n_frames) for video_id in video_ids])  # (S, T, H, W) uint8
    explained = [
        _explain(model, clips, prepares[name], zoom_order, redraws, seed) for name, model in models.items()
    ]
    maps = np.stack([np.stack([volume.max(axis=0) for volume in one["volumes"]]) for one in explained])
    sectors = np.stack([sector_of(clip) for clip in clips])
    result = {
        "models": np.array(list(models), dtype=str),
        "video_ids": np.array(video_ids, dtype=str),
        "study_ids": np.array([str(study_id) for study_id in selection["study_id"]], dtype=str),
        "labels": selection["label"].to_numpy(dtype=np.int64),
        "study_probabilities": selection["study_probability"].to_numpy(dtype=np.float64),
        "looped": np.array([is_short(store.n_frames(video_id), n_frames) for video_id in video_ids]),
        "frame": clips[:, 0],
        "probabilities": np.stack([one["probabilities"] for one in explained]),
        "maps": maps,
        "scale": maps.max(),
        "sector_share": np.array(
            [[share_inside(*pair) for pair in zip(row, sectors, strict=True)] for row in maps]
        ),
        "sector_area": sectors.mean(axis=(1, 2)),
    }
    for scope in SCOPES:
        result[f"correlation_{scope}"] = np.stack([one[scope] for one in explained])
    if keep_volumes:
        result |= {"clips": clips, "volumes": np.stack([one["volumes"] for one in explained])}
    return result


def _explain(
    model: nn.Module, clips: np.ndarray, prepare: Prepare, zoom_order: int, redraws: int, seed: int
) -> dict[str, np.ndarray]:
    """One model: volumes (S, T, H, W), probabilities (S,), and the check of each scope (S,)."""
    inputs = [prepare(clip) for clip in clips]
    coarse, logits = zip(*(class_activation(model, values) for values in inputs), strict=True)
    found = {
        # Zoomed to the stored frames' size, which is larger than the input of a smaller network.
        "volumes": np.stack([zoom_map(one, clips.shape[1:], zoom_order) for one in coarse]),
        "probabilities": torch.sigmoid(torch.tensor(logits, dtype=torch.float64)).numpy(),
    }
    for scope in SCOPES:
        found[scope] = randomisation_check(model, inputs, list(coarse), scope, redraws=redraws, seed=seed)
    return found


def _by_model(
    prepare: Prepare | Mapping[str, Prepare] | None, models: Mapping[str, nn.Module]
) -> dict[str, Prepare]:
    if not isinstance(prepare, Mapping):
        return dict.fromkeys(models, prepare or clip_preparer())
    lacking = sorted(set(models) - set(prepare))
    if lacking:
        raise ValueError(f"prepare: nothing for the models {lacking}; it has {sorted(prepare)}")
    return {name: prepare[name] for name in models}
