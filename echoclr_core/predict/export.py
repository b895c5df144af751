"""A bundle from a study's results: models, description, view classifier, training ranges, model card."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core import __version__
from echoclr_core.common.files import atomic_path, copy_file
from echoclr_core.models.classifier_file import ClassifierHeader, read_header
from echoclr_core.models.loading import load
from echoclr_core.options.clip import ClipOptions
from echoclr_core.predict.bundle_file import (
    CARD,
    EMBEDDING,
    FORMAT,
    check_description,
    read_description,
    write_description,
)
from echoclr_core.predict.model_card import CardTables, model_card
from echoclr_core.predict.onnx_file import OPSET, write_onnx
from echoclr_core.predict.reference import write_reference
from echoclr_core.predict.training_range import training_ranges
from echoclr_core.predict.validation_set import ensemble_validation, thresholds, validation_curve
from echoclr_core.training.inputs import read_clips
from echoclr_core.video.store import ClipStore

COMPARED = 16  # validation videos, on a clip of which ONNX is compared with PyTorch
LIBRARIES = ("torch", "numpy", "opencv-python-headless", "av", "pydicom")


@dataclass(frozen=True, kw_only=True)
class ExportedStudy:
    """What a bundle is made from.

    Parameters
    ----------
    models
        Draw to the file of its selected model; a file without a trained model is left out.
    task
        name, title, label_rule.
    initialisation, ratio
        Of the models.
    deidentify, mask, clip
        Fields of DeidentifySettings, MaskOptions and ClipOptions.
    views
        classifier, kept, classes, frames, seed and onnx, as ``bundle.json`` has them.
    view_classifier
        File of the view classifier; None where the views came with the videos.
    batch_size, precision
        With which the study was predicted.
    validation
        Draw to PREDICTIONS of the validation set.
    training_videos
        video_id, study_id and the columns of ``training_range.MEASURED`` and manufacturer, of the videos that
        the models were trained on.
    target_rate, calibration_bins
        See EvaluationSettings.
    digests
        Name to digest, beside those of the models.
    onnx
        Whether to write each model as ONNX too.
    """

    models: Mapping[str, str | Path]
    task: Mapping[str, Any]
    initialisation: str
    ratio: float
    deidentify: Mapping[str, Any]
    views: Mapping[str, Any]
    mask: Mapping[str, Any]
    view_classifier: str | Path | None
    batch_size: int
    precision: str
    validation: Mapping[str, pd.DataFrame]
    training_videos: pd.DataFrame
    target_rate: float = 0.9
    calibration_bins: int = 10
    digests: Mapping[str, str] | None = None
    clip: Mapping[str, Any] = field(default_factory=lambda: asdict(ClipOptions()))
    onnx: bool = False


def export_bundle(
    folder: str | Path,
    study: ExportedStudy,
    store: ClipStore,
    tables: CardTables,
    *,
    device: str = "cpu",
    workers: int = 0,
) -> dict[str, Any]:
    """Write a bundle to ``folder``, a new one or an empty one, and return its description.

    Parameters
    ----------
    study
        See :class:`ExportedStudy`.
    store
        Clips of the training and validation videos.
    tables
        What the model card prints.
    device, workers
        For the representation of the training videos.

    Raises
    ------
    ValueError
        No model was trained, the models need differently prepared clips, or a model has no counterpart in
        ONNX.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    headers = _trained(study)
    names = {
        draw: "model.safetensors" if place == 0 else f"model_{draw}.safetensors"
        for place, draw in enumerate(headers)
    }
    for draw, name in names.items():
        copy_file(study.models[draw], folder / name)
    files = [*names.values()]
    if study.view_classifier is not None:
        files.append(f"view_classifier{Path(study.view_classifier).suffix}")
        copy_file(study.view_classifier, folder / files[-1])
    description = _description(study, headers, names)
    description["views"]["file"] = files[-1] if study.view_classifier is not None else None
    limit = write_reference(
        folder,
        description,
        training=study.training_videos["video_id"],
        validation=study.validation[next(iter(headers))]["video_id"],
        store=store,
        device=device,
        workers=workers,
    )
    if limit is not None:
        files.append(EMBEDDING)
    description["training"]["embedding_limit"] = limit
    if study.onnx:
        description["onnx"] = _write_onnx(folder, list(names.values()), headers, study, store)
        files += description["onnx"]["files"]
    check_description({**description, "files": {}}, folder.name)
    write_description(folder, description, files)
    with atomic_path(folder / CARD) as temporary:
        temporary.write_text(model_card(description, tables), encoding="utf-8")
    return read_description(folder)


