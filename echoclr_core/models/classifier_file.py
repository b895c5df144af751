"""A classifier's file: its weights, and a header that says how to build it and what it may be shown."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.models.weights import load_strictly, read_weights, save_weights
from echoclr_core.video.augmentation import NORMALISATIONS

KIND = "echoclr classifier"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class ClassifierHeader:
    """What a classifier is and what it was trained on.

    Parameters
    ----------
    encoder
        Which encoder.
    frame_size
        Height and width of the stored frames that it was trained on, px.
    input_size
        Height and width of the network's input, px: frames are shrunk to it.
    clip_length, frame_stride
        Frames of a clip in training, and the step between them in frames of the video.
    clips_per_video
        Evenly spaced clips whose mean probability is a video's.
    frame_rate
        Median of the training videos, frames/s; None where no video states one.
    normalisation
        "min-max" (each clip to [0, 1] by its own minimum and maximum), or "min-max, kinetics400" or
        "min-max, imagenet" (then standardised by the mean and deviation of those pictures).
    task, label_rule
        What is predicted, and which studies were positive, as plain values.
    initialisation
        Where the encoder's initial weights came from.
    failure
        Why the training gave no weights; "" where it did. The file then holds the initial weights, and
        nothing is scored with them.
    version
        Of this package.
    digests
        Name to digest: training data, code, fingerprint of the run.
    """

    encoder: EncoderSettings
    frame_size: tuple[int, int]
    input_size: int
    clip_length: int
    frame_stride: int = 1
    clips_per_video: int = 4
    frame_rate: float | None = None
    normalisation: str = "min-max"
    task: str = ""
    label_rule: Mapping[str, Any] = field(default_factory=dict)
    initialisation: str = ""
    failure: str = ""
    version: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "frame_size", tuple(int(side) for side in self.frame_size))
        allowed = [header_normalisation(name) for name in NORMALISATIONS]
        if self.normalisation not in allowed:
            raise ValueError(f"normalisation {self.normalisation!r} is not known; allowed are {allowed}")

    @property
    def standardisation(self) -> str:
        """``normalisation`` as :func:`echoclr_core.video.augmentation.standardise` takes it."""
        return standardisation_of(self.normalisation)

    def to_metadata(self) -> dict[str, str]:
        """The header as a safetensors file keeps it: text to text, values as JSON."""
        values = asdict(self)
        return {"kind": KIND, "format": str(FORMAT)} | {
            name: json.dumps(value, sort_keys=True) for name, value in values.items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], *, source: str) -> "ClassifierHeader":
        """The header of a file.

        Raises
        ------
        ValueError
            When ``metadata`` is of another kind of file, of a later format, or lacks fields.
        """
        if metadata.get("kind") != KIND:
            what = "an encoder without a head" if "method" in metadata else "weights without a header"
            raise ValueError(
                f"{source} holds {what}, not a classifier of this package (kind {KIND!r} in its header); "
                f"the header has {sorted(metadata)}"
            )
        if int(metadata["format"]) > FORMAT:
            raise ValueError(f"{source} is of format {metadata['format']}; this version reads up to {FORMAT}")
        names = [part.name for part in fields(cls)]
        missing = [name for name in names if name not in metadata]
        if missing:
            raise ValueError(f"{source}: the header lacks {missing}")
        values = {name: json.loads(metadata[name]) for name in names}
        encoder = values.pop("encoder")
        return cls(encoder=EncoderSettings(**encoder | {"blocks": tuple(encoder["blocks"])}), **values)


def header_normalisation(name: str) -> str:
    """One of ``video.augmentation.NORMALISATIONS`` in the words of the header."""
    return name if name == "min-max" else f"min-max, {name}"


def standardisation_of(normalisation: str) -> str:
    """The reverse of :func:`header_normalisation`."""
    return normalisation.removeprefix("min-max, ")


def save_classifier(path: str | Path, model: Classifier, header: ClassifierHeader) -> None:
    """Write weights and header to ``path`` (safetensors), atomically; equal content gives equal bytes."""
    save_weights(path, model.state_dict(), header.to_metadata())


def read_header(path: str | Path) -> ClassifierHeader:
    """The header of a file of :func:`save_classifier`; errors as :meth:`ClassifierHeader.from_metadata`."""
    _, metadata = read_weights(path)
    return ClassifierHeader.from_metadata(metadata, source=Path(path).name)


def load_classifier(path: str | Path) -> tuple[Classifier, ClassifierHeader]:
    """A fine-tuned classifier in evaluation mode, loaded strictly, and its header."""
    tensors, metadata = read_weights(path)
    header = ClassifierHeader.from_metadata(metadata, source=Path(path).name)
    model = Classifier(build_encoder(header.encoder))
    load_strictly(model, tensors, source=Path(path).name)
    return model.eval(), header
