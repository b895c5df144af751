"""The arrays behind the saliency figure. M models, S studies, T frames, H rows, W columns."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from echoclr_core.explain.gradcam import class_activation, zoom_map
from echoclr_core.explain.regions import VALVE_RADIUS_CM, disc, peak_inside, sector_of, share_inside
from echoclr_core.explain.sanity import cascade_stages, randomisation_cascade
from echoclr_core.video.augmentation import normalise, resize_clips, standardise
from echoclr_core.video.sampling import is_short
from echoclr_core.video.store import ClipStore

Prepare = Callable[[np.ndarray], Tensor]


def clip_preparer(*, size: int | None = None, normalisation: str = "min-max") -> Prepare:
    """A function from a stored clip (T, H, W) uint8 to a model's input (3, T, h, w) float32.

    Shrunk to ``size`` (None: as it is), scaled to [0, 1] by the clip's own minimum and maximum, three equal
    channels, and standardised as ``normalisation`` says (``video.augmentation.NORMALISATIONS``).
    """

    def prepare(clip: np.ndarray) -> Tensor:
        clips = torch.from_numpy(np.ascontiguousarray(clip))[None]
        if size is not None and clips.shape[2:] != (size, size):
            clips = resize_clips(clips, size)
        channels = normalise(clips)[:, None].expand(-1, 3, -1, -1, -1)
        return standardise(channels, normalisation)[0]

    return prepare


def explain_studies(
    models: Mapping[str, nn.Module],
    store: ClipStore,
    selection: pd.DataFrame,
    *,
    prepare: Prepare | Mapping[str, Prepare] | None = None,
    n_frames: int = 32,
    zoom_order: int = 1,
    n_randomisations: int = 3,
    seed: int = 0,
    landmarks: pd.DataFrame | None = None,
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
    n_randomisations, seed
        Of :func:`~echoclr_core.explain.randomisation_cascade`; with 0 its array is NaN.
    landmarks
        LANDMARKS of the videos whose valve is known; None for none.

    Returns
    -------
    dict
        For ``numpy.savez``; no object arrays.
        models (M,), video_ids, study_ids (S,) text; labels (S,) int64; study_probabilities (S,) float64 of
        the selecting model; looped (S,) bool; fps (S,) float64; clips (S, T, H, W) uint8;
        probabilities (M, S) float64 of these very clips;
        volumes (M, S, T, H, W) float16, the unscaled maps, and maps (M, S, H, W) float32, their maximum
        over time; scale () float32, the largest value of all maps: the top of the figure's one colour scale;
        sector_share (M, S) float64, share of a map's sum inside the sector, and sector_area (S,), the
        sector's share of the picture (what a flat map would reach);
        valve (S, 4) float64, centre and radii (x, y, rx, ry) of the disc that counts as the valve, px, NaN
        where unknown; valve_share, valve_peak (M, S), share of a map's sum there and whether the map is
        greatest there; valve_area (S,), the disc's share of the picture;
        stages (L,) text and correlations (M, L, S) float64 of the randomisation check.

    Raises
    ------
    ValueError
        If models or selection are empty, ``prepare`` lacks a model, a video is not in the store, or is
        another study's there.
    """
    if not models or selection.empty:
        raise ValueError(
            f"saliency: {len(models)} models, {len(selection)} videos; at least one of each is needed"
        )
    prepares = _by_model(prepare, models)
    videos = _selected_videos(store, selection, n_frames)
    video_ids = videos["video_ids"].tolist()
    clips = np.stack([store.clip(video_id, 0, n_frames) for video_id in video_ids])  # (S, T, H, W) uint8
    explained = [
        _explain(model, clips, prepares[name], zoom_order, n_randomisations, seed)
        for name, model in models.items()
    ]
    maps = np.stack([one["volumes"].max(axis=1) for one in explained])
    return {
        "models": np.array(list(models), dtype=str),
        **videos,
        "clips": clips,
        "probabilities": np.stack([one["probabilities"] for one in explained]),
        "volumes": np.stack([one["volumes"] for one in explained]).astype(np.float16),
        "maps": maps,
        "scale": maps.max(),
        **_on_the_picture(maps, clips, _valves(video_ids, landmarks)),
        "stages": np.array(cascade_stages(next(iter(models.values()))), dtype=str),
        "correlations": np.stack([one["correlations"] for one in explained]),
    }


