"""A trained classifier from its file alone: ``echoclr_core.models.load(path)``. B clips, T frames, H rows, W
columns.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from echoclr_core.models.classifier_file import ClassifierHeader
from echoclr_core.models.encoder import Encoder, as_rgb, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.models.weights import load_strictly, read_weights
from echoclr_core.video.augmentation import normalise, resize_clips, standardise
from echoclr_core.video.sampling import even_starts


class ClipClassifier(Classifier):
    """A classifier that takes clips as they are stored.

    Called like any module it takes prepared clips (B, 3, T, h, w) and returns logits (B,); :meth:`score` and
    :meth:`score_video` take stored ones and return probabilities.

    Attributes
    ----------
    header : ClassifierHeader
        What it is, and what it was trained on.
    """

    def __init__(self, encoder: Encoder, header: ClassifierHeader):
        super().__init__(encoder)
        self.header = header

    def prepare(self, clips: ArrayLike | Tensor) -> Tensor:
        """(B, T, H, W) or (T, H, W) uint8 -> (B, 3, T, h, w) float32, as in training, on the model's device.

        Raises
        ------
        ValueError
            For another type or shape: the model was trained on masked grey frames of ``header.frame_size``.
        """
        clips = torch.as_tensor(np.asarray(clips) if not isinstance(clips, Tensor) else clips)
        clips = clips[None] if clips.ndim == 3 else clips
        expected = self.header.frame_size
        if clips.dtype != torch.uint8 or clips.ndim != 4 or tuple(clips.shape[2:]) != expected:
            height, width = expected
            raise ValueError(
                f"clips are {clips.dtype} {tuple(clips.shape)}; allowed are uint8 (T, {height}, {width}) or "
                f"(B, T, {height}, {width}): masked grey frames, as in the clip store"
            )
        return self.prepare_checked(clips.to(self.head.weight.device))

    def prepare_checked(self, clips: Tensor) -> Tensor:
        """As :meth:`prepare`, for (B, T, H, W) uint8 clips that are known to fit: tensor operations alone."""
        size = self.header.input_size
        grey = clips if tuple(clips.shape[2:]) == (size, size) else resize_clips(clips, size)
        return standardise(as_rgb(normalise(grey)), self.header.standardisation)

    @torch.no_grad()
    def score(self, clips: ArrayLike | Tensor) -> np.ndarray:
        """Probabilities of the positive class, (B,) float64, of clips as :meth:`prepare` takes them."""
        training = self.training
        self.eval()
        try:
            logits = self(self.prepare(clips))
        finally:
            self.train(training)
        return torch.sigmoid(logits.double()).cpu().numpy()

    def score_video(self, frames: ArrayLike | Tensor) -> float:
        """The probability of a video, (T, H, W) uint8: the mean over evenly spaced clips.

        A video that is shorter than a clip is repeated, as in training.
        """
        frames = np.asarray(frames)
        length, stride = self.header.clip_length, self.header.frame_stride
        span = (length - 1) * stride + 1
        starts = even_starts(len(frames), span, self.header.clips_per_video)
        rows = (np.asarray(starts)[:, None] + np.arange(0, span, stride)) % len(frames)
        return float(self.score(frames[rows]).mean())


def load(path: str | Path, *, device: str | torch.device = "cpu") -> ClipClassifier:
    """A fine-tuned model that scores clips, in evaluation mode.

    Parameters
    ----------
    path
        A model.safetensors of the fine-tuning or of the selection.
    device
        Where to put it.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is damaged, no classifier of this package, or of another network than its header says.

    See Also
    --------
    echoclr_core.predict.load_bundle : models with thresholds, view classifier and settings.
    echoclr_core.explain.grad_cam : what its score stands on.

    Examples
    --------
    >>> from echoclr_core.video.store import ClipStore
    >>> model = load("model.safetensors")  # results/<study>/selected/<task>/<init>/<ratio>/<draw>/
    >>> 0 <= model.score_video(ClipStore.open_folder("clips").video("v_00")) <= 1
    True
    """
    tensors, metadata = read_weights(path)
    header = ClassifierHeader.from_metadata(metadata, source=Path(path).name)
    if header.failure:
        raise ValueError(f"{Path(path).name} holds no trained model: {header.failure}")
    model = ClipClassifier(build_encoder(header.encoder), header)
    load_strictly(model, tensors, source=Path(path).name)
    return model.eval().to(device)
