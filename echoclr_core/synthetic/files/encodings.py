"""Frames to pixel data: the transfer syntaxes and photometric interpretations met in archives."""

import io
from functools import partial

import av
import cv2
import imagecodecs
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from echoclr_core.synthetic.files.contradictions import CONTRADICTING
from echoclr_core.synthetic.files.pixel_encoding import (
    BIG_ENDIAN,
    DEFLATED,
    H264,
    IMPLICIT,
    JPEG,
    JPEG_2000,
    JPEG_LS,
    JPEG_XL,
    Encoding,
    ybr_of,
)

_JPEG_422, _JPEG_444 = 0x211111, 0x111111  # OpenCV's codes for the sampling of colour


def _same(frames: np.ndarray) -> np.ndarray:
    return frames


def _grey(frames: np.ndarray) -> np.ndarray:
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])


def _planes(frames: np.ndarray) -> np.ndarray:
    return frames.transpose(0, 3, 1, 2)


def _ybr_422(frames: np.ndarray) -> np.ndarray:
    """Y0 Y1 Cb Cr for every two pixels of a row: (T, H, W / 2, 4) uint8."""
    full = ybr_of(frames)
    pairs = full[..., 1:].reshape(*full.shape[:2], -1, 2, 2).mean(3).round().astype(np.uint8)
    return np.concatenate((full[..., 0].reshape(*full.shape[:2], -1, 2), pairs), -1)


def _palette() -> np.ndarray:
    """(256, 3) uint8: 192 greys, then 4 × 4 × 4 colours."""
    greys = np.repeat(np.round(np.linspace(0, 255, 192))[:, None], 3, 1)
    cube = np.stack(np.meshgrid(*[np.array([0, 85, 170, 255])] * 3, indexing="ij"), -1).reshape(-1, 3)
    return np.concatenate((greys, cube)).astype(np.uint8)


def _indices(frames: np.ndarray) -> np.ndarray:
    """Nearest grey for grey pixels, nearest cube colour for coloured ones: (T, H, W) uint8."""
    low, high = frames.min(-1), frames.max(-1)
    grey = np.round(_grey(frames) * (191 / 255)).astype(np.uint8)
    steps = ((frames.astype(np.uint16) + 42) // 85).astype(np.uint8)
    cube = 192 + 16 * steps[..., 0] + 4 * steps[..., 1] + steps[..., 2]
    return np.where(high - low > 24, cube, grey)


def _indices_16(frames: np.ndarray) -> np.ndarray:
    return _indices(frames).astype(np.uint16)


def _jpeg(frames: np.ndarray, quality: int, sampling: int) -> list[bytes]:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    encoded = []
    for frame in frames:
        done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)
        assert done, "OpenCV refused a JPEG frame"
        encoded.append(data.tobytes())
    return encoded


def _jpeg_ls(frames: np.ndarray, quality: int) -> list[bytes]:
    return [imagecodecs.jpegls_encode(frame, out=2 * frame.nbytes + 4096) for frame in frames]


