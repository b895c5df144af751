"""Options of section `finetune`."""

from typing import Annotated, Literal

from pydantic import Field

from echoclr_core.options.base import Unique, option, options, section
from echoclr_core.options.training import TrainingOptions


@options()
class LearningRates:
    """Learning rates as text, e.g. "1e-4": they are also folder names."""

    supervised: Unique[str | float] = option(
        ("1e-4",),
        "random, kinetics400 and your own initialisations, above low_label_threshold.",
        changes="numbers",
        source="paper",
        min_length=1,
    )
    supervised_few: Unique[str | float] = option(
        ("1e-4", "5e-5", "1e-5"),
        "random, kinetics400 and your own initialisations, up to low_label_threshold.",
        changes="numbers",
        source="paper",
        min_length=1,
    )
    ssl: Unique[str | float] = option(
        ("0.1",),
        "The pretraining methods, above low_label_threshold.",
        changes="numbers",
        source="paper",
        min_length=1,
    )
    ssl_few: Unique[str | float] = option(
        ("0.1", "0.05", "0.001"),
        "The pretraining methods, up to low_label_threshold.",
        changes="numbers",
        source="paper",
        min_length=1,
    )


@options()
class FinetuneGridOptions:
    """Which models there are."""

    tasks: Unique[str] = option(
        ("severe_as", "lvh"),
        (
            "Tasks, by their names under tasks; figures and tables show them in the order of tasks. None = "
            "the study ends with pretraining, and studies without labels stay in."
        ),
        changes="numbers",
        source="paper",
        max_length=12,
    )
    initialisations: Unique[str] = option(
        ("random", "kinetics400", "simclr", "mi_simclr", "echoclr"),
        (
            "Initial weights of the encoder: random, kinetics400, a pretraining method (simclr, mi_simclr, "
            "echoclr, vicreg), and names under initialisations."
        ),
        changes="numbers",
        source="paper",
        min_length=1,
    )
    kinetics_weights: str = option(
        "",
        (
            "File with torchvision's Kinetics-400 weights of r3d_18; when empty, torchvision's own "
            "cache; where it is empty too, torchvision fetches them before the first job."
        ),
        changes="nothing",
        source="paper (torchvision)",
    )
    ratios: Unique[Annotated[float, Field(gt=0, le=1)]] = option(
        (0.01, 0.05, 0.1, 0.25, 0.5, 1.0),
        "Label ratios.",
        changes="numbers",
        unit="share of the labelled training studies",
        source="paper",
        min_length=1,
    )
    draws: int = option(
        1,
        "Independent label subsets at each ratio; the same for all initialisations.",
        changes="numbers",
        unit="draws",
        source="released code (1)",
        ge=1,
    )
    low_label_threshold: float = option(
        0.1,
        ("Up to this ratio the learning rate is chosen among the *_few rates by the lowest validation loss."),
        changes="numbers",
        unit="share of labels",
        source="paper (10 %)",
        ge=0,
        le=1,
    )
    learning_rates: LearningRates = section(LearningRates)
    study_score: Literal["videos", "views"] = option(
        "videos",
        (
            "Probability of a study: videos = mean over all its videos; views = mean of the means of its "
            "views. The same with one kept view."
        ),
        changes="numbers",
        source="paper (videos)",
    )


@options()
class FinetuneRunOptions:
    """How one model is fine-tuned."""

    clip_length: int = option(
        16,
        "Consecutive frames a clip.",
        changes="numbers",
        unit="frames",
        source="paper (16)",
        ge=1,
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
        88,
        "Clips a step.",
        changes="numbers",
        unit="clips",
        source="paper (88)",
        ge=1,
    )
    max_epochs: int = option(
        30,
        "Longest training.",
        changes="numbers",
        unit="epochs",
        source="paper (30)",
        ge=1,
    )
    patience: int = option(
        5,
        "Stop after so many epochs in a row without a lower validation loss.",
        changes="numbers",
        unit="epochs",
        source="paper (5)",
        ge=1,
    )
    min_steps_per_epoch: int = option(
        1,
        (
            "An epoch passes over the training videos as often as needed for this many steps (1 = "
            "once, the paper's)."
        ),
        changes="numbers",
        unit="steps",
        source="ours",
        ge=1,
    )
    class_weights: bool = option(
        False,
        (
            "Weigh positives by negatives / positives of the task's own training studies, in training "
            "and validation loss."
        ),
        changes="numbers",
        source="released code; the paper says nothing",
    )
    label_smoothing: float = option(
        0,
        "Label smoothing.",
        changes="numbers",
        source="released code has it without effect",
        ge=0,
        lt=1,
    )
    dropout: float = option(
        0,
        "Dropout before the linear layer.",
        changes="numbers",
        source="released code applies 0.25 to the logit",
        ge=0,
        lt=1,
    )
    freeze_encoder: bool = option(
        False,
        "Train the linear layer only (linear probe).",
        changes="numbers",
        source="ours",
    )
    refresh_batch_norm: int = option(
        0,
        (
            "Before each validation, compute the running statistics of batch norm anew from so many "
            "of the last training batches; 0 keeps those that follow the weights slowly, which at "
            "high learning rates and few labels drive the validation loss (docs/pretraining.md)."
        ),
        changes="numbers",
        unit="batches",
        source="ours (0 = the paper)",
        ge=0,
    )
    eval_clips_per_video: int = option(
        4,
        "Clips a video in validation and test",
        changes="numbers",
        unit="clips",
        source="released code (4)",
        ge=1,
    )


@options()
class FinetuneOptions(TrainingOptions, FinetuneRunOptions, FinetuneGridOptions):
    """Supervised fine-tuning for every task, initialisation, share of labels, draw and learning rate."""

    scale_validation: bool = option(
        False,
        (
            "Validate on the same share of the validation studies as is trained on (floor, both "
            "classes, nested); false = on all of them."
        ),
        changes="numbers",
        source="the paper says nothing",
    )
