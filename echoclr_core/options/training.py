"""Options that sections `pretrain` and `finetune` have in common."""

from typing import Literal

from echoclr_core.options.base import option, options


@options()
class TrainingOptions:
    """The optimizer of a training, and when its state is saved."""

    optimizer: Literal["adam", "adamw"] = option(
        "adam",
        "Optimizer: adam adds the weight decay to the gradient, adamw takes it off the weights.",
        changes="numbers",
        source="paper (Adam)",
    )
    weight_decay: float = option(
        0,
        "Weight decay.",
        changes="numbers",
        source="not stated",
        ge=0,
    )
    schedule: Literal["constant", "cosine"] = option(
        "constant",
        (
            "Course of the learning rate; cosine falls to 0 at the last planned step, whenever the training "
            "stops."
        ),
        changes="numbers",
        source="paper (constant)",
    )
    warmup_steps: int = option(
        0,
        "Linear warm-up of the learning rate.",
        changes="numbers",
        unit="steps",
        source="ours",
        ge=0,
    )
    clip_grad: float | None = option(
        None,
        "Largest norm of the gradient; null = no limit.",
        changes="numbers",
        unit="norm",
        source="ours",
        gt=0,
    )
    checkpoint_every: int | None = option(
        None,
        (
            "Steps between resumable checkpoints, besides those of compute.checkpoint_minutes; null = "
            "by the clock alone."
        ),
        changes="nothing",
        unit="steps",
        source="ours",
        ge=1,
    )