def _jpeg_2000(frames: np.ndarray, quality: int) -> list[bytes]:
    return [imagecodecs.jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k") for frame in frames]


def _jpeg_xl(frames: np.ndarray, quality: int) -> list[bytes]:
    return [imagecodecs.jpegxl_encode(frame, lossless=True, effort=1, numthreads=1) for frame in frames]


def _h264(frames: np.ndarray, quality: int) -> list[bytes]:
    """One stream for all frames, in the one fragment that the standard asks for."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="h264") as container:
        video = container.add_stream("libx264", rate=30, options={"crf": "12", "preset": "veryfast"})
        video.codec_context.thread_count = 1  # the bytes must not depend on the machine's cores
        video.height, video.width, video.pix_fmt = *frames.shape[1:3], "yuv420p"
        for frame in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(video.encode())
    return [stream.getvalue()]


ENCODINGS: dict[str, Encoding] = {
    "jpeg": Encoding(syntax=JPEG, photometric="YBR_FULL_422", packed=partial(_jpeg, sampling=_JPEG_422)),
    "jpeg_full": Encoding(syntax=JPEG, photometric="YBR_FULL", packed=partial(_jpeg, sampling=_JPEG_444)),
    "rgb": Encoding(native=_same),
    "rgb_planar": Encoding(planar=1, native=_planes),
    "implicit": Encoding(syntax=IMPLICIT, native=_same),
    "deflated": Encoding(syntax=DEFLATED, native=_same),
    "ybr": Encoding(photometric="YBR_FULL", native=ybr_of),
    "ybr_422": Encoding(photometric="YBR_FULL_422", native=_ybr_422, even=True),
    "mono": Encoding(photometric="MONOCHROME2", samples=1, native=_grey),
    "rle": Encoding(native=_same),
    "palette": Encoding(photometric="PALETTE COLOR", samples=1, native=_indices),
    "palette_16": Encoding(photometric="PALETTE COLOR", samples=1, bits=16, native=_indices_16),
    "big_endian": Encoding(
        syntax=BIG_ENDIAN, photometric="PALETTE COLOR", samples=1, bits=16, native=_indices_16
    ),
    "jpeg_ls": Encoding(syntax=JPEG_LS, packed=_jpeg_ls),
    "jpeg_2000": Encoding(syntax=JPEG_2000, photometric="YBR_RCT", packed=_jpeg_2000),
    "jpeg_xl": Encoding(syntax=JPEG_XL, packed=_jpeg_xl),
    "h264": Encoding(syntax=H264, photometric="YBR_PARTIAL_420", packed=_h264, even=True),
} | CONTRADICTING
"""Name to encoding; ``settings.ENCODINGS`` and ``settings.CONTRADICTING`` list the same names."""


def set_pixels(dataset: Dataset, frames: np.ndarray, *, encoding: str, jpeg_quality: int = 90) -> None:
    """Encode ``frames`` into ``dataset`` and set its transfer syntax and every tag that describes them.

    Parameters
    ----------
    frames
        (T, H, W, 3) uint8 RGB.
    encoding
        One of ENCODINGS.
    jpeg_quality
        1 to 100, of the lossy JPEG ones.
    """
    chosen = ENCODINGS[encoding]
    count, height, width, _ = frames.shape
    dataset.file_meta.TransferSyntaxUID = chosen.syntax
    dataset.Rows, dataset.Columns = height, width
    if count > 1:
        dataset.NumberOfFrames = count
    dataset.BitsAllocated = dataset.BitsStored = chosen.bits
    dataset.HighBit, dataset.PixelRepresentation = chosen.bits - 1, 0
    dataset.SamplesPerPixel = chosen.samples
    if chosen.samples == 3:
        dataset.PlanarConfiguration = chosen.planar
    dataset.PhotometricInterpretation = chosen.photometric
    if chosen.photometric == "PALETTE COLOR":
        _set_palette(dataset)
    if chosen.packed:
        dataset.LossyImageCompression = "01" if chosen.syntax in (JPEG, H264) else "00"
        dataset.PixelData = encapsulate(list(chosen.packed(frames, jpeg_quality)))
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        return
    order = ">" if chosen.syntax == BIG_ENDIAN else "<"
    raw = np.ascontiguousarray(chosen.native(frames))
    data = raw.astype(raw.dtype.newbyteorder(order)).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if chosen.bits == 16 or chosen.syntax == IMPLICIT else "OB"
    if encoding == "rle":
        dataset.compress(RLELossless, generate_instance_uid=False)


def _set_palette(dataset: Dataset) -> None:
    order = ">" if dataset.file_meta.TransferSyntaxUID == BIG_ENDIAN else "<"
    for name, channel in zip(("Red", "Green", "Blue"), _palette().T, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        table = (channel.astype(np.uint16) * 257).astype(f"{order}u2").tobytes()
        setattr(dataset, f"{name}PaletteColorLookupTableData", table)
