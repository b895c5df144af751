"""Augmentation and normalisation of clips. B clips, T frames, H rows, W columns.

A clip is shifted (zero padding and crop back), then flipped, then rotated about its centre: the published
order. Shift and flip move whole pixels and are exact; only rotated clips are interpolated, once, bilinearly,
with one transform for all their frames. On the CPU OpenCV warps (3 to 6 times as fast as ``grid_sample``
there), on other devices ``grid_sample`` warps the batch; both keep the coordinates in full precision.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from echoclr_core.options.augmentation import AugmentationOptions

STANDARDISATIONS = {
    "kinetics400": ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Name to mean and standard deviation of red, green and blue, as torchvision's networks were trained."""

NORMALISATIONS = ("min-max", *STANDARDISATIONS)
"""What a network is shown: a clip in [0, 1] by its own minimum and maximum, or that clip standardised."""


def draw(settings: AugmentationOptions, rng: np.random.Generator) -> np.ndarray:
    """Draw one clip's transform.

    Parameters
    ----------
    settings
        Ranges and probabilities.
    rng
        From ``generator(seed, "augment", epoch, item)``. Always five numbers are drawn.

    Returns
    -------
    (4,) float64 ndarray
        dx, dy (pixels to the right and down), flip (0 or 1), angle (degrees, counter-clockwise).
    """
    u_x, u_y, u_flip, u_rotate, u_angle = rng.random(5).tolist()
    pad = int(settings.pad)
    dx, dy = (int(u * (2 * pad + 1)) - pad for u in (u_x, u_y))
    angle = (2 * u_angle - 1) * settings.max_rotation if u_rotate < settings.rotation_prob else 0.0
    return np.array([dx, dy, u_flip < settings.flip_prob, angle], dtype=np.float64)


