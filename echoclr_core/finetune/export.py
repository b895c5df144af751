"""A fine-tuned model's file: the header from what the run has recorded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echoclr_core.finetune.run import FinetuneResult
from echoclr_core.models.classifier_file import ClassifierHeader, header_normalisation, save_classifier
from echoclr_core.models.encoder import EncoderSettings


def header_of(
    result: FinetuneResult,
    *,
    task: str = "",
    label_rule: Mapping[str, Any] | None = None,
    initialisation: str = "",
) -> ClassifierHeader:
    """The header of a run's model.

    Parameters
    ----------
    result
        Of :func:`echoclr_core.finetune.run.finetune`.
    task, label_rule, initialisation
        What the run itself does not know: see :class:`ClassifierHeader`.
    """
    run, settings = result.run, result.run["settings"]
    return ClassifierHeader(
        encoder=EncoderSettings(**run["encoder"]),
        frame_size=run["frame_size"],
        input_size=settings["input_size"] or run["frame_size"][0],
        clip_length=settings["clip_length"],
        frame_stride=settings["frame_stride"],
        clips_per_video=settings["eval_clips_per_video"],
        frame_rate=run["frame_rate"],
        normalisation=header_normalisation(settings["normalisation"]),
        task=task,
        label_rule=dict(label_rule or {}),
        initialisation=initialisation or run["initial"],
        failure=run["reason"] if run["validation_loss"] is None else "",
        version=run["version"],
        digests={
            "training and validation data": run["data_digest"],
            "fingerprint": run["fingerprint"],
            "code": run["code"],
        },
    )


def save_model(path: str | Path, result: FinetuneResult, **named: Any) -> None:
    """Write a run's model for ``echoclr_core.models.load``; ``named`` as :func:`header_of` takes it."""
    save_classifier(path, result.model, header_of(result, **named))
