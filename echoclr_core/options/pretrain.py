"""Options of section `pretrain`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from echoclr_core.options.base import Unique, option, options
from echoclr_core.options.method_files import PUBLISHED, unknown_method
from echoclr_core.options.training import TrainingOptions


def _known(name: str) -> str:
    problem = unknown_method(name, "pretrain.methods")
    if problem:
        raise ValueError(problem)
    return name


MethodName = Annotated[str, AfterValidator(_known)]
MethodOptions = dict[
    Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], dict[str, Annotated[float, Field(ge=0)]]
]


@options()
class PretrainGridOptions:
    """Which encoders there are."""

    methods: Unique[MethodName] = option(
        PUBLISHED,
        "Methods to pretrain, by the names of their files in echoclr_core/pretrain/methods/: simclr, "
        "mi_simclr, echoclr, vicreg and your own (docs/methods.md).",
        changes="numbers",
        source="paper",
    )
    method_options: MethodOptions = option(
        {},
        "Options of a method's own, by method: {vicreg: {invariance_weight: 25, variance_weight: 25, "
        "covariance_weight: 1}} are those of vicreg; numbers, at least 0.",
        changes="numbers",
        source="ours",
    )
    seeds: int = option(
        1,
        (
            "How often each method is pretrained, from other random numbers; every draw of the labels "
            "is fine-tuned from each."
        ),
        changes="numbers",
        unit="runs",
        source="paper (1)",
        ge=1,
    )


@options()
class PretrainRunOptions:
    """How one encoder is pretrained."""

    clip_length: int = option(
        4,
        "K consecutive frames a clip; K! orders are told apart.",
        changes="numbers",
        unit="frames",
        source="paper (4)",
        ge=2,
        le=6,
    )
    frame_stride: int = option(
        1,
        "Step between the frames of a clip.",
        changes="numbers",
        unit="frames",
        source="paper (consecutive)",
        ge=1,
    )
    batch_size: int = option(
        392,
        "Pairs a step over all GPUs.",
        changes="numbers",
        unit="pairs",
        source="paper (196 on each of 2 GPUs)",
        ge=2,
    )
    epochs: int = option(
        300,
        (
            "Epochs of MI-SimCLR and EchoCLR; those of SimCLR follow so that the optimisation steps "
            "match (520 in the paper)."
        ),
        changes="numbers",
        unit="epochs of pairs",
        source="paper (300)",
        ge=1,
    )
    match_steps: bool = option(
        True,
        (
            "SimCLR takes as many optimisation steps as the pairs of the same studies would in epochs; "
            "false = epochs passes over its videos."
        ),
        changes="numbers",
        source="paper (520 epochs against 300)",
    )
    max_steps: int | None = option(
        None,
        "Stop after this many steps, whatever the epochs; null = no limit.",
        changes="numbers",
        unit="steps",
        ge=1,
    )
    learning_rate: float = option(
        0.1,
        "Learning rate. 0.1 is the paper's; at small scale Adam did not train with it.",
        changes="numbers",
        source="paper (0.1)",
        gt=0,
    )
    temperature: float = option(
        0.5,
        "Temperature of NT-Xent.",
        changes="numbers",
        source="paper (0.5); released code 0.05",
        gt=0,
    )
    projector: tuple[Annotated[int, Field(ge=1)], ...] = option(
        (256, 128),
        "Hidden and output units of the projector.",
        changes="numbers",
        unit="units",
        source="paper (256, 128)",
        min_length=2,
        max_length=2,
    )
    order_weight: float = option(
        1.0,
        "Weight of the frame-order loss in EchoCLR.",
        changes="numbers",
        source="paper (sum)",
        ge=0,
    )
    order_copies: int = option(
        0,
        (
            "0 = the paper's: both losses on the same shuffled clips; n = contrastive loss on ordered "
            "clips and order loss on n shuffled copies of each."
        ),
        changes="numbers",
        unit="copies",
        source="paper (0)",
        ge=0,
    )
    order_input: Literal["clip", "movement"] = option(
        "clip",
        (
            "What the order is read from. clip = the paper's; movement = contrastive loss on ordered clips, "
            "order loss in a pass of its own on shuffled copies less their mean over time (learned in "
            "hundreds of steps; 1.5 times the cost of a step)."
        ),
        changes="numbers",
        source="paper (clip)",
    )
    mask_same_study: bool = option(
        False,
        "Leave other videos of the same study out of the negatives (recommended).",
        changes="numbers",
        source="not discussed",
    )
    independent_windows: bool = option(
        False,
        "SimCLR: draw the two copies from two windows of the video instead of one.",
        changes="numbers",
        source="released code (one)",
    )
    joint_forward: bool = option(
        False,
        "Send both views through the encoder together (batch-norm statistics over both).",
        changes="numbers",
        source="released code (two passes)",
    )
    sync_bn: bool = option(
        False,
        "Batch-norm statistics over all GPUs instead of each GPU's own.",
        changes="numbers",
        source="paper's DataParallel (each GPU's own)",
    )
    micro_batch_size: int | None = option(
        None,
        (
            "Pairs that pass through the encoder at once, for a batch larger than a GPU's memory; 196 "
            "on one GPU equals the paper's two GPUs. null = all."
        ),
        changes="numbers",
        unit="pairs",
        source="paper (196 a GPU)",
        ge=2,
    )
    activation_checkpointing: bool = option(
        False,
        (
            "Compute activations again in the backward pass instead of keeping them: the same numbers "
            "from a fraction of the memory, batch norm over the whole batch, about a third more time."
        ),
        changes="nothing",
        source="ours",
    )
    single_video_studies: Literal["skip", "self"] = option(
        "skip",
        "Studies with one video: left out of the pairs, or paired with themselves.",
        changes="numbers",
        source="paper (different videos); released code (self)",
    )
    pairs_across_views: bool = option(
        False,
        (
            "Pair videos of a study across its kept views too; false = within one view. The same with one "
            "kept view."
        ),
        changes="numbers",
        source="ours",
    )
    probe_every: int | None = option(
        None,
        (
            "Epochs between two k-nearest-neighbour AUROCs on the labels of validation studies, in "
            "the history; null = none. The encoder never sees the labels."
        ),
        changes="numbers",
        unit="epochs",
        source="ours",
        ge=1,
    )
    history_every: int | None = option(
        None,
        "Steps that one row of the history is the mean of; null = an epoch.",
        changes="numbers",
        unit="steps",
        source="ours",
        ge=1,
    )


@options()
class PretrainOptions(TrainingOptions, PretrainRunOptions, PretrainGridOptions):
    """Self-supervised pretraining on all training-set videos."""

    tensorboard: bool = option(
        False,
        "Write TensorBoard event files to results/<study>/tensorboard/pretrain/.",
        changes="nothing",
        source="ours",
    )