def _write_onnx(
    folder: Path,
    models: list[str],
    headers: Mapping[str, ClassifierHeader],
    study: ExportedStudy,
    store: ClipStore,
) -> dict[str, Any]:
    """Each model as ONNX beside its file, and the entry ``onnx`` of the description."""
    draw, header = next(iter(headers.items()))
    videos = sorted(study.validation[draw]["video_id"].astype(str).unique())[:COMPARED]
    clips = read_clips(store, videos, [0] * len(videos), header.clip_length, header.frame_stride)
    files = [str(Path(name).with_suffix(".onnx")) for name in models]
    differences = [
        write_onnx(folder / file, load(folder / name), clips)
        for name, file in zip(models, files, strict=True)
    ]
    return {"files": files, "opset": OPSET, "largest_difference": max(differences)}


def _trained(study: ExportedStudy) -> dict[str, ClassifierHeader]:
    """Headers of the models that were trained, all for equally prepared clips."""
    headers = {draw: read_header(path) for draw, path in study.models.items()}
    kept = {draw: header for draw, header in headers.items() if not header.failure}
    if not kept:
        reasons = sorted({header.failure for header in headers.values()})
        raise ValueError(
            f"{study.task['name']}, {study.initialisation}: no model was trained ({'; '.join(reasons)}), so "
            "there is nothing to export; choose another initialisation in export.initialisations"
        )
    first = next(iter(kept.values()))
    for draw, header in kept.items():
        for name in ("encoder", "frame_size", "input_size", "clip_length", "frame_stride", "normalisation"):
            if getattr(header, name) != getattr(first, name):
                raise ValueError(
                    f"draw {draw}: {name} is {getattr(header, name)}, not {getattr(first, name)}; models of "
                    "one bundle need the same"
                )
    return kept


def _description(
    study: ExportedStudy, headers: Mapping[str, ClassifierHeader], names: Mapping[str, str]
) -> dict[str, Any]:
    header = next(iter(headers.values()))
    validation = ensemble_validation({draw: study.validation[draw] for draw in headers})
    training = study.training_videos
    return {
        "format": FORMAT,
        "task": dict(study.task),
        "initialisation": study.initialisation,
        "ratio": float(study.ratio),
        "models": [{"file": name, "draw": draw} for draw, name in names.items()],
        "encoder": {**asdict(header.encoder), "blocks": list(header.encoder.blocks)},
        "scoring": {
            "clip_length": header.clip_length,
            "frame_stride": header.frame_stride,
            "clips_per_video": header.clips_per_video,
            "batch_size": study.batch_size,
            "frame_size": list(header.frame_size),
            "input_size": header.input_size,
            "frame_rate": header.frame_rate,
            "normalisation": header.normalisation,
            "precision": study.precision,
        },
        "deidentify": dict(study.deidentify),
        "views": dict(study.views),
        "mask": dict(study.mask),
        "clip": dict(study.clip),
        "thresholds": thresholds(validation, study.target_rate),
        "validation": {
            "n_studies": len(validation),
            "calibration_curve": validation_curve(validation, study.calibration_bins),
        },
        "training": {
            "n_studies": int(training["study_id"].nunique()),
            "n_videos": len(training),
            **training_ranges(training),
        },
        "digests": {
            **dict(study.digests or {}),
            **{
                f"{name}, draw {draw}": value
                for draw, one in headers.items()
                for name, value in one.digests.items()
            },
        },
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {"echoclr": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
