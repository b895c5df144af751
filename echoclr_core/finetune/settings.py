"""The settings of fine-tuning; the defaults are the paper's."""

from dataclasses import dataclass, field

from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.training.compute import MEMORY_FORMATS, PRECISIONS
from echoclr_core.training.settings import require
from echoclr_core.video.augmentation import NORMALISATIONS


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings:
    """How a fine-tuning run goes.

    Parameters
    ----------
    clip_length
        Frames of a clip.
    frame_stride
        Step between two frames of a clip, in frames of the video.
    input_size
        Height and width of the network's input, px; None keeps the clip store's.
    batch_size
        Clips a step, at most: an epoch is cut into equal batches (to within one clip).
    max_epochs
        An epoch is one random clip of each training video.
    patience
        Stop after this many consecutive epochs whose validation loss is not below the best.
    min_steps_per_epoch
        For few labels: an epoch is as many passes over the videos as this many steps need; None for one pass.
    learning_rate, optimizer, weight_decay
        "adam" (weight decay added to the gradient) or "adamw" (decoupled).
    clip_grad
        Largest gradient norm; None leaves gradients alone.
    class_weights
        Weight positives by negatives / positives of the training studies, in training and validation loss.
    label_smoothing
        Training targets are label x (1 - s) + s / 2.
    dropout
        Probability of dropping a feature before the linear unit.
    freeze_encoder
        Train the linear unit alone (linear probe); batch norm then keeps its running statistics.
    refresh_batch_norm
        Before each validation, compute the running statistics of batch norm anew from this many of the last
        training batches; 0 (the paper's) keeps those that followed the weights slowly.
    normalisation
        "min-max", or the name of the mean and deviation that the initial weights were trained with: see
        ``video.augmentation.NORMALISATIONS``.
    eval_clips_per_video
        Clips a video for validation and prediction, evenly spaced from its first to its last.
    augmentation
        See ``video.augmentation``.
    precision, memory_format
        See :func:`echoclr_core.training.choose_compute`.
    deterministic
        Reproducible kernels; False takes the fastest, and a run that is repeated or resumed on a GPU may then
        differ in the last digits.
    seed
        Everything random derives from it.
    checkpoint_every
        Steps between two checkpoints, besides those by the clock; None for the clock alone.
    """

    clip_length: int = 16
    frame_stride: int = 1
    input_size: int | None = None
    batch_size: int = 88
    max_epochs: int = 30
    patience: int = 5
    min_steps_per_epoch: int | None = None
    learning_rate: float = 1e-4
    optimizer: str = "adam"
    weight_decay: float = 0.0
    clip_grad: float | None = None
    class_weights: bool = False
    label_smoothing: float = 0.0
    dropout: float = 0.0
    freeze_encoder: bool = False
    refresh_batch_norm: int = 0
    normalisation: str = "min-max"
    eval_clips_per_video: int = 4
    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)
    precision: str = "auto"
    memory_format: str = "auto"
    deterministic: bool = True
    seed: int = 0
    checkpoint_every: int | None = None

    def __post_init__(self):
        for name, allowed in (
            ("optimizer", ("adam", "adamw")),
            ("normalisation", NORMALISATIONS),
            ("precision", PRECISIONS),
            ("memory_format", MEMORY_FORMATS),
        ):
            require(
                getattr(self, name) in allowed,
                f"finetune.{name}",
                getattr(self, name),
                f"one of {list(allowed)}",
            )
        counts = (
            "clip_length",
            "frame_stride",
            "batch_size",
            "max_epochs",
            "patience",
            "eval_clips_per_video",
        )
        for name in counts:
            require(getattr(self, name) >= 1, f"finetune.{name}", getattr(self, name), "at least 1")
        for name in ("input_size", "min_steps_per_epoch", "checkpoint_every"):
            value = getattr(self, name)
            require(value is None or value >= 1, f"finetune.{name}", value, "at least 1, or empty")
        for name in ("label_smoothing", "dropout"):
            require(0 <= getattr(self, name) < 1, f"finetune.{name}", getattr(self, name), "in [0, 1)")
        require(self.learning_rate > 0, "finetune.learning_rate", self.learning_rate, "greater than 0")
        require(
            self.refresh_batch_norm >= 0, "finetune.refresh_batch_norm", self.refresh_batch_norm, "at least 0"
        )
        require(self.weight_decay >= 0, "finetune.weight_decay", self.weight_decay, "at least 0")
        require(
            self.clip_grad is None or self.clip_grad > 0,
            "finetune.clip_grad",
            self.clip_grad,
            "positive or empty",
        )
