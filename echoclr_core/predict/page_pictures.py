"""The pictures of a new study's page: calibration curve, scored frames, saliency film."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from echoclr_core.explain.gradcam import raw_grad_cam
from echoclr_core.predict.bundle import Bundle
from echoclr_core.reporting.movie import movie_frames, write_movie
from echoclr_core.reporting.style import COLUMN, INK, MUTED, PAGE, RULE, styled
from echoclr_core.training.inputs import clip_span
from echoclr_core.video.sampling import even_starts
from echoclr_core.video.store import ClipStore

FILM_FRAMES = 32
MARK = "#b3261e"


@styled
def calibration_figure(curve: Sequence[Mapping[str, float]], probability: float) -> Figure:
    """The calibration curve of the validation set with one probability marked.

    Parameters
    ----------
    curve
        mean_probability, observed, ci_low, ci_high, a mapping a bin.
    probability
        In [0, 1].
    """
    figure = Figure(figsize=(COLUMN * 1.2, COLUMN), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color=RULE, linewidth=1)
    x, y, low, high = (
        np.array([point[name] for point in curve])
        for name in ("mean_probability", "observed", "ci_low", "ci_high")
    )
    axis.errorbar(x, y, yerr=(y - low, high - y), color=INK, marker="o", linewidth=1.2, elinewidth=0.8)
    axis.axvline(probability, color=MARK, linewidth=1.4)
    side = "left" if probability < 0.7 else "right"
    axis.annotate(
        f"this study: {probability:.3f}",
        (probability, 0.97),
        xytext=(4 if side == "left" else -4, 0),
        textcoords="offset points",
        ha=side,
        va="top",
        color=MARK,
    )
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axis.set_xlabel("Predicted probability, mean of the bin")
    axis.set_ylabel("Observed share of cases")
    return figure


@styled
def frames_figure(bundle: Bundle, store: ClipStore, video_ids: Sequence[str]) -> Figure:
    """The middle frame of each scored clip: a row a video, a column a clip.

    Its number is that in the store; where the store has a frame rate of its own, it is the time instead.
    """
    scoring = bundle.description["scoring"]
    span, clips = clip_span(scoring["clip_length"], scoring["frame_stride"]), scoring["clips_per_video"]
    side, gap = min(PAGE / max(clips, 4), 1.6), 0.18  # inches
    height, width = store.size
    down, across = round(height * (1 + gap / side)), round(width * 1.04)  # pixels from tile to tile
    picture = np.full((down * len(video_ids), across * clips), 255, np.uint8)
    figure = Figure(figsize=(side * clips, (side + gap) * len(video_ids)))
    # One axes for all tiles: one each takes seconds to lay out.
    axis = figure.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[])
    words = {"fontsize": 6, "color": MUTED, "va": "bottom"}
    for row, video in enumerate(video_ids):
        frames = store.video(video)
        top = row * down + down - height
        axis.text(0, top - 1, video, ha="left", **words)
        for column, start in enumerate(even_starts(len(frames), span, clips)):
            number, left = int(start + span // 2) % len(frames), column * across
            picture[top : top + height, left : left + width] = frames[number]
            axis.text(left + width, top - 1, _place(store, video, number), ha="right", **words)
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255, aspect="auto")
    return figure


def _place(store: ClipStore, video_id: str, number: int) -> str:
    """Which frame of its video a stored one is, for people."""
    stored = store.index.set_index("video_id").loc[video_id]
    as_filmed = stored.get("source_fps", stored["fps"]) == stored["fps"]
    return f"frame {number + 1}" if as_filmed else f"{number / stored['fps']:.2f} s"


def saliency_film(path: str | Path, bundle: Bundle, store: ClipStore, video_id: str) -> Path:
    """The first frames of a video, alone and under the Grad-CAM of the bundle's first model, as MP4."""
    model = next(iter(bundle.models.values()))
    clip = store.clip(video_id, 0, FILM_FRAMES)
    volume = raw_grad_cam(model, clip)
    arrays = {
        "clips": clip[None],
        "volumes": volume[None, None],
        "models": np.array([bundle.description["initialisation"]]),
        "study_ids": np.array([video_id]),
        "scale": volume.max(),
    }
    fps = float(store.index.set_index("video_id").loc[video_id, "fps"])
    return write_movie(movie_frames(arrays), path, fps=fps)