def _selected_videos(store: ClipStore, selection: pd.DataFrame, n_frames: int) -> dict[str, np.ndarray]:
    """What is known of each selected video before any model sees it; the arrays are (S,)."""
    stored = _stored(store, selection)
    video_ids = [str(video_id) for video_id in selection["video_id"]]
    return {
        "video_ids": np.array(video_ids, dtype=str),
        "study_ids": np.array([str(study_id) for study_id in selection["study_id"]], dtype=str),
        "labels": selection["label"].to_numpy(dtype=np.int64),
        "study_probabilities": selection["study_probability"].to_numpy(dtype=np.float64),
        "looped": np.array([is_short(store.n_frames(video_id), n_frames) for video_id in video_ids]),
        "fps": stored["fps"].to_numpy(dtype=np.float64),
    }


def _stored(store: ClipStore, selection: pd.DataFrame) -> pd.DataFrame:
    """The store's rows of the selected videos, in their order; each must be the study's it was chosen for."""
    known = store.index.set_index("video_id")
    lacking = sorted(set(selection["video_id"]) - set(known.index))
    if lacking:
        raise ValueError(f"saliency: the clip store has no video {lacking}")
    rows = known.loc[list(selection["video_id"])]
    wrong = rows["study_id"].to_numpy() != selection["study_id"].to_numpy()
    if wrong.any():
        raise ValueError(
            f"saliency: videos {rows.index[wrong].tolist()} belong to the studies "
            f"{rows['study_id'][wrong].tolist()} in the clip store, to "
            f"{selection['study_id'][wrong].tolist()} in the predictions"
        )
    return rows


def _explain(
    model: nn.Module, clips: np.ndarray, prepare: Prepare, zoom_order: int, n_randomisations: int, seed: int
) -> dict[str, np.ndarray]:
    """One model: volumes (S, T, H, W), probabilities (S,), correlations (L, S) of the check."""
    inputs = [prepare(clip) for clip in clips]
    coarse, logits = zip(*(class_activation(model, values) for values in inputs), strict=True)
    return {
        # Zoomed to the stored frames' size, which is larger than the input of a smaller network.
        "volumes": np.stack([zoom_map(one, clips.shape[1:], zoom_order) for one in coarse]),
        "probabilities": torch.sigmoid(torch.tensor(logits, dtype=torch.float64)).numpy(),
        "correlations": randomisation_cascade(model, inputs, n_randomisations=n_randomisations, seed=seed),
    }


def _valves(video_ids: list[str], landmarks: pd.DataFrame | None) -> np.ndarray:
    """(S, 4) centre and radii of the valve's disc, px; NaN where it is not known."""
    if landmarks is None:
        return np.full((len(video_ids), 4), np.nan)
    rows = landmarks.set_index("video_id").reindex(video_ids)
    centres = rows[["valve_x", "valve_y"]].to_numpy(dtype=np.float64)
    radii = VALVE_RADIUS_CM * rows[["px_per_cm_x", "px_per_cm_y"]].to_numpy(dtype=np.float64)
    return np.hstack([centres, radii])


def _on_the_picture(maps: np.ndarray, clips: np.ndarray, valves: np.ndarray) -> dict[str, np.ndarray]:
    """Shares of each map in the sector and on the valve, and what a flat map would have there."""
    sectors = [sector_of(clip) for clip in clips]
    discs = [
        None if np.isnan(valve).any() else disc(clips.shape[2:], valve[:2], valve[2:]) for valve in valves
    ]

    def each(measure: Callable, regions: list) -> np.ndarray:
        rows = [
            [
                np.nan if region is None else measure(one, region)
                for one, region in zip(row, regions, strict=True)
            ]
            for row in maps
        ]
        return np.array(rows, dtype=np.float64)

    return {
        "sector_share": each(share_inside, sectors),
        "sector_area": np.array([sector.mean() for sector in sectors]),
        "valve": valves,
        "valve_share": each(share_inside, discs),
        "valve_peak": each(peak_inside, discs),
        "valve_area": np.array([np.nan if one is None else one.mean() for one in discs]),
    }


def _by_model(
    prepare: Prepare | Mapping[str, Prepare] | None, models: Mapping[str, nn.Module]
) -> dict[str, Prepare]:
    if not isinstance(prepare, Mapping):
        return dict.fromkeys(models, prepare or clip_preparer())
    lacking = sorted(set(models) - set(prepare))
    if lacking:
        raise ValueError(f"prepare: nothing for the models {lacking}; it has {sorted(prepare)}")
    return {name: prepare[name] for name in models}
