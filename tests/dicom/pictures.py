"""Small moving pictures as ultrasound machines make them."""

import numpy as np


def fan_loop(n=5, height=120, width=160, seed=0):
    """(n, height, width) uint8: a fan of speckle that moves, on black."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    radius, angle = np.hypot(x - width / 2, y + 10), np.arctan2(x - width / 2, y + 10)
    fan = (np.abs(angle) < 0.7) & (radius > 15) & (radius < 0.98 * height)
    tissue = np.clip(rng.gamma(2.0, 30.0, (height + n, width)), 4, 255)
    return np.stack([np.where(fan, tissue[t : t + height], 0) for t in range(n)]).astype(np.uint8)


def doppler_loop(n=5, height=120, width=160):
    """(n, height, width, 3) uint8 RGB: the fan with blue and red flow."""
    frames = np.repeat(fan_loop(n, height, width)[..., None], 3, axis=3)
    rows, columns = slice(height // 2, height // 2 + 12), width // 2
    frames[:, rows, columns - 12 : columns] = [20, 40, 230]
    frames[:, rows, columns : columns + 12] = [230, 60, 10]
    return frames


def gradient_loop(n=5, height=24, width=32):
    """(n, height, width, 3) uint8 RGB: colour gradients that move; nothing is dark or grey."""
    t, y, x = np.mgrid[0:n, 0:height, 0:width]
    return np.stack([40 + 5 * x, 60 + 6 * y, 90 + x + y + 8 * t], axis=-1).clip(0, 255).astype(np.uint8)


def ybr_of(rgb):
    """PS3.3 C.7.6.3.1.2, rounded."""
    matrix = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    return np.clip(np.round(rgb @ matrix.T + [0, 128, 128]), 0, 255).astype(np.uint8)


def pairs_of(ybr):
    """Y Y Cb Cr for every two pixels of a row, an odd row with its last pixel twice: (n, height, bytes)."""
    n, height, width, _ = ybr.shape
    even = np.pad(ybr, ((0, 0), (0, 0), (0, width % 2), (0, 0)), mode="edge").reshape(n, height, -1, 2, 3)
    pairs = (even[..., 0, 0], even[..., 1, 0], even[..., 0, 1], even[..., 0, 2])
    return np.stack(pairs, axis=-1).reshape(n, height, -1)
