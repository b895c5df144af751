"""The settings of pretraining; the defaults are the paper's EchoCLR."""

from dataclasses import dataclass, field

from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.frame_order import LONGEST
from echoclr_core.training.compute import MEMORY_FORMATS, PRECISIONS
from echoclr_core.training.settings import require

# The three methods are two switches: (pairs of different videos of a study, frame-order task).
METHODS = {"simclr": (False, False), "mi_simclr": (True, False), "echoclr": (True, True)}


@dataclass(frozen=True, kw_only=True)
class PretrainSettings:
    """How a pretraining run goes.

    Parameters
    ----------
    method
        "simclr", "mi_simclr" or "echoclr"; see ``METHODS``.
    clip_length
        Frames of a clip, K.
    frame_stride
        Step between two frames of a clip, in frames of the video.
    input_size
        Height and width of the network's input, px; None keeps the clip store's.
    batch_size
        Pairs a step, over all processes.
    epochs
        Passes over all pairs.
    match_steps
        SimCLR only: take as many optimisation steps as the pairs of the same studies would in ``epochs`` (the
        paper's 520 epochs); False trains for ``epochs`` passes over the videos.
    max_steps
        Stop after this many steps; None for no limit.
    learning_rate, optimizer, weight_decay
        "adam" (weight decay added to the gradient) or "adamw" (decoupled).
    schedule
        "constant", or "cosine" to zero over the run.
    warmup_steps
        Steps over which the rate rises linearly from 0.
    clip_grad
        Largest gradient norm; None leaves gradients alone.
    temperature
        Of NT-Xent.
    order_weight
        Factor of the frame-order loss (echoclr).
    order_copies
        0: NT-Xent and frame order see the same shuffled clips (the paper). n > 0: NT-Xent sees ordered clips,
        and n further copies of each, shuffled, are for the frame order.
    order_input
        "clip", or "movement": NT-Xent sees ordered clips, and the frame order is read in a pass of its own
        from shuffled copies of view i less their mean over time (``order_copies`` of each clip, at least
        one). That pass leaves the running statistics of batch normalisation alone: the encoder is used on
        clips as they are.
    mask_same_study
        Leave other pairs of an anchor's study out of its negatives.
    independent_windows
        SimCLR only: two clips of a video instead of two augmented copies of one.
    joint_forward
        Both views through the encoder together, so that batch normalisation sees them as one batch.
    single_video_studies
        "skip", or "self" to pair the only video of a study with itself.
    sync_bn
        Batch statistics over all GPUs (several processes only).
    micro_batch_size
        Pairs a pass through the encoder, for a batch larger than memory; None for all. Batch
        normalisation sees one micro-batch at a time: 196 equals the paper's two GPUs of 196 pairs.
    activation_checkpointing
        Compute activations again in the backward pass instead of keeping them: the same numbers, batch
        normalisation over the whole batch, about a third more time, a fraction of the memory.
    probe_every
        Epochs between two k-nearest-neighbour AUROCs on validation labels; None for none.
    projector
        Hidden and output units of the projector.
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
    history_every
        Steps a row of the history; None for an epoch.
    """

    method: str = "echoclr"
    clip_length: int = 4
    frame_stride: int = 1
    input_size: int | None = None
    batch_size: int = 392
    epochs: int = 300
    match_steps: bool = True
    max_steps: int | None = None
    learning_rate: float = 0.1
    optimizer: str = "adam"
    weight_decay: float = 0.0
    schedule: str = "constant"
    warmup_steps: int = 0
    clip_grad: float | None = None
    temperature: float = 0.5
    order_weight: float = 1.0
    order_copies: int = 0
    order_input: str = "clip"
    mask_same_study: bool = False
    independent_windows: bool = False
    joint_forward: bool = False
    single_video_studies: str = "skip"
    sync_bn: bool = False
    micro_batch_size: int | None = None
    activation_checkpointing: bool = False
    probe_every: int | None = None
    projector: tuple[int, int] = (256, 128)
    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)
    precision: str = "auto"
    memory_format: str = "auto"
    deterministic: bool = True
    seed: int = 0
    checkpoint_every: int | None = None
    history_every: int | None = None

    def __post_init__(self):
        for name, allowed in (
            ("method", tuple(METHODS)),
            ("optimizer", ("adam", "adamw")),
            ("schedule", ("constant", "cosine")),
            ("single_video_studies", ("skip", "self")),
            ("order_input", ("clip", "movement")),
            ("precision", PRECISIONS),
            ("memory_format", MEMORY_FORMATS),
        ):
            require(
                getattr(self, name) in allowed,
                f"pretrain.{name}",
                getattr(self, name),
                f"one of {list(allowed)}",
            )
        for name in ("clip_length", "frame_stride", "batch_size", "epochs"):
            require(getattr(self, name) >= 1, f"pretrain.{name}", getattr(self, name), "at least 1")
        for name in (
            "input_size",
            "max_steps",
            "micro_batch_size",
            "history_every",
            "probe_every",
            "checkpoint_every",
        ):
            value = getattr(self, name)
            require(value is None or value >= 1, f"pretrain.{name}", value, "at least 1, or empty")
        for name in ("weight_decay", "warmup_steps", "order_weight", "order_copies"):
            require(getattr(self, name) >= 0, f"pretrain.{name}", getattr(self, name), "at least 0")
        for name in ("learning_rate", "temperature"):
            require(getattr(self, name) > 0, f"pretrain.{name}", getattr(self, name), "greater than 0")
        require(
            self.clip_grad is None or self.clip_grad > 0,
            "pretrain.clip_grad",
            self.clip_grad,
            "positive or empty",
        )
        require(
            self.batch_size >= 2,
            "pretrain.batch_size",
            self.batch_size,
            "at least 2: one pair has no negatives",
        )
        require(
            not self.frame_order or 2 <= self.clip_length <= LONGEST,
            "pretrain.clip_length",
            self.clip_length,
            f"2 to {LONGEST} with frame order, which has clip_length! classes",
        )
        require(
            not (self.micro_batch_size and self.joint_forward),
            "pretrain.micro_batch_size",
            self.micro_batch_size,
            "empty with joint_forward: a micro-batch holds clips of one view",
        )

    @property
    def multi_instance(self) -> bool:
        """Whether pairs are different videos of a study."""
        return METHODS[self.method][0]

    @property
    def frame_order(self) -> bool:
        """Whether the frame-order task is on."""
        return METHODS[self.method][1]

    @property
    def movement(self) -> bool:
        """Whether the frame order is read from movement, in a pass of its own."""
        return self.frame_order and self.order_input == "movement"

    @property
    def shuffled_copies(self) -> int:
        """Copies of a clip made for the frame order; 0 where both losses share one shuffled clip."""
        return max(self.order_copies, int(self.movement)) if self.frame_order else 0

    @property
    def order_views(self) -> int:
        """Of how many of the two views the order is read."""
        return 1 if self.movement else 2
