"""A view classifier in an ONNX file, with a class list beside it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from echoclr_core.options.base import options
from echoclr_core.options.views import OnnxOptions
from echoclr_core.views.classifier import FRAME_SIZE, check_classes, check_frames

INPUT_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
CHANNELS = (1, 3)
ROW_SUM_TOLERANCE = 1e-2  # float16 models round their softmax


@options()
class OnnxSettings(OnnxOptions):
    """What an ONNX file does not say of itself, and how it is run.

    Parameters
    ----------
    threads
        Threads of onnxruntime; 0 for its own choice.
    """

    threads: int = Field(0, ge=0)


class OnnxClassifier:
    """Runs an ONNX model: a :class:`~echoclr_core.views.classifier.Classifier`.

    The model takes one input (N, c, 224, 224) or (N, 224, 224, c), c being 1 or 3 (three equal channels), and
    its first output is (N, C). A batch size fixed in the model is kept to.

    Parameters
    ----------
    path
        The file.
    classes, plax
        Names of its outputs in order, and which one is PLAX.
    settings
        See :class:`OnnxSettings`.

    Raises
    ------
    ValueError
        If the file cannot be loaded, or its input, its output and the class list do not fit together. One
        black frame is run to find out, since a file may leave its shapes open.
    """

    def __init__(
        self, path: str | Path, classes: Sequence[str], plax: str, *, settings: OnnxSettings | None = None
    ):
        self.classes = check_classes(classes, plax)
        self.plax = plax
        self.settings = settings or OnnxSettings()
        self.name = Path(path).name
        self._session = _open(Path(path), self.settings.threads)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ValueError(f"{self.name}: {len(inputs)} inputs {[i.name for i in inputs]}; allowed is one")
        self._input = inputs[0].name
        self._batch, self._channels, self._channels_last = _layout(
            self.name, inputs[0].shape, self.settings.channels
        )
        if inputs[0].type not in INPUT_TYPES:
            raise ValueError(
                f"{self.name}: input {self._input!r} is {inputs[0].type}; "
                f"allowed is one of {list(INPUT_TYPES)}"
            )
        self._dtype = INPUT_TYPES[inputs[0].type]
        self._mean, self._std = (self._by_channel(name) for name in ("mean", "std"))
        if self._dtype is np.uint8 and ((self._mean != 0).any() or (self._std != 1).any()):
            raise ValueError(f"{self.name}: the input is uint8, so mean must be 0 and std 1")
        self.probabilities(np.zeros((1, FRAME_SIZE, FRAME_SIZE), dtype=np.uint8))

    def probabilities(self, frames: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) float32 for frames (N, 224, 224) uint8."""
        frames = check_frames(frames)
        step = self._batch or max(len(frames), 1)
        parts = [self._run(frames[start : start + step]) for start in range(0, len(frames), step)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), dtype=np.float32)

    def _by_channel(self, name: str) -> np.ndarray:
        """mean or std as an array that fits the model's input, (c, 1, 1) or (c,)."""
        values = np.atleast_1d(np.asarray(getattr(self.settings, name), dtype=np.float32))
        if values.shape not in ((1,), (self._channels,)):
            raise ValueError(
                f"{name}: {values.tolist()}; {self.name} has {self._channels} channels, allowed is one "
                "number or one a channel"
            )
        return values if self._channels_last else values[:, None, None]

    def _run(self, frames: np.ndarray) -> np.ndarray:
        padding = (self._batch or len(frames)) - len(frames)
        x = np.pad(frames, ((0, padding), (0, 0), (0, 0)))
        axis = 3 if self._channels_last else 1
        x = np.repeat(np.expand_dims(x, axis), self._channels, axis=axis)
        if self._dtype is not np.uint8:
            x = ((x.astype(np.float32) - self._mean) / self._std).astype(self._dtype)
        output = np.asarray(self._session.run(None, {self._input: x})[0])
        if output.shape != (len(x), len(self.classes)):
            raise ValueError(
                f"{self.name}: output of shape {output.shape} for {len(x)} frames; the class list holds "
                f"{len(self.classes)} views, so ({len(x)}, {len(self.classes)}) is needed"
            )
        return self._as_probabilities(output[: len(frames)].astype(np.float32))

    def _as_probabilities(self, output: np.ndarray) -> np.ndarray:
        if self.settings.output == "logits":
            powers = np.exp(output - output.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)
        sums = output.sum(axis=1, keepdims=True)
        if (output < 0).any() or not (np.abs(sums - 1) < ROW_SUM_TOLERANCE).all():
            raise ValueError(
                f"{self.name}: the outputs are no probabilities (a row has the sum {float(sums[0, 0]):.3g}); "
                "output 'logits' is meant for a model without a softmax"
            )
        return output / sums


def _open(path: Path, threads: int):
    # Imported here: most studies use a torch classifier and need not load a second runtime.
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    if not path.is_file():
        raise ValueError(f"{path.name}: there is no such file; a view classifier (.onnx) is needed")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    failures = (errors.Fail, errors.InvalidProtobuf, errors.InvalidGraph, errors.InvalidArgument)
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except (*failures, errors.NotImplemented, errors.NoSuchFile) as error:
        raise ValueError(
            f"{path.name}: not a model that onnxruntime can load ({type(error).__name__})"
        ) from error


def _layout(
    name: str, shape: Sequence[int | str | None], channels: int | None
) -> tuple[int | None, int, bool]:
    """(fixed batch or None, channels, channels last) of an input shape."""
    sizes = [size if isinstance(size, int) else None for size in shape]  # None: left open
    open_or_size = (FRAME_SIZE, None)
    if len(sizes) == 4 and channels is not None:
        # Where the axes are left open, channels stand first unless only the last axis can hold them.
        first = sizes[1] in (None, channels) and sizes[2] in open_or_size and sizes[3] in open_or_size
        last = sizes[3] in (None, channels) and sizes[1] in open_or_size and sizes[2] in open_or_size
        if first or last:
            return sizes[0], channels, not first
    elif len(sizes) == 4:
        if sizes[1] in (1, 3) and sizes[2] in open_or_size and sizes[3] in open_or_size:
            return sizes[0], sizes[1], False
        if sizes[3] in (1, 3) and sizes[1] in open_or_size and sizes[2] in open_or_size:
            return sizes[0], sizes[3], True
    raise ValueError(
        f"{name}: input of shape {list(shape)}; allowed is (N, c, {FRAME_SIZE}, {FRAME_SIZE}) or "
        f"(N, {FRAME_SIZE}, {FRAME_SIZE}, c) with c {'1 or 3' if channels is None else channels}"
    )