def augment(clips: torch.Tensor, draws: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Transform each clip by its draw, all frames alike, zeros where nothing was.

    Parameters
    ----------
    clips
        (B, T, H, W) uint8, on any device.
    draws
        (B, 4), rows from :func:`draw`; a row of zeros leaves its clip as it is.

    Returns
    -------
    (B, T, H, W) float32 tensor
        Grey levels 0 to 255, on the device of ``clips``.

    Raises
    ------
    ValueError
        Shapes or type are not as above, or a shift is no whole number.
    """
    draws = np.asarray(draws.cpu() if isinstance(draws, torch.Tensor) else draws, dtype=np.float64)
    if clips.dtype != torch.uint8 or clips.ndim != 4 or draws.shape != (len(clips), 4):
        raise ValueError(
            f"clips are {clips.dtype} {tuple(clips.shape)}, draws {draws.shape}; "
            "allowed are uint8 (B, T, H, W) and (B, 4)"
        )
    if (draws[:, :3] != draws[:, :3].round()).any():
        raise ValueError("draws: dx, dy and flip must be whole numbers")
    return _augment_cpu(clips, draws) if clips.device.type == "cpu" else _augment_batch(clips, draws)


def _augment_cpu(clips: torch.Tensor, draws: np.ndarray) -> torch.Tensor:
    out = np.zeros(clips.shape, np.float32)
    height, width = clips.shape[2:]
    for clip, target, (dx, dy, flip, angle) in zip(clips.numpy(), out, draws, strict=True):
        if flip:  # before the shift, the other way round: bytes flip faster than floats
            clip, dx = cv2.flip(clip.reshape(-1, width), 1).reshape(clip.shape), -dx
        moved = np.zeros_like(clip) if angle else target
        to_y, from_y = _overlap(int(dy), height)
        to_x, from_x = _overlap(int(dx), width)
        moved[:, to_y, to_x] = clip[:, from_y, from_x]
        if angle:
            _turn(moved, angle, target)
    return torch.from_numpy(out)


def _turn(clip: np.ndarray, angle: float, target: np.ndarray) -> None:
    """Rotate a (T, H, W) uint8 clip by degrees into a float32 one of the same shape."""
    height, width = clip.shape[1:]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    # Four frames as the channels of one picture take little longer than one frame.
    for first in range(0, len(clip), 4):
        picture = cv2.merge(list(clip[first : first + 4])).astype(np.float32)
        turned = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR)
        cv2.split(turned, list(target[first : first + 4]))  # written in place


def _augment_batch(clips: torch.Tensor, draws: np.ndarray) -> torch.Tensor:
    out = _shift_and_flip(clips, draws)
    turned = np.flatnonzero(draws[:, 3])
    if len(turned):
        rows = torch.from_numpy(turned).to(clips.device)
        out[rows] = _rotate(out[rows], torch.from_numpy(np.deg2rad(draws[turned, 3])).to(out))
    return out


def _shift_and_flip(clips: torch.Tensor, draws: np.ndarray) -> torch.Tensor:
    """All clips by one gather, (B, T, H, W) float32: a loop over clips would launch four kernels for each."""
    height, width = clips.shape[2:]
    y, x = np.arange(height), np.arange(width)
    flipped = np.where(draws[:, 2:3] != 0, width - 1 - x, x)
    from_x = flipped - draws[:, 0:1].astype(np.int64)  # (B, W)
    from_y = y - draws[:, 1:2].astype(np.int64)  # (B, H)
    inside = ((from_y >= 0) & (from_y < height))[:, :, None] & ((from_x >= 0) & (from_x < width))[:, None]
    index = from_y.clip(0, height - 1)[:, :, None] * width + from_x.clip(0, width - 1)[:, None]
    index, inside = (torch.from_numpy(part).to(clips.device, non_blocking=True) for part in (index, inside))
    rows = index.flatten(1)[:, None].expand(-1, clips.shape[1], -1)
    moved = clips.flatten(2).gather(2, rows).view(clips.shape)
    return moved.float().mul_(inside[:, None])


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Where a shifted axis lands in the frame and where it comes from."""
    shift = max(-size, min(size, shift))
    return slice(max(shift, 0), size + min(shift, 0)), slice(max(-shift, 0), size - max(shift, 0))


def _rotate(clips: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Rotate (B, T, H, W) float32 by (B,) radians, counter-clockwise, bilinear, zeros outside."""
    height, width = clips.shape[2:]
    y = torch.arange(height, dtype=torch.float32, device=clips.device)[:, None] - (height - 1) / 2
    x = torch.arange(width, dtype=torch.float32, device=clips.device)[None, :] - (width - 1) / 2
    cos, sin = angles.cos()[:, None, None], angles.sin()[:, None, None]
    # grid_sample's corners are -1 and 1; a single row or column has none, any divisor will do.
    source_x = (cos * x - sin * y) / max((width - 1) / 2, 0.5)
    source_y = (sin * x + cos * y) / max((height - 1) / 2, 0.5)
    grid = torch.stack([source_x, source_y], dim=-1)
    return F.grid_sample(clips, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def resize_clips(clips: torch.Tensor, size: int) -> torch.Tensor:
    """Shrink square clips for a smaller network by area interpolation.

    Parameters
    ----------
    clips
        (..., H, W) uint8 or float.
    size
        Height and width afterwards, pixels. Where it divides H and W (112 to 56) each pixel is the exact
        mean of its block; otherwise ``interpolate(mode="area")``.

    Returns
    -------
    (..., size, size) float32 tensor
    """
    height, width = clips.shape[-2:]
    if not 1 <= size <= min(height, width):
        raise ValueError(f"size is {size!r}; allowed is 1 to {min(height, width)}, the size of the clips")
    clips = clips.float()
    if height % size == 0 and width % size == 0:
        rows, columns = height // size, width // size
        # A sum of strided slices is 2 to 3 times as fast as avg_pool2d on a CPU, and as exact.
        blocks = (clips[..., i::rows, j::columns] for i in range(rows) for j in range(columns))
        return sum(blocks) / (rows * columns)
    flat = clips.reshape(-1, 1, height, width)
    return F.interpolate(flat, size=(size, size), mode="area").reshape(*clips.shape[:-2], size, size)


def normalise(clips: torch.Tensor) -> torch.Tensor:
    """Scale each clip linearly to [0, 1] by its own minimum and maximum.

    Parameters
    ----------
    clips
        (B, T, H, W) uint8 or float; minimum and maximum run over T, H and W.

    Returns
    -------
    (B, T, H, W) float32 tensor
        A clip of one value only (a blank one) becomes zeros, not NaN.
    """
    clips = clips.float()
    low = clips.amin((1, 2, 3), keepdim=True)
    span = clips.amax((1, 2, 3), keepdim=True) - low
    return (clips - low).div_(torch.where(span > 0, span, 1.0))


def standardise(clips: torch.Tensor, normalisation: str) -> torch.Tensor:
    """Subtract the mean and divide by the standard deviation by channel (red, green, blue).

    Parameters
    ----------
    clips
        (B, 3, T, H, W) float in [0, 1]: the grey clip in three equal channels.
    normalisation
        One of NORMALISATIONS; "min-max" returns ``clips`` as they are.

    Returns
    -------
    (B, 3, T, H, W) float tensor
    """
    if normalisation not in NORMALISATIONS:
        raise ValueError(f"normalisation: {normalisation!r}; allowed is one of {list(NORMALISATIONS)}")
    if clips.ndim != 5 or clips.shape[1] != 3:
        raise ValueError(f"clips are {tuple(clips.shape)}; allowed is (B, 3, T, H, W)")
    if normalisation == "min-max":
        return clips
    mean, deviation = (
        clips.new_tensor(values).view(1, 3, 1, 1, 1) for values in STANDARDISATIONS[normalisation]
    )
    return (clips - mean) / deviation
