"""The moving version of Figure 4: every frame with its own map, the figure's one colour scale, as H.264."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from echoclr_core.common.files import atomic_path
from echoclr_core.reporting.overlays import overlay
from echoclr_core.reporting.style import init_label

WIDTH = 1120  # px: what the pictures of all studies share
CELL = (96, 192)  # px: smallest and largest side of a picture
MARGIN, HEAD, GAP = 92, 22, 4  # px: the models' names, the studies' names, between pictures
MAX_FRAMES = 128
QUALITY = 26  # x264's constant rate factor: speckle costs most of the bytes


def movie_frames(
    arrays: Mapping[str, np.ndarray], scales: float | Sequence[float] | None = None
) -> Iterator[np.ndarray]:
    """Frames of the film, one after another: columns are studies, rows the frame alone and each model.

    Parameters
    ----------
    arrays
        From :func:`echoclr_core.explain.explain_studies`: clips (S, T, H, W) uint8, volumes
        (M, S, T, H, W), models (M,), study_ids (S,), scale ().
    scales
        The value that gets the full colour, one or one a model; None for the arrays' own scale.

    Yields
    ------
    (H, W, 3) uint8 ndarray, RGB
        Height and width even. At most MAX_FRAMES.
    """
    clips, volumes = arrays["clips"], arrays["volumes"]
    tops = np.broadcast_to(arrays["scale"] if scales is None else scales, len(volumes)).astype(float)
    side = int(np.clip(WIDTH // len(clips), *CELL)) // 2 * 2
    plate = _plate(
        [str(name) for name in arrays["models"]], [str(name) for name in arrays["study_ids"]], side
    )
    for moment in range(min(clips.shape[1], MAX_FRAMES)):
        film = plate.copy()
        for column, frame in enumerate(clips[:, moment]):
            pictures = [np.repeat(frame[..., None], 3, axis=-1)]
            pictures += [
                overlay(frame, one[column, moment].astype(np.float32), scale=top)
                for one, top in zip(volumes, tops, strict=True)
            ]
            for row, picture in enumerate(pictures):
                y, x = HEAD + row * (side + GAP), MARGIN + column * (side + GAP)
                film[y : y + side, x : x + side] = cv2.resize(
                    picture, (side, side), interpolation=cv2.INTER_LINEAR
                )
        yield film


def write_movie(frames: Iterable[np.ndarray], path: str | Path, *, fps: float) -> Path:
    """Write (H, W, 3) uint8 RGB frames as an MP4 that browsers play, atomically; return its path.

    Raises
    ------
    ValueError
        For no frames, or a rate that is not positive.
    """
    if not fps > 0:
        raise ValueError(f"movie: {fps} frames/s; allowed is above 0")
    path = Path(path)
    # Equal frames give equal bytes: x264's output depends on its threads, and its mbtree is not repeatable.
    options = {"crf": str(QUALITY), "threads": "1", "x264-params": "mbtree=0"}
    with atomic_path(path) as temporary, av.open(str(temporary), "w", format="mp4") as file:
        stream = None
        for picture in frames:
            if stream is None:
                stream = file.add_stream(
                    "libx264", rate=Fraction(fps).limit_denominator(1001), options=options
                )
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if stream is None:
            raise ValueError("movie: no frames")
        file.mux(stream.encode())
    return path


def _plate(models: list[str], study_ids: list[str], side: int) -> np.ndarray:
    """The film without its pictures: names of studies above, of models at the left."""
    height = HEAD + (len(models) + 1) * (side + GAP)
    width = MARGIN + len(study_ids) * (side + GAP)
    image = Image.new("RGB", (width + width % 2, height + height % 2), "white")
    draw, font = ImageDraw.Draw(image), _font(11)
    for column, name in enumerate(study_ids):
        middle = MARGIN + column * (side + GAP) + side / 2
        draw.text((middle, HEAD / 2), name, fill="#5d6670", font=font, anchor="mm")
    for row, name in enumerate(["Video", *(init_label(model) for model in models)]):
        draw.text(
            (6, HEAD + row * (side + GAP) + side / 2), name, fill="#1b1f24", font=_font(12), anchor="lm"
        )
    return np.asarray(image).copy()


def _font(size: int) -> ImageFont.FreeTypeFont:
    """matplotlib brings this font with it."""
    return ImageFont.truetype(
        str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size
    )
