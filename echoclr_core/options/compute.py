"""Options of section `compute`."""

from typing import Literal

from echoclr_core.options.base import option, options


@options()
class DeviceOption:
    """Where trainings and predictions run."""

    device: Literal["auto", "cpu", "cuda"] = option(
        "auto",
        "Device of training and prediction; auto takes a free GPU where there is one.",
        changes="numbers",
    )


@options()
class NumericsOptions:
    """What the last digits of a training depend on besides its own options."""

    precision: Literal["auto", "fp32", "bf16"] = option(
        "auto",
        (
            "Arithmetic of the encoder; losses are always in float32. auto: what was measured to be "
            "faster on the device's kind, see docs/pretraining.md."
        ),
        changes="numbers",
    )
    memory_format: Literal["auto", "contiguous", "channels_last_3d"] = option(
        "auto",
        (
            "Layout of clips and feature maps in pretraining; auto: channels_last_3d with bf16 and on "
            "every CPU."
        ),
        changes="numbers",
    )
    deterministic: bool = option(
        True,
        (
            "Reproducible kernels in training. false takes the fastest: a run that is repeated or "
            "resumed on a GPU may then differ in the last digits. Recorded in run.json."
        ),
        changes="numbers",
    )


@options()
class ComputeOptions(NumericsOptions, DeviceOption):
    """What the numbers depend on but the study does not."""

    threads: int = option(
        8,
        "CPU threads of one training or prediction job.",
        changes="numbers",
        unit="threads",
        ge=1,
    )
    jobs_per_gpu: int = option(
        1,
        (
            "Fine-tuning and prediction jobs that may share one GPU; the profile's gpu resource then "
            "counts places on GPUs, and pretraining runs in places // jobs_per_gpu processes, one a "
            "GPU (see profiles/default)."
        ),
        changes="nothing",
        unit="jobs",
        ge=1,
    )
    checkpoint_minutes: float = option(
        10,
        (
            "Time between two resumable checkpoints of a training (r3d_18 with Adam: 506 MiB each); "
            "there is one at the end and at a request to stop in any case."
        ),
        changes="nothing",
        unit="minutes",
        gt=0,
    )
    loader_workers: int = option(
        4,
        "Data-loading processes of one training job; the numbers do not depend on it.",
        changes="nothing",
        unit="processes",
        ge=0,
    )
